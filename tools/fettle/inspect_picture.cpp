// The options of pictures, and from them to a picture.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iostream>

#include "base/quantity.hpp"
#include "graph/text.hpp"
#include "inspect_formats.hpp"
#include "pictures/colours.hpp"
#include "pictures/dot.hpp"
#include "base/escape.hpp"
#include "pictures/page.hpp"
#include "pictures/svg.hpp"
#include "programs.hpp"

namespace fettle {
namespace {

constexpr std::uint32_t kDeepest = 1000;     // levels of --fold
constexpr std::uint32_t kTreeInSight = 150;  // nodes of a dominator tree that is read at a glance
constexpr std::uint32_t kTreeInSvg = 2000;   // that one level of boxes takes
constexpr std::size_t kMostOfANode = 400;    // characters of a node's text in its details

[[noreturn]] void refuse(std::string what, std::string hint) {
  throw Error({Code::usage_bad_argument, std::move(what), {}, {}, std::move(hint)});
}

Fold fold_of(const Arguments& arguments) {
  const std::string text = arguments.text("fold", "auto");
  if (text == "auto") return {};
  if (text == "none") return {.how = Fold::How::none};
  Fold fold{.how = Fold::How::depth};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fold.depth);
  if (error != std::errc() || end != text.data() + text.size() || fold.depth > kDeepest) {
    refuse(fmt::format("--fold does not take '{}'", text),
           fmt::format("auto, none, or a number of levels up to {}", kDeepest));
  }
  return fold;
}

// --against without --color asks for what changed.
std::string colour_of(const Arguments& arguments) {
  if (arguments.has("color")) return arguments.choice("color");
  return arguments.has("against") ? "change" : "memory";
}

void describe(Picture& picture, const Graph& graph) {
  for (Box& box : picture.boxes) {
    if (box.node) box.details.push_back(shortened(print_node(graph, box.node), kMostOfANode));
  }
}

void colour(const Arguments& arguments, const Graph& graph, std::span<const double> seconds,
            Picture& picture) {
  const std::string by = colour_of(arguments);
  if (by == "memory") {
    colour_by_memory(picture, graph);
  } else if (by == "time") {
    colour_by_time(picture, seconds);
  } else if (by == "change") {
    const Program before = load_program(arguments, arguments.text("against"));
    std::cerr << warnings_text(before);
    colour_by_change(picture, graph, *before.graph);
  } else {
    colour_by_kind(picture);
  }
}

Picture tree_picture(const Arguments& arguments, const Graph& graph) {
  const bool whole = arguments.text("fold") == "none", svg = arguments.choice("format") == "svg";
  const std::uint32_t most = !whole ? kTreeInSight : svg ? kTreeInSvg : graph.node_count();
  if (whole && svg && graph.node_count() > most) {
    std::cerr << fmt::format(
        "note: the tree is drawn down to {} nodes; '--format dot' draws all of them\n",
        human_count(most));
  }
  return dominator_picture(graph, arguments.choice("graph") == "postdominators", most);
}

}  // namespace

bool is_picture(const std::string& format) {
  return format == "dot" || format == "svg" || format == "html";
}

bool colours_by_time(const Arguments& arguments) {
  return is_picture(arguments.choice("format")) && colour_of(arguments) == "time";
}

void check_picture_options(const Arguments& arguments) {
  const std::string format = arguments.choice("format");
  for (const char* option : {"fold", "color", "against", "graph"}) {
    if (arguments.has(option) && !is_picture(format)) {
      refuse(fmt::format("--{} is for pictures, and '{}' is none", option, format),
             "--format html, svg or dot");
    }
  }
  if (fold_of(arguments).how == Fold::How::depth && arguments.choice("graph") != "dataflow") {
    refuse("a tree of dominators has no modules to open to a depth", "--fold auto, or none");
  }
  const std::string by = colour_of(arguments);
  if (by == "change" && !arguments.has("against")) {
    refuse("--color change needs a program to compare with", "--against OTHER.pt2");
  }
  if (by != "change" && arguments.has("against")) {
    refuse(fmt::format("--against colours by change, and --color asks for {}", by),
           "leave one of the two out");
  }
  if (format == "html" && arguments.choice("graph") != "dataflow") {
    refuse(fmt::format("a page has no place for --graph {}", arguments.text("graph")),
           "every page has both trees of dominators; --format svg or dot draws one");
  }
}

std::string picture_text(const Arguments& arguments, const Program& program,
                         const std::string& path, std::span<const double> seconds) {
  const Graph& graph = *program.graph;
  const std::string format = arguments.choice("format"), what = arguments.choice("graph");
  const Fold how = fold_of(arguments);
  Picture picture = what == "dataflow" ? dataflow_picture(graph, how.how == Fold::How::none)
                                       : tree_picture(arguments, graph);
  if (what == "dataflow") fold(picture, how);
  picture.title = std::filesystem::path(path).filename().string();
  if (!picture.boxes[0].subtitle.empty()) picture.title += ": " + picture.boxes[0].subtitle;
  if (what != "dataflow") picture.title += ", " + what;
  describe(picture, graph);
  colour(arguments, graph, seconds, picture);
  if (format == "html") return to_html(graph, picture);
  return format == "svg" ? to_svg(picture) : to_dot(picture);
}

std::vector<OptionSpec> picture_options() {
  return {{.name = "fold",
           .value = "auto|none|DEPTH",
           .help = "Pictures: how many levels of modules are open. 'none' draws every node, "
                   "weights too.",
           .otherwise = "as many as leave about 40 boxes in sight"},
          {.name = "color",
           .value = "BY",
           .help = "Pictures: what colours tell. 'memory' is the bytes alive while a node runs; "
                   "'time' runs the program on its stored sample and measures each call; 'change' "
                   "needs --against; 'none' tells inputs from calls and modules.",
           .otherwise = "memory, and with --against change",
           .choices = {"memory", "time", "change", "none"},
           .completes = Completes::choice},
          {.name = "against",
           .value = "OTHER.pt2",
           .help = "Pictures: colours what was added and changed since this program.",
           .completes = Completes::file},
          {.name = "graph",
           .value = "GRAPH",
           .help = "Pictures: what is drawn, data flow or a tree of dominators (dot and svg).",
           .choices = {"dataflow", "dominators", "postdominators"},
           .completes = Completes::choice}};
}

}  // namespace fettle
