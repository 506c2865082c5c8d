#include "pipeline/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fettle {
namespace {

// Makes instances, and remembers which plugins they came from.
class Resolver {
 public:
  Resolver(const Pipeline& pipeline, const Host& host, std::vector<std::string> worker)
      : pipeline_(pipeline), host_(host) {
    if (!pipeline.isolation) return;
    out_.isolation_use = pipeline.isolation;
    out_.isolation = std::make_unique<Isolation>(std::move(worker), pipeline.isolation->limits);
  }

  ResolvedPipeline resolve() {
    out_.name = pipeline_.name;
    out_.source = pipeline_.source;
    out_.steps = steps(pipeline_.passes);
    out_.verify_after = pipeline_.verify_after;
    out_.unable_is_failure = pipeline_.unable_is_failure;
    out_.on_failure = pipeline_.on_failure;
    out_.on_fault = pipeline_.on_fault;
    out_.accept = pipeline_.accept;
    if (pipeline_.verify_after != VerifyAfter::never) verifiers();
    for (const ComponentUse& use : pipeline_.benchmarks) {
      note(look_up(ComponentKind::benchmark, use));
      out_.benchmarks.push_back(host_.create_benchmark(use.name, use.options));
    }
    backends();
    return std::move(out_);
  }

 private:
  std::vector<ResolvedStep> steps(const std::vector<Step>& list) {
    std::vector<ResolvedStep> result;
    for (const Step& step : list) {
      if (const auto* group = std::get_if<Repeat>(&step.what)) {
        result.push_back({ResolvedRepeat{group->limit, steps(group->passes)}});
      } else {
        result.push_back({pass(std::get<ComponentUse>(step.what))});
      }
    }
    return result;
  }

  ResolvedPass pass(const ComponentUse& use) {
    const ComponentInfo& info = look_up(ComponentKind::pass, use);
    if (info.promise == Promise::changes_results && !pipeline_.accept) {
      throw Error({Code::pipeline_needs_accept,
                   fmt::format("'{}' changes results, and the pipeline accepts no error", use.name),
                   use.where, "such a pass is judged against a budget that you decide on",
                   "add 'accept: {max_abs: 0.01}' with the error that you can live with"});
    }
    note(info);
    if (!isolated(use.name)) return {host_.create_pass(use.name, use.options)};
    ResolvedPass step{out_.isolation->isolate(host_, use.name, use.options)};
    step.isolated = true;
    return step;
  }

  bool isolated(const std::string& name) const {
    if (!out_.isolation) return false;
    const auto& only = pipeline_.isolation->passes;
    return !only || std::ranges::find(*only, name) != only->end();
  }

  void verifiers() {
    if (!pipeline_.verifiers) {
      throw Error({Code::pipeline_missing_key,
                   "verification is on and no verifier is named",
                   pipeline_.source,
                   {},
                   "verify: {after: each, with: [numeric]}"});
    }
    for (const ComponentUse& use : *pipeline_.verifiers) {
      note(look_up(ComponentKind::verifier, use));
      out_.verifiers.push_back(host_.create_verifier(use.name, use.options));
    }
  }

  void backends() {
    out_.backend_rules = pipeline_.backends;
    out_.backends = choose_backends(pipeline_.backends, host_);
    for_each_backend(pipeline_.backends, [&](const ComponentUse& use) {
      if (use.name != kAten) note(host_.component(ComponentKind::backend, use.name));
    });
  }

  // The host knows names, the file knows where they stand.
  const ComponentInfo& look_up(ComponentKind kind, const ComponentUse& use) const {
    try {
      return host_.component(kind, use.name);
    } catch (const Error& error) {
      Diagnostic diagnostic = error.diagnostic();
      diagnostic.where = use.where;
      throw Error(std::move(diagnostic));
    }
  }

  void note(const ComponentInfo& info) {
    const auto same = [&](const auto& plugin) { return plugin.id == info.plugin_id; };
    if (std::ranges::any_of(out_.plugins, same)) return;
    const auto found = std::ranges::find_if(host_.plugins(), same);
    if (found == host_.plugins().end()) return;
    out_.plugins.push_back({found->id, found->version, found->sha256, found->path.string()});
  }

  const Pipeline& pipeline_;
  const Host& host_;
  ResolvedPipeline out_;
};

}  // namespace

ResolvedPipeline resolve(const Pipeline& pipeline, const Host& host,
                         std::vector<std::string> worker) {
  return Resolver(pipeline, host, std::move(worker)).resolve();
}

}  // namespace fettle
