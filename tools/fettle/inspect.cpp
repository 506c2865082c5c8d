// fettle inspect: what a program is made of, as a summary, as text, as JSON or as a picture, and
// where its time goes.
#include <fmt/format.h>

#include <iostream>
#include <optional>
#include <span>
#include <sstream>

#include "archive/output_file.hpp"
#include "arguments.hpp"
#include "commands.hpp"
#include "common_options.hpp"
#include "destinations.hpp"
#include "graph/text.hpp"
#include "host/host.hpp"
#include "inspect_formats.hpp"
#include "inspect_profile.hpp"
#include "interruption.hpp"
#include "ops/purity.hpp"
#include "programs.hpp"

namespace fettle {
namespace {

std::string purity_text(const Purity& purity) {
  std::string out = purity.safe
                        ? "  move: yes; merge with an equal call: yes; remove when unused: yes\n"
                        : "  move: no; merge with an equal call: no; remove when unused: no\n";
  for (const std::string& reason : purity.reasons) out += fmt::format("  because {}\n", reason);
  for (const std::string& condition : purity.conditions) {
    out += fmt::format("  but {}\n", condition);
  }
  return out + fmt::format("  decided by: {}\n", purity.source);
}

std::optional<NodeId> find_node(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    if (graph.alive(NodeId(i)) && graph.text(graph.node(NodeId(i)).name) == name) return NodeId(i);
  }
  return std::nullopt;
}

std::string operator_purity_text(const std::string& what) {
  if (what.find('(') != what.npos) {
    const Purity purity = purity_of_call(what);
    return purity.call + "\n" + purity_text(purity);
  }
  std::string out = what + "\n";
  for (const PurityCase& c : purity_of_operator(what)) {
    if (!c.when.empty()) out += fmt::format(" with {}:\n", c.when);
    out += purity_text(c.purity);
  }
  return out;
}

std::string node_purity_text(const Arguments& arguments, const std::string& what) {
  const std::string path = arguments.text("MODEL.pt2");
  const Program program = load_program(arguments, path);
  std::cerr << warnings_text(program);
  const Graph& graph = *program.graph;
  if (const auto node = find_node(graph, what)) {
    const Purity purity = purity_of(graph, *node);
    return purity.call + "\n" + purity_text(purity);
  }
  if (what.find('.') != what.npos) return operator_purity_text(what);  // node names have no dots
  std::vector<std::string> names;
  for (const NodeId node : graph.nodes()) names.emplace_back(graph.text(graph.node(node).name));
  const std::string best = nearest(what, names);
  throw Error({Code::usage_bad_argument,
               fmt::format("no node is called '{}'", what),
               path,
               {},
               best.empty() ? "'fettle inspect --format text' shows the names"
                            : fmt::format("did you mean '{}'?", best)});
}

// What --top and --color time ask for. The options that only these need are refused without them.
struct Measuring {
  std::int64_t top;  // 0: for the colours of a picture
  ProfileOptions options;
  Device device;
};
std::optional<Measuring> read_measuring(const Arguments& arguments) {
  const bool top = arguments.has("top");
  const std::string format = arguments.choice("format");
  if (top && format != "summary" && format != "json") {
    throw Error({Code::usage_bad_argument,
                 fmt::format("--top has no format '{}'", format),
                 {},
                 {},
                 "leave --format away for a table, or ask for 'json'"});
  }
  if (!top && !colours_by_time(arguments)) {
    for (const char* option : {"runs", "device"}) {
      if (!arguments.has(option)) continue;
      throw Error({Code::usage_bad_argument,
                   fmt::format("--{} says how to measure, and nothing is measured", option),
                   {},
                   {},
                   "add --top 5 for the five calls that take longest, or --format html --color time"});
    }
    return std::nullopt;
  }
  Measuring asked{top ? arguments.whole_number("top", 5, 1, 1'000'000) : 0, {},
                  read_device(arguments)};
  asked.options.runs = arguments.whole_number("runs", asked.options.runs, 1, 1'000'000);
  return asked;
}

// Runs `work` with progress, until it is done or interrupted.
template <class Work>
auto measure(Measuring asked, Work work) {
  ProgressObserver observer;
  observer.stage("measuring each call");
  asked.options.cancel = observer.cancel();
  decltype(work(asked)) measured;
  interruptible(observer, [&] { measured = work(asked); });
  observer.clear();
  return measured;
}

void show(const Arguments& arguments, const std::string& path,
          const std::optional<Measuring>& asked, std::ostream& out) {
  const std::string format = arguments.choice("format");
  const Program program = load_program(arguments, path);
  std::cerr << warnings_text(program);
  if (format == "text") {
    out << print(*program.graph);
    return;
  }
  if (is_picture(format)) {
    std::vector<double> seconds;
    if (asked) {
      seconds = measure(*asked, [&](const Measuring& with) {
        return profile_program(program, with.device, with.options).seconds;
      });
    }
    out << picture_text(arguments, program, path, seconds);
    return;
  }
  std::optional<MeasuredProgram> measured;
  if (asked) {
    measured = measure(*asked, [&](const Measuring& with) {
      return measure_bottlenecks(program, with.device, with.top, with.options);
    });
  }
  if (format == "summary") {
    out << (measured ? bottlenecks_text(*program.graph, *measured) : summary_text(program, path));
  } else {
    boost::json::object profile;
    if (measured) profile = bottlenecks_json(*program.graph, *measured);
    write_json(program, measured ? &profile : nullptr, out);
  }
}

// Exit code 1 where a recorded type is another one than follows from the inputs.
int check_types(const Arguments& arguments) {
  const Program program = load_program(arguments, arguments.text("MODEL.pt2"));
  std::cerr << warnings_text(program);
  const TypesText types = types_text(*program.graph);
  std::cout << types.text;
  return types.agree ? 0 : 1;
}

// What plugins may ask of each other, asked from outside.
int show_analysis(const Invocation& invocation, const Arguments& arguments) {
  const Host host(plugin_search(arguments, invocation.executable));
  const auto analysis = host.create_analysis(arguments.text("analysis"), {});
  const Program program = load_program(arguments, arguments.text("MODEL.pt2"));
  std::cerr << warnings_text(program);
  AnalysisManager analyses(*program.graph);
  Outcome outcome;
  const std::optional<std::string> text = analysis->describe(analyses, outcome);
  for (const Diagnostic& note : outcome.notes) std::cerr << format(note);
  if (!text || text->empty()) {
    std::cerr << fmt::format("'{}' has no text for people\n", analysis->info().name);
    return 0;
  }
  std::cout << *text;
  return 0;
}

int run(const Invocation& invocation, const Arguments& arguments) {
  const bool has_model = arguments.has("MODEL.pt2");
  if (arguments.has("purity")) {
    const std::string what = arguments.text("purity");
    std::cout << (has_model ? node_purity_text(arguments, what) : operator_purity_text(what));
    return 0;
  }
  if (!has_model) {
    throw Error({Code::usage_bad_argument,
                 "MODEL.pt2 is missing",
                 {},
                 {},
                 "usage: " + usage_text(arguments.spec(), "; ")});
  }
  if (arguments.flag("types")) return check_types(arguments);
  if (arguments.has("analysis")) return show_analysis(invocation, arguments);
  check_picture_options(arguments);
  const std::optional<Measuring> asked = read_measuring(arguments);
  const std::string path = arguments.text("MODEL.pt2");
  if (!arguments.has("output")) {
    show(arguments, path, asked, std::cout);
    return 0;
  }
  check_view_destination(arguments);
  std::ostringstream text;
  show(arguments, path, asked, text);
  OutputFile file(arguments.text("output"));
  file.write(std::as_bytes(std::span(text.view())));
  file.commit();
  return 0;
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> out = {
      {.name = "format",
       .letter = "f",
       .value = "FORMAT",
       .help = "How it is shown.",
       .choices = {"summary", "text", "json", "dot", "svg", "html"},
       .completes = Completes::choice},
      {.name = "output",
       .letter = "o",
       .value = "FILE",
       .help = "Where it is written, instead of standard output.",
       .completes = Completes::file}};
  for (OptionSpec& option : picture_options()) out.push_back(std::move(option));
  const std::vector<OptionSpec> measuring = {
      {.name = "top",
       .letter = "t",
       .value = "N",
       .help = "Measures each call, and lists the N that take longest."},
      {.name = "runs",
       .value = "N",
       .help = "Of --top and --color time: how often the program runs.",
       .otherwise = "20"},
      device_option(),
      plugin_dir_option(),
      {.name = "types",
       .help = "Holds the recorded types against those that follow from the inputs'."},
      {.name = "analysis",
       .value = "NAME",
       .help = "What an analysis of a plugin found out, by the analysis' name.",
       .completes = Completes::analysis},
      {.name = "purity",
       .value = "OP|CALL|NODE",
       .help = "Tells whether it is safe to move, merge and remove, and why."}};
  out.insert(out.end(), measuring.begin(), measuring.end());
  return with_program_options(std::move(out));
}

}  // namespace

CommandSpec inspect_command() {
  return {
      .name = "inspect",
      .summary = "show what a program is made of",
      .synopsis = {"inspect MODEL.pt2 [--format summary|text|json|dot|svg|html] [-o FILE]",
                   "inspect MODEL.pt2 --top N [--runs N] [--device DEVICE] [--format json]",
                   "inspect MODEL.pt2 --types", "inspect MODEL.pt2 --analysis NAME", "inspect [MODEL.pt2] --purity OP|CALL|NODE"},
      .description =
          {"Shows a program exported from PyTorch, without running it unless --top or --color time "
           "is given.",
           "'summary' tells signature, weights (bytes of storage that several share count once), "
           "operators with what they have to compute and to move, samples and versions; 'text' "
           "every node, close to what "
           "print(exported_program) "
           "shows; 'json' every node, for other programs.",
           "'svg', 'html' and 'dot' (for Graphviz) are pictures of the data flow, folded by module "
           "so that a large model is read at a glance, and coloured. The page of 'html' needs "
           "nothing else and works offline: modules open at a click, nodes are found by name, and "
           "it has the curve of live bytes, what makes the peak up, and dominators.",
           "--top N runs the program on its stored sample and lists the N calls that take longest: "
           "the median over the runs with its quartiles, the share of all calls, what the call "
           "reached of the operations and of the bytes a second that this machine was measured to "
           "do, and the line of Python that it came from. Operations and bytes are those that the "
           "call cannot do without; data that lie in a cache may pass the 100 %.",
           "--types computes the type of every value (dtype, sizes, strides, device) from those of "
           "the inputs, names the calls that no rule covers, and ends with 1 if a recorded type "
           "differs from the computed one.",
           "--analysis asks a plugin's analysis about the program, as passes can, and shows its answer.",
           "--purity answers whether a pass may move, merge or remove an operator's calls, and "
           "why. "
           "That depends on arguments: of an operator alone it tells which, and of a call "
           "('aten.dropout.default(x, 0.5, False)', names stand for tensors) or of a node of "
           "MODEL.pt2 "
           "it tells the answer."},
      .positionals = {{.name = "MODEL.pt2",
                       .help = "The program to show; not needed for the purity of an operator.",
                       .required = false}},
      .options = options(),
      .examples = {{"fettle inspect model.pt2", "What is in a program"},
                   {"fettle inspect model.pt2 -f html -o model.html", "A page to look around in"},
                   {"fettle inspect small.pt2 -f svg --against model.pt2 -o changes.svg",
                    "What passes changed, by colour"},
                   {"fettle inspect model.pt2 -f html --color time -o model.html",
                    "Where its time goes, by colour"},
                   {"fettle inspect model.pt2 -f dot --fold none | dot -Tpdf > model.pdf",
                    "Every node, laid out by Graphviz"},
                   {"fettle inspect model.pt2 --top 5", "Where its time goes"},
                   {"fettle inspect --purity aten.dropout.default",
                    "What decides whether it is pure"},
                   {"fettle inspect --purity 'aten.dropout.default(x, 0.5, False)'",
                    "Whether this call is"}},
      .see_also = {"diff", "run", "bench"},
      .run = run};
}

}  // namespace fettle
