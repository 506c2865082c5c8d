// fettle fuzz-worker: the process in which `fettle fuzz` makes and runs its programs, as what they call
// may crash or hang. Not listed: nobody types it. It tells a line of JSON for each program, in the order
// of their seeds, until it is killed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arguments.hpp"
#include "fuzz/fuzz.hpp"

namespace fettle {

namespace conformance {
class Process;
}

std::vector<OptionSpec> fuzz_options();
// What is named; else each pass alone that is found, and the default pipeline.
std::vector<FuzzedPipeline> fuzzed_pipelines(const Invocation& invocation,
                                             const Arguments& arguments, const Host& host);
std::uint32_t fuzzed_calls(const Arguments& arguments);
// --seed, or one that nobody chose.
std::uint64_t first_seed(const Arguments& arguments);

CommandSpec fuzz_worker_command_spec();

// What a program came to, as the parent hears of it.
struct FuzzTold {
  FuzzOutcome counts;  // without a finding
  std::optional<std::size_t> pipeline;  // of the finding; none: the program itself, or the process
  std::string finding;                  // for people; empty: there is none
  bool died = false;                    // the process did
};

// A worker; started again when it has died.
class FuzzWorker {
 public:
  FuzzWorker(const Invocation& invocation, const Arguments& arguments, std::uint64_t seed);
  ~FuzzWorker();
  // Of the next seed. Waits for at most so many seconds.
  FuzzTold next(double seconds);

 private:
  std::vector<std::string> command_;
  std::uint64_t seed_;
  std::unique_ptr<conformance::Process> process_;
};

}  // namespace fettle
