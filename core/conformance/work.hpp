// What a component is there for, done once on small programs, whatever its kind: checks that alter
// the host or cut the work short run this.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/programs.hpp"
#include "conformance/subject.hpp"
#include "host/program_handle.hpp"

namespace fettle::conformance {

// A program that verifiers and benchmarks are given: with a stored sample and what it answers.
class Runnable {
 public:
  // Another program may lend its samples, as the versions of one program share them.
  Runnable(std::string name, std::string_view text, const Runnable* lender = nullptr);
  const ProgramHandle& handle() const { return *handle_; }

 private:
  std::unique_ptr<Graph> graph_;
  std::shared_ptr<std::vector<LoadedSample>> samples_;
  std::unique_ptr<ProgramHandle> handle_;
};

Device cpu();

// Two versions of one program that compute the same, and one that computes something else.
struct Versions {
  Versions();
  Runnable original, same, wrong;
};

// What a pass is run over here; there is something to do for most in the first.
std::vector<std::string> work_programs(std::uint64_t seed);

struct WorkOptions {
  bool cancelled = false;
  bool briefly = false;  // a pass: on one program only
  // A pass that answers an error must leave nothing behind: its program must read as before.
  bool check_rollback = true;
};

// Throws what the component answered, and what is wrong with what it left behind. An error answer
// comes after all programs were tried.
void work(Subject& subject, const Session& session, const WorkOptions& options = {});

}  // namespace fettle::conformance
