// A pipeline as its file says it: which passes in which order, how they are verified, what is
// measured. Nothing is looked up here: whether the named components and options exist is decided by
// resolve() (pipeline/resolve.hpp), which asks the host.
//
//   name: inference                       # optional
//   passes:                               # required; [] only copies the program
//     - dce                               # a name,
//     - constant_folding: {max_bytes: 1048576}                           # a name with options,
//     - repeat: {until: unchanged, limit: 8, passes: [cse, dce]}         # or a group
//   verify: {after: each, with: [numeric], unable: fail}   # after: each | end | never
//   benchmark: [latency: {runs: 30}, memory]
//   on_failure: stop                      # stop | skip: what a failed verification does
//   isolation: process                    # none | process: where passes run; or, with limits,
//   isolation: {mode: process, seconds: 60, memory: 4 GiB, passes: [cse]}   # for these alone
//   on_fault: stop                        # stop | skip: what a pass that breaks its contract does
//   accept: {max_abs: 0.01, max_rel: 0.1} # error budget of passes that change results on purpose
//   backend: reference                    # or backends: {...}: who runs the result (backend_rules.hpp)
//
// Strict: whatever is not understood is an error with file, line, column and the nearest valid
// name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/host.hpp"
#include "isolation/isolation.hpp"
#include "pipeline/backend_rules.hpp"

namespace fettle {

struct Step;
struct Repeat {  // runs its passes again until a whole round changes nothing, at most `limit` times
  std::uint32_t limit = 8;
  std::vector<Step> passes;
};
struct Step {
  std::variant<ComponentUse, Repeat> what;
};

enum class VerifyAfter : std::uint8_t { each, end, never };
enum class OnFailure : std::uint8_t { stop, skip };
std::string_view verify_after_name(VerifyAfter after);
std::string_view on_failure_name(OnFailure on_failure);

// What a pass that changes results may cost: the largest absolute and relative error.
struct ErrorBudget {
  std::optional<double> max_abs, max_rel;
};

// Passes that run in a process of their own (core/isolation).
struct IsolationUse {
  IsolationLimits limits;
  std::optional<std::vector<std::string>> passes;  // absent: all
};

struct Pipeline {
  std::string name;
  std::string source;  // the file it came from, for messages
  std::vector<Step> passes;
  VerifyAfter verify_after = VerifyAfter::each;
  std::optional<std::vector<ComponentUse>> verifiers;  // absent: the embedder's default
  bool unable_is_failure = true;  // a verifier that cannot judge fails the pass
  std::vector<ComponentUse> benchmarks;
  OnFailure on_failure = OnFailure::stop;
  OnFailure on_fault = OnFailure::stop;
  std::optional<IsolationUse> isolation;  // absent: every pass runs in this process
  std::optional<ErrorBudget> accept;
  BackendRules backends;
};

// Throws pipeline_* errors. `source` names the text in messages.
Pipeline parse_pipeline(std::string_view text, const std::string& source);
Pipeline load_pipeline(const std::filesystem::path& path);
// "cse,dce,constant_folding{max_bytes=1024},repeat{limit=4}(cse,dce)": passes alone, all else as a
// file that says nothing of it.
Pipeline parse_inline(std::string_view text, const std::string& source);

// Applies "COMPONENT.OPTION=VALUE" to every use of that component. Throws pipeline_bad_override
// when it is not of that form or the pipeline does not use the component.
void apply_override(Pipeline& pipeline, std::string_view text);

// Leaves out what comes after the first run of that pass; inside a group that ends its first round.
// False: the pipeline does not run it.
bool stop_after(Pipeline& pipeline, std::string_view pass);

// Every component used, in order of first use, each name once.
std::vector<std::string> pass_names(const Pipeline& pipeline);

}  // namespace fettle
