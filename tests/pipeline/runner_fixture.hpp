// What tests of the runner share: a program, a run of a pipeline over it, and verifiers that always
// say the same.
#pragma once

#include "catch.hpp"
#include "fakes.hpp"

namespace fettle::test {

inline constexpr std::string_view kProgram = R"(
graph(x: f32[2]):
  relu: f32[2] = aten.relu.default(x)
  dead: f32[2] = aten.neg.default(relu)
  also_dead: f32[2] = aten.abs.default(x)
  return (relu,)
)";

struct Log : RunObserver {
  std::vector<std::string> lines;
  std::atomic<bool> stop{false};
  const std::atomic<bool>* cancel() const override { return &stop; }
  void stage(std::string_view text) override { lines.emplace_back(text); }
  void before_pass(std::string_view name, const Graph& graph) override {
    lines.push_back("before " + std::string(name) + " " + std::to_string(graph.node_count()));
  }
  void after_pass(const PassReport& pass, const Graph& graph) override {
    lines.push_back("after " + pass.name + " " + std::to_string(graph.node_count()));
  }
};

struct Ran {
  Program program = program_from_text(kProgram);
  std::string before = print(*program.graph, PrintOptions::exact());
  RunReport report;
  Log log;
  std::optional<Diagnostic> error;

  explicit Ran(ResolvedPipeline pipeline) {
    try {
      run_pipeline(program, pipeline, Device{}, log, report);
    } catch (const Error& e) {
      error = e.diagnostic();
    }
  }
  std::string after() const { return print(*program.graph, PrintOptions::exact()); }
  bool has(std::string_view node) const { return static_cast<bool>(find(*program.graph, node)); }
};

inline FakeVerifier::Judge always(const Verdict& verdict) {
  return [verdict](auto&&...) { return verdict; };
}

}  // namespace fettle::test
