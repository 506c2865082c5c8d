// One pass, tried on one program: does it fail, and does it fail as it did before?
//
// A trial runs the pass as a pipeline of its own, through the same runner and gate as any other: what
// counts as a failure here is what stops a run. A pass that crashes or hangs is tried in a worker
// process on a file that is written for it; any other in this process, or as a whole in a process
// of its own (trial_process.hpp).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/runner.hpp"

namespace fettle {

struct PassFailure {
  Diagnostic error;
  Verdict verdict;  // of the verifier that refused; empty name: it did not come to that
  std::uint64_t rewrites = 0;
  std::vector<std::vector<RunValue>> ran_on;  // input sets, as the verifiers made them

  // Whether it is the same fault: by the error's code, and the verifier.
  bool same_as(const PassFailure& other) const {
    return error.code == other.error.code && verdict.verifier == other.verdict.verifier;
  }
  // The process that runs the pass does not survive it.
  bool deadly() const;
};

// Whether two verdicts that refuse are of one kind: both errors are numbers, or one rule decided.
// Where a result is lost, or is none, the error is infinite.
bool as_wrong(const Verdict& a, const Verdict& b);

// What all trials share. Borrowed things outlive them.
struct TrialSetup {
  const Host& host;
  Pipeline pipeline;  // one pass and its verifiers
  Device device;
  const std::atomic<bool>* cancel = nullptr;
  // The command that serves isolated passes on the program in that file.
  std::function<std::vector<std::string>(const std::filesystem::path&)> worker;
  std::filesystem::path folder;  // for such files
  bool isolated = false;  // the pass must not run in this process
  // The command that runs a pipeline file on a program's file and serves a trial: where no trial may
  // run in this process. Empty: they may.
  std::function<std::vector<std::string>(const std::filesystem::path& program,
                                         const std::filesystem::path& pipeline,
                                         std::uint64_t rewrite_limit)>
      apart;
};

// Nothing: the pass passes. The program's graph is as before, unless it does.
std::optional<PassFailure> try_pass(const TrialSetup& setup, Program& program,
                                    std::uint64_t rewrite_limit = UINT64_MAX);

// What the pass does by itself, in this process, unverified; the journal's limit holds.
void transform_here(const TrialSetup& setup, Journal& journal);

// The failure of a run that ended in `error`.
PassFailure failure_of(const Error& error, const RunReport& report);

// Inputs that are stored are all that is to be tried: verifiers that make up more are told not to,
// where they can be.
void use_samples_alone(Pipeline& pipeline, const Host& host);

}  // namespace fettle
