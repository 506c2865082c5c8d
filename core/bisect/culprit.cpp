#include "bisect/culprit.hpp"

#include <algorithm>
#include <set>

#include "bisect/trial_process.hpp"

namespace fettle {
namespace {

ComponentUse use_of(const PassReport& pass) {
  ComponentUse use{pass.name, {}, "bisect"};
  for (const auto& [name, text] : pass.options) use.options.push_back({name, text, "bisect"});
  return use;
}

// Stops a run before one of its passes.
class UpTo final : public RunObserver {
 public:
  struct Reached {};
  explicit UpTo(std::size_t passes) : left_(passes) {}
  void before_pass(std::string_view, const Graph&) override {
    if (left_-- == 0) throw Reached();
  }

 private:
  std::size_t left_;
};

}  // namespace

std::optional<GuiltyPass> find_pass_apart(Program& program, const Pipeline& pipeline,
                                          const TrialSetup& setup, RunObserver& observer) {
  std::optional<GuiltyPass> guilty =
      run_trial_process(setup.apart({}, {}, UINT64_MAX), kTrialSeconds, observer);
  if (!guilty) return guilty;
  Pipeline unverified = pipeline;
  unverified.isolation.reset();
  ResolvedPipeline resolved = resolve(unverified, setup.host);
  resolved.verify_after = VerifyAfter::never;
  resolved.benchmarks.clear();
  UpTo before(guilty->step);
  RunReport report;
  try {
    run_pipeline(program, resolved, setup.device, before, report);
  } catch (const UpTo::Reached&) {
  }
  return guilty;
}

std::optional<GuiltyPass> find_pass(Program& program, ResolvedPipeline& pipeline,
                                    const Device& device, RunObserver& observer) {
  RunReport report;
  pipeline.verify_after = VerifyAfter::each;
  pipeline.on_failure = pipeline.on_fault = OnFailure::stop;
  pipeline.keep_inputs = true;
  pipeline.benchmarks.clear();
  try {
    run_pipeline(program, pipeline, device, observer, report);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == Code::interrupted || report.passes.empty()) throw;
    GuiltyPass guilty;
    guilty.pass = use_of(report.passes.back());
    guilty.step = report.passes.size() - 1;
    guilty.round = report.passes.back().round;
    guilty.failure = failure_of(error, report);
    return guilty;
  }
}

GuiltyRewrite find_rewrite(const TrialSetup& setup, Program& program, const PassFailure& failure,
                           const std::function<void()>& told) {
  std::unique_ptr<Graph> before = program.graph->clone();
  GuiltyRewrite guilty;
  guilty.failure = failure;
  guilty.of = failure.rewrites;
  const auto fails = [&](std::uint64_t limit) {
    program.graph = before->clone();
    std::optional<PassFailure> found = try_pass(setup, program, limit);
    const bool same = found && found->same_as(failure);
    told();
    if (same) guilty.failure = std::move(*found);
    return same;
  };
  std::uint64_t good = 0, bad = 1;
  if (!fails(0)) {
    while (!fails(bad)) {
      good = bad;
      const std::uint64_t most = failure.rewrites != 0 ? failure.rewrites : UINT64_MAX;
      if (bad >= most) {  // it needs all of them, or is another fault each time
        bad = most;
        break;
      }
      bad = bad > most / 2 ? most : bad * 2;
    }
    while (bad - good > 1) {
      const std::uint64_t middle = good + (bad - good) / 2;
      (fails(middle) ? bad : good) = middle;
    }
    guilty.number = bad;
  }
  program.graph = std::move(before);
  return guilty;
}

std::vector<NodeId> touched_nodes(const TrialSetup& setup, const Graph& program,
                                  GuiltyRewrite& rewrite) {
  const std::unique_ptr<Graph> graph = program.clone();
  Journal journal(*graph);
  journal.set_rewrite_limit(rewrite.number);
  transform_here(setup, journal);
  if (journal.kept_rewrites().empty()) return {};
  const Journal::Rewrite& last = journal.kept_rewrites().back();
  rewrite.root = graph->text(graph->node(last.root).name);
  rewrite.why = last.why;
  const Journal::Footprint footprint = journal.footprint(last);
  std::set<NodeId> touched(footprint.erased.begin(), footprint.erased.end());
  touched.insert(footprint.recalled.begin(), footprint.recalled.end());
  if (last.root.index < program.node_bound()) touched.insert(last.root);
  for (const auto& [old, now] : footprint.replaced) {
    for (const ValueId value : {old, now}) {
      if (value.index < program.value_bound()) touched.insert(program.value(value).producer);
    }
  }
  std::set<NodeId> calls;
  for (NodeId id : touched) {
    if (id.index >= program.node_bound() || !program.alive(id)) continue;
    while (program.node(id).block != kRootBlock) id = program.block(program.node(id).block).owner;
    if (program.node(id).opcode == Opcode::call_function) calls.insert(id);
  }
  return {calls.begin(), calls.end()};
}

}  // namespace fettle
