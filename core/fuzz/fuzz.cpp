#include "fuzz/fuzz.hpp"

#include <fmt/format.h>

#include <sstream>

#include "archive/standalone_program.hpp"
#include "fuzz/random_program.hpp"
#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

std::string exact_text(const Graph& graph) { return print(graph, PrintOptions::exact()); }

std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream one(a), other(b);
  std::string line, line_b;
  while (std::getline(one, line) && std::getline(other, line_b) && line == line_b) {
  }
  return fmt::format("'{}' comes back as '{}'", line, line_b);
}

void check_archive(const Program& program, const std::filesystem::path& scratch) {
  const std::filesystem::path file = scratch / "fuzzed.pt2";
  write_program(program, file);
  const std::string written = exact_text(*program.graph);
  const std::string read = exact_text(*read_program(file).graph);
  if (read == written) return;
  throw Error({Code::archive_graph, "a program reads back from its archive as another one",
               "a random program", first_difference(written, read), "report this, with its seed"});
}

// Runs the program once; each call's results are compared with the types that the graph records, and
// `wrong` is what differs.
std::vector<RunValue> run_typed(const Graph& graph, const std::vector<RunValue>& inputs,
                                std::string& wrong) {
  const NodeHook hook{
      nullptr, [&](NodeId node, std::span<const RunValue> results) {
        for (std::uint32_t k = 0; wrong.empty() && k < results.size(); ++k) {
          const auto* tensor = std::get_if<Tensor>(&results[k]);
          if (!tensor || !tensor->defined()) continue;
          const Type &recorded = graph.type(graph.result(node, k)), made = tensor->type();
          bool same = recorded.dtype == made.dtype && recorded.sizes.size() == made.sizes.size();
          for (std::size_t d = 0; same && d < made.sizes.size(); ++d) {
            same = recorded.sizes[d].symbolic() || recorded.sizes[d] == made.sizes[d];
            // Where there is one element or none, strides say nothing.
            const bool strided = made.sizes[d].value > 1 && element_count(made).value_or(0) > 0;
            same = same && (!strided || recorded.strides[d].symbolic() ||
                            recorded.strides[d] == made.strides[d]);
          }
          if (!same) {
            wrong = fmt::format("'{}' ({}) makes {} where {} is recorded",
                                graph.text(graph.node(node).name), graph.text(graph.node(node).op),
                                print_type(made, PrintOptions::Types::full),
                                print_type(recorded, PrintOptions::Types::full));
          }
        }
      }};
  Executable executable(graph, {});
  RunOptions options;
  options.seed = kKeptSeed;
  options.hook = &hook;
  return executable.run(inputs, options).outputs;
}

class Fuzzed {
 public:
  Fuzzed(const FuzzSetup& setup, std::uint64_t seed) : setup_(setup), seed_(seed) {}

  FuzzOutcome run() {
    RandomProgram random = random_program(seed_, setup_.calls);
    inputs_ = random.inputs;
    graph_ = std::move(random.graph);
    for (const NodeId id : graph_->nodes()) {
      outcome_.calls += graph_->node(id).opcode == Opcode::call_function;
    }
    try {
      check(*graph_);
      check_schemas(*graph_);
      if (!runs()) return std::move(outcome_);
      const Program program = standalone_program(graph_->clone(), inputs_);
      check_archive(program, setup_.scratch);
    } catch (const Error& error) {
      if (error.code() == Code::interrupted || error.code() == Code::archive_write) throw;
      outcome_.finding = {nullptr, error.diagnostic()};
    }
    for (const FuzzedPipeline& pipeline : setup_.pipelines) {
      if (outcome_.finding) break;
      through(pipeline);
    }
    return std::move(outcome_);
  }

 private:
  bool runs() {
    std::string wrong;
    try {
      outputs_ = run_typed(*graph_, inputs_, wrong);
    } catch (const Error& error) {
      outcome_.refused = format(error.diagnostic());
      return false;
    }
    if (!wrong.empty()) {
      throw Error({Code::graph_type_mismatch, "a run makes other types than the graph records",
                   "a random program", wrong, "report this, with its seed"});
    }
    return true;
  }

  void through(const FuzzedPipeline& fuzzed) {
    setup_.observer.stop_if_cancelled();
    Program program = standalone_program(graph_->clone(), inputs_);
    RunReport report;
    try {
      ResolvedPipeline pipeline = resolve(fuzzed.pipeline, setup_.host);
      pipeline.check_passes = true;
      run_pipeline(program, pipeline, {}, setup_.observer, report);
      if (report.changed) check_archive(program, setup_.scratch);
      if (!setup_.keep.empty() && &fuzzed == &setup_.pipelines.back()) keep(program);
    } catch (const Error& error) {
      if (error.code() == Code::interrupted || error.code() == Code::archive_write) throw;
      outcome_.finding = {&fuzzed, error.diagnostic()};
    }
    for (const PassReport& pass : report.passes) {
      outcome_.rewrites += pass.rewrites;
      for (const Verdict& verdict : pass.verification) {
        ++outcome_.verdicts;
        if (verdict.judgement == Judgement::unable) ++outcome_.unable;
      }
    }
  }

  void keep(const Program& optimized) const {
    const Program original = standalone_program(graph_->clone(), inputs_, outputs_);
    write_program(original, setup_.keep / fmt::format("{}.pt2", seed_));
    write_program(optimized, setup_.keep / fmt::format("{}.optimized.pt2", seed_));
  }

  const FuzzSetup& setup_;
  std::uint64_t seed_;
  std::unique_ptr<Graph> graph_;
  std::vector<RunValue> inputs_, outputs_;
  FuzzOutcome outcome_;
};

}  // namespace

Program fuzzed_program(const FuzzSetup& setup, std::uint64_t seed) {
  RandomProgram random = random_program(seed, setup.calls);
  return standalone_program(std::move(random.graph), random.inputs);
}

FuzzOutcome fuzz_one(const FuzzSetup& setup, std::uint64_t seed) {
  return Fuzzed(setup, seed).run();
}

}  // namespace fettle
