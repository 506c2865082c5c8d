// Components in C++, for tests of the runner: what a plugin would do, without a plugin. (Real ones
// run in test_components.cpp.)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "archive/program.hpp"
#include "graph/text.hpp"
#include "host/program_handle.hpp"
#include "ops/registry.hpp"
#include "pipeline/runner.hpp"

namespace fettle::test {

struct FakePass : Pass {
  ComponentInfo what{ComponentKind::pass, "fake", "", "test", Promise::exact, {}};
  ResolvedOptions given;
  std::function<std::optional<std::string>(const Graph&)> applies;
  std::function<void(Journal&, Outcome&)> edit;
  std::function<void(const Graph&)> own_check;

  const ComponentInfo& info() const override { return what; }
  const ResolvedOptions& options() const override { return given; }
  std::optional<std::string> analyze(AnalysisManager& analyses, Outcome&) override {
    return applies ? applies(analyses.graph()) : std::nullopt;
  }
  void transform(Journal& journal, AnalysisManager&, Outcome& outcome) override {
    if (edit) edit(journal, outcome);
  }
  void verify(AnalysisManager& analyses, Outcome&) override {
    if (own_check) own_check(analyses.graph());
  }
};

struct FakeVerifier : Verifier {
  using Judge = std::function<Verdict(std::string_view subject, Promise, const Graph& reference,
                                      const Graph& candidate)>;
  ComponentInfo what{ComponentKind::verifier, "judge", "", "test", {}, {}};
  ResolvedOptions given;
  Judge judge;

  const ComponentInfo& info() const override { return what; }
  const ResolvedOptions& options() const override { return given; }
  Verdict verify(std::string_view subject, Promise promise, const ProgramHandle& reference,
                 const ProgramHandle& candidate, Outcome&, const RewriteLog*) override {
    Verdict verdict = judge(subject, promise, reference.graph(), candidate.graph());
    verdict.verifier = what.name;
    return verdict;
  }
};

struct FakeBenchmark : Benchmark {
  ComponentInfo what{ComponentKind::benchmark, "size", "", "test", {}, {}};
  ResolvedOptions given;

  const ComponentInfo& info() const override { return what; }
  const ResolvedOptions& options() const override { return given; }
  std::vector<Metric> measure(const std::vector<const ProgramHandle*>& programs,
                              Outcome&) override {
    std::vector<Metric> metrics;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const double nodes = programs[i]->graph().node_count();
      metrics.push_back({what.name, i, "nodes", "", "", true, nodes, nodes, nodes, {nodes}});
    }
    return metrics;
  }
};

inline Program program_from_text(std::string_view text) {
  Program program;
  program.graph = parse_graph(text);
  bind_schemas(*program.graph, "test");
  program.root = "test";
  return program;
}

// The call of that name in the root block.
inline NodeId find(const Graph& graph, std::string_view name) {
  for (const NodeId node : graph.nodes()) {
    if (graph.text(graph.node(node).name) == name) return node;
  }
  return {};
}

inline std::unique_ptr<FakePass> pass(std::string name, std::function<void(Journal&)> edit) {
  auto result = std::make_unique<FakePass>();
  result->what.name = std::move(name);
  result->edit = [edit = std::move(edit)](Journal& journal, Outcome&) { edit(journal); };
  return result;
}

// Erases the call of that name if it is there and unused.
inline std::unique_ptr<FakePass> eraser(std::string name, std::string node_name) {
  return pass(std::move(name), [node_name](Journal& journal) {
    const NodeId node = find(journal.graph(), node_name);
    if (!node) return;
    journal.begin_rewrite(node, "unused");
    journal.erase_node(node);
    journal.end_rewrite();
  });
}

// Puts aten.neg where aten.relu was: wrong wherever an input is not negative.
inline std::unique_ptr<FakePass> relu_to_neg() {
  return pass("relu_to_neg", [](Journal& journal) {
    const Graph& graph = journal.graph();
    for (const NodeId node : graph.nodes()) {
      if (graph.text(graph.node(node).op) != "aten.relu.default") continue;
      NodeSpec spec;
      spec.op = graph.intern("aten.neg.default");
      spec.add_tensor(graph.intern("self"), graph.node(node).operands[0]);
      spec.result_forms = {ResultForm{}};
      spec.result_types = {graph.value(graph.result(node)).type};
      journal.begin_rewrite(node, "wrong on purpose");
      const NodeId neg = journal.create_node(std::move(spec), {kRootBlock, node});
      journal.replace_all_uses(graph.result(node), graph.result(neg));
      journal.erase_node(node);
      journal.end_rewrite();
      return;
    }
  });
}

inline Verdict passed() {
  Verdict verdict;
  verdict.judgement = Judgement::pass;
  verdict.comparisons = 1;
  return verdict;
}

inline Verdict refused(double max_abs = 1.5) {
  Verdict verdict;
  verdict.judgement = Judgement::fail;
  verdict.max_abs = verdict.max_rel = max_abs;
  verdict.comparisons = 1;
  verdict.element = 3;
  verdict.inputs = "sample 0";
  verdict.detail = "it differs";
  return verdict;
}

inline std::unique_ptr<FakeVerifier> verifier(FakeVerifier::Judge judge) {
  auto result = std::make_unique<FakeVerifier>();
  result->judge = std::move(judge);
  return result;
}

template <class... Passes>
ResolvedPipeline pipeline(std::unique_ptr<FakeVerifier> judge, Passes... passes) {
  ResolvedPipeline result;
  result.check_passes = true;
  result.source = "p.yaml";
  (result.steps.push_back({ResolvedPass{std::move(passes)}}), ...);
  if (judge) result.verifiers.push_back(std::move(judge));
  return result;
}

}  // namespace fettle::test
