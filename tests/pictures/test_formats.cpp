// What is written: Graphviz, SVG, HTML; and that no name of a model gets out of its quotes.
#include "modules.hpp"
#include "pictures/colours.hpp"
#include "pictures/dot.hpp"
#include "base/escape.hpp"
#include "pictures/page.hpp"
#include "pictures/svg.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::unique_ptr<Graph> small() {
  return program("graph(x: f32[2]):\n  a: f32[2] = aten.relu.default(x)" + in("m") +
                 "  b: f32[2] = aten.neg.default(a)" + in("m") + "  return (b,)\n");
}

Picture picture_of(const Graph& graph, Fold how) {
  Picture picture = dataflow_picture(graph, how.how == Fold::How::none);
  fold(picture, how);
  colour_by_kind(picture);
  return picture;
}

// A chain of modules of ten nodes, every node of which also uses x.
std::unique_ptr<Graph> layers(std::uint32_t nodes, bool modules) {
  std::string text = "graph(x: f32[8]):\n";
  for (std::uint32_t i = 0; i < nodes; ++i) {
    text += fmt::format("  n{}: f32[8] = aten.add.Tensor({}, x)", i,
                        i == 0 ? "x" : fmt::format("n{}", i - 1));
    text += modules ? in(fmt::format("layer.{}", i / 10)) : "\n";
  }
  return parse_graph(text + fmt::format("  return (n{},)\n", nodes - 1));
}

constexpr const char* kHostile = "</script><!--<img src=x onerror=alert(1)>\"'&\\N]]>";

}  // namespace

TEST_CASE("a folded graph for Graphviz has boxes for modules, an open one clusters") {
  const auto graph = small();
  const std::string folded = to_dot(picture_of(*graph, {.how = Fold::How::depth}));
  CHECK_THAT(folded, contains("digraph G {"));
  CHECK_THAT(folded, contains("label=\"m\\nOf_m\\n2 nodes\", shape=box3d"));
  CHECK_THAT(folded, contains(" [label=\"f32[2]\"];"));
  CHECK_THAT(folded, !contains("aten.relu"));
  const std::string open = to_dot(picture_of(*graph, {.how = Fold::How::none}));
  CHECK_THAT(open, contains("subgraph cluster_"));
  CHECK_THAT(open, contains("label=\"a\\naten.relu.default\\nf32[2]\", shape=box"));
  CHECK_THAT(open, contains("label=\"x\\nf32[2]\", shape=ellipse"));
}

TEST_CASE("an edge between folded boxes counts what passes along it") {
  const auto graph = program("graph(x: f32[2]):\n  a: f32[2] = aten.relu.default(x)" + in("m") +
                             "  b: f32[3] = aten.neg.default(a)" + in("m") +
                             "  c: f32[2] = aten.add.Tensor(a, b)" + in("k") +
                             "  d: f32[2] = aten.neg.default(c)" + in("k") + "  return (d,)\n");
  CHECK_THAT(to_dot(picture_of(*graph, {.how = Fold::How::depth})),
             contains("[label=\"2 values\"]"));
}

TEST_CASE("an SVG draws closed boxes, frames of open ones, and edges") {
  const auto graph = small();
  Picture picture = picture_of(*graph, {});
  picture.title = "small";
  const std::string svg = to_svg(picture);
  for (const char* part : {"<svg xmlns=", ">small</text>", ">a</text>", ">aten.neg.default</text>",
                           ">m  Of_m</text>", "</svg>"}) {
    CHECK_THAT(svg, contains(part));
  }
  const std::string folded = to_svg(picture_of(*graph, {.how = Fold::How::depth}));
  CHECK_THAT(folded, contains(">2 nodes</text>"));
  CHECK_THAT(folded, !contains("aten.neg"));
}

TEST_CASE("a page holds the graph, the curve, and both trees") {
  const auto graph = small();
  const std::string page = to_html(*graph, picture_of(*graph, {}));
  for (const char* part :
       {"\"title\":[", "\"curve\":{\"bytes\":[8,16,8]", "\"peak\":1",
        "\"dominators\":[[1,-1],[3,1],[4,3],[5,4]]",
        "\"post_dominators\":[[5,-1],[4,5],[3,4],[1,3]]", "default-src 'none'"}) {
    CHECK_THAT(page, contains(part));
  }
  CHECK_THAT(page, contains("16 bytes at most, while <b>b</b> runs"));
}

TEST_CASE("no name gets out of its quotes") {
  const std::string name = kHostile;
  const auto graph =
      program(fmt::format("graph(x: f32[2]):\n  %'{0}': f32[2] = aten.relu.default(x)\n"
                          "  b: f32[2] = aten.neg.default(%'{0}')\n  return (b,)\n",
                          "</script><!--<img src=x onerror=alert(1)>\"\\'&\\\\N]]>"));
  REQUIRE(std::string(graph->text(graph->node(graph->node(graph->output_node()).prev).name)) ==
          "b");
  Picture picture = picture_of(*graph, {});
  picture.title = name;
  for (const std::string& text : {to_svg(picture), to_html(*graph, picture)}) {
    CHECK_THAT(text, !contains("<img"));
    CHECK_THAT(text, !contains("<!--<"));
    CHECK_THAT(text, contains("onerror"));
  }
  const std::string page = to_html(*graph, picture);
  std::size_t ends = 0;
  for (std::size_t at = 0; (at = page.find("</script", at)) != page.npos; ++at) ++ends;
  CHECK(ends == 2);  // the data's and the script's own
  const std::string dot = to_dot(picture);
  CHECK_THAT(dot, contains("alert(1)>\\\"'&\\\\N]]>"));
}

TEST_CASE("text is cleaned of what no document may hold, and cut between characters") {
  CHECK(clean("a\x01\x7f\n\té→🔥") == "a\xef\xbf\xbd\xef\xbf\xbd\n\té→🔥");
  // a byte too many, one too few, overlong, a surrogate, beyond Unicode, U+FFFF
  for (const char* bad :
       {"\x80", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xef\xbf\xbf"}) {
    const std::string cleaned = clean(bad);
    INFO(cleaned);
    CHECK(cleaned.starts_with("\xef\xbf\xbd"));
    CHECK(clean(cleaned) == cleaned);
  }
  CHECK(json_text("</a>\"\\\n") == "\"\\u003c/a\\u003e\\\"\\\\\\u000a\"");
  CHECK(markup("<a b='c'>&\"") == "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
  CHECK(shortened("→→→", 2) == "→→…");
  CHECK(shortened("→→", 2) == "→→");
}

TEST_CASE("100,000 nodes make a folded picture in every format, with and without modules") {
  for (const bool modules : {true, false}) {
    const auto graph = layers(100000, modules);
    Picture picture = picture_of(*graph, {});
    CHECK(picture.visible() <= 80);
    colour_by_memory(picture, *graph);
    CHECK(to_dot(picture).size() < 100000);
    CHECK(to_svg(picture).size() < 200000);
    CHECK_THAT(to_html(*graph, picture), contains("n99999"));
    fold(picture, {.how = Fold::How::none});
    CHECK(picture.visible() == 100002);
    CHECK_THAT(to_svg(picture), contains("n99999"));
  }
}

TEST_CASE("a tree of dominators is drawn from its root, and what is left out is counted") {
  const auto graph = layers(1000, false);
  const Picture tree = dominator_picture(*graph, true, 10);
  CHECK(tree.boxes[0].children.size() == 1);  // one tree, in a frame of its own
  CHECK(tree.boxes.size() == 12);
  CHECK(tree.boxes[2].title == "output");
  CHECK(tree.edges.size() == 9);
  CHECK(tree.boxes[box(tree, "n992")].line == "and 992 below it");
  CHECK_THAT(to_svg(tree), contains("and 992 below it"));
  CHECK_THAT(to_dot(dominator_picture(*graph, false, 5000)), contains("n999"));
}
