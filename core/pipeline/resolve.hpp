// A pipeline with its components looked up, their options checked and defaults filled in: what the
// runner runs, and what reports and archives record.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/components.hpp"
#include "host/host.hpp"
#include "pipeline/pipeline.hpp"

namespace fettle {

struct ResolvedStep;
struct ResolvedRepeat {
  std::uint32_t limit = 8;
  std::vector<ResolvedStep> steps;
};
struct ResolvedPass {
  std::unique_ptr<Pass> pass;
  bool dropped = false;   // failed under on_failure or on_fault: skip; not tried again
  bool isolated = false;  // in a process of its own
};
struct ResolvedStep {
  std::variant<ResolvedPass, ResolvedRepeat> what;
};

// A plugin that the pipeline uses.
struct PluginUsed {
  std::string id, version, sha256, path;
};

struct ResolvedPipeline {
  std::string name, source;
  std::vector<ResolvedStep> steps;
  VerifyAfter verify_after = VerifyAfter::each;
  std::vector<std::unique_ptr<Verifier>> verifiers;
  bool unable_is_failure = true;
  std::vector<std::unique_ptr<Benchmark>> benchmarks;
  OnFailure on_failure = OnFailure::stop;
  OnFailure on_fault = OnFailure::stop;
  std::optional<IsolationUse> isolation_use;
  std::unique_ptr<Isolation> isolation;  // null: no pass is isolated; outlives the steps' use of it
  std::uint64_t rewrite_limit = UINT64_MAX;  // of each pass
  bool keep_inputs = false;         // for the report: what a refused candidate was run on
  bool check_passes = false;        // recompute what passes claim; off: believe them
  std::optional<ErrorBudget> accept;
  BackendRules backend_rules;
  std::shared_ptr<const BackendChoice> backends;  // null: libtorch runs everything
  std::vector<PluginUsed> plugins;  // each once, in order of first use
};

// Throws what the host throws for unknown components and options, with the file's position, and
// pipeline_needs_accept and pipeline_missing_key (verification is on and no verifier is named).
// `worker` starts a process for isolated passes (isolation/isolation.hpp). `host` outlives the answer.
ResolvedPipeline resolve(const Pipeline& pipeline, const Host& host,
                         std::vector<std::string> worker = {});

// In the shape of a pipeline file, every option spelled out: the text is again a valid pipeline.
boost::json::object to_json(const ResolvedPipeline& pipeline);
std::string to_yaml(const ResolvedPipeline& pipeline);
boost::json::array plugins_json(const std::vector<PluginUsed>& plugins);

}  // namespace fettle
