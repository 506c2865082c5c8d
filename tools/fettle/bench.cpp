// fettle-bench: seconds of each stage over one program, as JSON, for tools/bench_passes. Each
// stage is repeated; each repetition of a pass starts from a fresh copy of the program as it was
// read.
#include <unistd.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/json.hpp>
#include <functional>
#include <iostream>

#include "archive/program.hpp"
#include "arguments.hpp"
#include "failure.hpp"
#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "ops/facts.hpp"
#include "ops/registry.hpp"
#include "pipeline/report.hpp"
#include "pipeline/stopwatch.hpp"
#include "program_facts.hpp"

namespace fettle {
namespace {

namespace json = boost::json;
namespace po = boost::program_options;

constexpr std::string_view kAbout =
    "Prints as JSON the seconds that loading, checking, printing, parsing and saving a program "
    "take,\n"
    "and each pass over a fresh copy of it.\n";

json::array measure(std::int64_t repetitions, const std::function<double()>& once) {
  json::array samples;
  for (std::int64_t i = 0; i < repetitions; ++i) samples.push_back(once());
  return samples;
}

double timed(const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

// {"seconds": […], "rewrites": …, "nodes_after": …}
json::object pass_json(const Host& host, const std::string& name, const Graph& original,
                       std::int64_t repetitions) {
  std::uint64_t rewrites = 0, nodes = 0;
  json::array seconds = measure(repetitions, [&] {
    const std::unique_ptr<Graph> graph = original.clone();
    const std::unique_ptr<Pass> pass = host.create_pass(name, {});
    Journal journal(*graph);
    Outcome outcome;
    const double taken = timed([&] {
      if (!pass->analyze(*graph, outcome)) pass->transform(journal, outcome);
    });
    rewrites = journal.rewrites();
    nodes = graph->node_count();
    return taken;
  });
  return {{"seconds", std::move(seconds)}, {"rewrites", rewrites}, {"nodes_after", nodes}};
}

json::object stages(const std::string& model, const Program& program, std::int64_t n) {
  const Graph& graph = *program.graph;
  const std::filesystem::path copy = std::filesystem::temp_directory_path() /
                                     ("fettle-bench-" + std::to_string(getpid()) + ".pt2");
  std::string text;
  json::object out;
  out["load"] = measure(n, [&] { return timed([&] { read_program(model); }); });
  out["clone"] = measure(n, [&] { return timed([&] { graph.clone(); }); });
  out["check"] = measure(n, [&] { return timed([&] { check(graph); }); });
  out["check_schemas"] = measure(n, [&] { return timed([&] { check_schemas(graph); }); });
  out["check_aliases"] =
      measure(n, [&] { return timed([&] { OutputAliases(graph).check(graph); }); });
  out["print"] =
      measure(n, [&] { return timed([&] { text = print(graph, PrintOptions::exact()); }); });
  out["parse"] = measure(n, [&] { return timed([&] { parse_graph(text); }); });
  out["save"] = measure(n, [&] { return timed([&] { write_program(program, copy); }); });
  std::filesystem::remove(copy);
  return out;
}

void bench(const std::vector<std::string>& given, const std::filesystem::path& executable) {
  Arguments arguments("-bench MODEL.pt2 [OPTION...]", kAbout);
  arguments.positional("MODEL.pt2", true);
  // clang-format off
  arguments.options()
      ("pass", po::value<std::vector<std::string>>()->composing()->value_name("NAME"),
       "measures this pass; repeatable; default: every pass")
      ("plugin-dir", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
       "looks for plugins there first; repeatable")
      ("repetitions,n", po::value<std::string>()->value_name("N"), "of each stage; default: 5");
  // clang-format on
  if (!arguments.parse(given)) return;
  const std::int64_t n = arguments.whole_number("repetitions", 5, 1, 1000);

  const std::string model = arguments.text("MODEL.pt2");
  const Program program = read_program(model);
  const Host host(plugin_search(arguments, executable));
  const std::vector<std::string> passes =
      arguments.has("pass") ? arguments.list("pass") : host.names(ComponentKind::pass);
  json::object out{{"model", model}, {"nodes", program.graph->node_count()}};
  out["stages"] = stages(model, program, n);
  json::object by_pass;
  for (const std::string& name : passes) by_pass[name] = pass_json(host, name, *program.graph, n);
  out["passes"] = std::move(by_pass);
  std::cout << pretty(out);
}

}  // namespace
}  // namespace fettle

int main(int argc, char** argv) {
  try {
    fettle::bench({argv + 1, argv + argc}, boost::dll::program_location().string());
    fettle::flush_results();
    return 0;
  } catch (...) {
    return fettle::describe_failure(std::current_exception(), std::cerr);
  }
}
