// fettle-bench: what each stage costs over one program, as JSON, for tools/bench_passes: seconds on
// the wall, seconds of processor time, and by how much the stage raised the process's peak memory.
//
// Each repetition starts from the program as it was read; each pass from a fresh copy of its graph.
#include <sys/resource.h>
#include <unistd.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/json.hpp>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>

#include "analysis/cost.hpp"
#include "analysis/dominators.hpp"
#include "analysis/liveness.hpp"
#include "analysis/type_propagation.hpp"
#include "archive/program.hpp"
#include "common_options.hpp"
#include "failure.hpp"
#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "heap.hpp"
#include "host_cse.hpp"
#include "isolation/isolation.hpp"
#include "manual.hpp"
#include "ops/facts.hpp"
#include "ops/registry.hpp"
#include "pipeline/report.hpp"
#include "pipeline/stopwatch.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// This program's own: ru_maxrss begins with what the process held before it became this program,
// which is gigabytes where a Python with torch inside started it.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

// The samples of one stage. Only what runs inside `time` is measured.
class Samples {
 public:
  void time(const std::function<void()>& work) {
    const std::int64_t peak = peak_bytes();
    const double processor = processor_seconds();
    const Stopwatch wall;
    work();
    seconds_.push_back(wall.seconds());
    processor_.push_back(processor_seconds() - processor);
    peak_ = std::max(peak_, peak_bytes() - peak);
  }
  json::object json() const {
    return {{"seconds", seconds_}, {"processor_seconds", processor_}, {"peak_bytes", peak_}};
  }

 private:
  json::array seconds_, processor_;
  std::int64_t peak_ = 0;
};

// A `worker` that is not empty starts a process for the pass to run in; starting it is not measured.
json::object pass_json(const Host& host, const std::string& name, const Graph& original,
                       std::int64_t repetitions, const std::vector<std::string>& worker) {
  std::uint64_t rewrites = 0, nodes = 0;
  Samples samples;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    const std::unique_ptr<Graph> graph = original.clone();
    Isolation isolation(worker, {});
    const std::unique_ptr<Pass> pass =
        worker.empty() ? host.create_pass(name, {}) : isolation.isolate(host, name, {});
    Journal journal(*graph);
    AnalysisManager analyses(*graph);
    Outcome outcome;
    if (!worker.empty()) {
      journal.record_into(isolation.edits());
      pass->analyze(analyses, outcome);
    }
    samples.time([&] {
      if (!pass->analyze(analyses, outcome)) pass->transform(journal, analyses, outcome);
    });
    rewrites = journal.rewrites();
    nodes = graph->node_count();
  }
  json::object out = samples.json();
  out["rewrites"] = rewrites;
  out["nodes_after"] = nodes;
  return out;
}

// cse through the ABI and the same algorithm without it, in turns.
json::object boundary_json(const Host& host, const Graph& original, std::int64_t repetitions) {
  Samples plugin, compiled_in;
  std::uint64_t merged[2] = {};
  for (std::int64_t i = 0; i < repetitions; ++i) {
    for (const bool through_abi : {true, false}) {
      const std::unique_ptr<Graph> graph = original.clone();
      const std::unique_ptr<Pass> pass = host.create_pass("cse", {});
      Journal journal(*graph);
      AnalysisManager analyses(*graph);
      Outcome outcome;
      (through_abi ? plugin : compiled_in).time([&] {
        if (!through_abi) {
          cse_in_the_host(journal, analyses);
        } else if (!pass->analyze(analyses, outcome)) {
          pass->transform(journal, analyses, outcome);
        }
      });
      merged[through_abi] = journal.rewrites();
    }
  }
  if (merged[0] != merged[1]) {
    throw std::runtime_error("cse in the host is not the algorithm of the plugin any more");
  }
  return {{"plugin", plugin.json()}, {"host", compiled_in.json()}, {"rewrites", merged[0]}};
}

template <class Fn>
void for_each_live_block(const Graph& graph, Fn&& fn) {
  for (std::uint32_t b = 0; b < graph.block_bound(); ++b)
    if (graph.alive(BlockId(b))) fn(BlockId(b));
}

using Stage = std::function<void(Samples&)>;

// The stages but passes, in the order in which `fettle run` meets them. `check` is all that the
// runner checks after a pass: the graph, calls against schemas, what outputs share, types.
std::vector<std::pair<std::string, Stage>> stages_of(const std::string& model,
                                                     const Program& program,
                                                     const std::filesystem::path& copy) {
  const Graph& graph = *program.graph;
  return {
      {"load", [&](Samples& s) { s.time([&] { read_program(model); }); }},
      {"clone", [&](Samples& s) { s.time([&] { graph.clone(); }); }},
      {"aliases", [&](Samples& s) { s.time([&] { OutputAliases(graph, AliasClasses(graph)); }); }},
      {"check",
       [&](Samples& s) {
         const OutputAliases before(graph, AliasClasses(graph));
         const InferredTypes types(graph);
         s.time([&] {
           check(graph);
           check_schemas(graph);
           before.check(graph, AliasClasses(graph));
           InferredTypes(graph).check_against(types);
         });
       }},
      {"dominators",
       [&](Samples& s) {
         s.time([&] {
           for_each_live_block(graph, [&](BlockId block) {
             const Snapshot flow(graph, block);
             DominatorTree(flow, DominatorTree::Direction::dominators);
             DominatorTree(flow, DominatorTree::Direction::post_dominators);
           });
         });
       }},
      {"liveness",
       [&](Samples& s) {
         s.time([&] {
           const Storages storages(graph);
           Liveness(graph, storages);
         });
       }},
      {"cost",
       [&](Samples& s) {
         s.time([&] {
           const Storages storages(graph);
           Costs(graph, storages);
         });
       }},
      {"shapes", [&](Samples& s) { s.time([&] { InferredTypes{graph}; }); }},
      {"print", [&](Samples& s) { s.time([&] { print(graph, PrintOptions::exact()); }); }},
      {"parse",
       [&](Samples& s) {
         const std::string text = print(graph, PrintOptions::exact());
         s.time([&] { parse_graph(text); });
       }},
      {"save", [&](Samples& s) { s.time([&] { write_program(program, copy); }); }},
  };
}

CommandSpec command_spec() {
  return {.name = "bench",
          .summary = "print as JSON what each stage over a program costs, and each pass",
          .synopsis = {"bench MODEL.pt2 [OPTION...]"},
          .positionals = {{.name = "MODEL.pt2"}},
          .options = {{.name = "only",
                       .value = "NAME",
                       .help = "Measures this stage or pass.",
                       .otherwise = "all",
                       .repeatable = true},
                      {.name = "repetitions",
                       .letter = "n",
                       .value = "N",
                       .help = "Of each stage.",
                       .otherwise = "5"},
                      {.name = "isolate",
                       .help = "Runs each pass in a process of its own; its start is not measured."},
                      plugin_dir_option()}};
}

void bench(const std::vector<std::string>& given, const std::filesystem::path& executable) {
  const CommandSpec spec = command_spec();
  Arguments arguments(spec);
  if (arguments.parse(given) != HelpAsked::no) {
    std::cout << brief_help(spec, Terminal::standard_output());
    return;
  }
  const std::int64_t n = arguments.whole_number("repetitions", 5, 1, 1000);
  const std::vector<std::string> only = arguments.list("only");
  const auto wanted = [&](const std::string& name) {
    return only.empty() || std::ranges::find(only, name) != only.end();
  };

  const std::string model = arguments.text("MODEL.pt2");
  const std::filesystem::path copy = std::filesystem::temp_directory_path() /
                                     ("fettle-bench-" + std::to_string(getpid()) + ".pt2");
  const Program program = read_program(model);
  json::object stages, passes;
  for (const auto& [name, stage] : stages_of(model, program, copy)) {
    if (!wanted(name)) continue;
    Samples samples;
    for (std::int64_t i = 0; i < n; ++i) stage(samples);
    stages[name] = samples.json();
  }
  std::filesystem::remove(copy);
  const Host host(plugin_search(arguments, executable));
  std::vector<std::string> worker;
  if (arguments.flag("isolate")) {
    worker = {(executable.parent_path() / "fettle").string(), "worker", model};
  }
  for (const std::string& name : host.names(ComponentKind::pass)) {
    if (wanted(name)) passes[name] = pass_json(host, name, *program.graph, n, worker);
  }
  json::object out{{"model", model},
                   {"nodes", program.graph->node_count()},
                   {"stages", std::move(stages)},
                   {"passes", std::move(passes)}};
  if (wanted("boundary")) out["boundary"] = boundary_json(host, *program.graph, n);
  std::cout << pretty(out);
}

}  // namespace
}  // namespace fettle

int main(int argc, char** argv) {
  fettle::keep_freed_memory();  // as fettle does
  try {
    fettle::bench({argv + 1, argv + argc}, boost::dll::program_location().string());
    fettle::flush_results();
    return 0;
  } catch (...) {
    return fettle::describe_failure(std::current_exception(), std::cerr);
  }
}
