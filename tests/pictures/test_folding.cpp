// Boxes within boxes: what folds into what, what is open, and what colours gather.
#include <set>

#include "modules.hpp"
#include "pictures/colours.hpp"
#include "pictures/levels.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// Two layers of two nodes, and a node that export recorded nothing of inside the first.
std::unique_ptr<Graph> two_layers(const std::string& last = "relu") {
  return program(
      "graph(w: f32[2, 2] = parameter 'w' value=1.0, x: f32[2, 2]):\n"
      "  a: f32[2, 2] = aten.mm.default(x, w)" +
      in("net/layer.0") +
      "  b: f32[2, 2] = aten.relu.default(a)\n"
      "  c: f32[2, 2] = aten.relu.default(b)" +
      in("net/layer.0") + "  d: f32[2, 2] = aten.mm.default(c, w)" + in("net/layer.1") +
      "  e: f32[2, 2] = aten." + last + ".default(d)" + in("net/layer.1") +
      "  f: f32[2, 2] = aten.add.Tensor(e, x)" + in("net") + "  return (f,)\n");
}

std::string chain(std::size_t nodes) {
  std::string text = "graph(x: f32[2]):\n";
  std::string last = "x";
  for (std::size_t i = 0; i < nodes; ++i) {
    text += fmt::format("  n{}: f32[2] = aten.relu.default({})\n", i, last);
    last = fmt::format("n{}", i);
  }
  return text + "  return (" + last + ",)\n";
}

}  // namespace

TEST_CASE("nodes fold into their modules, and one without a record into what is around it") {
  const Picture picture = dataflow_picture(*two_layers(), false);
  CHECK(shape(picture) == "(x net(layer.0(a b c) layer.1(d e) f) output)");
  const Box& layer = picture.boxes[box(picture, "layer.0")];
  CHECK(layer.subtitle == "Of_0");
  CHECK(layer.path == "net.layer.0");
  CHECK(layer.line == "3 nodes");
  CHECK(picture.boxes[0].subtitle == "Net");
  CHECK(picture.edges.size() == 8);  // x has two users, the six calls one each
}

TEST_CASE("weights are drawn when they are asked for, where they are first used") {
  const Picture picture = dataflow_picture(*two_layers(), true);
  CHECK(shape(picture) == "(x net(layer.0(w a b c) layer.1(d e) f) output)");
  CHECK(picture.boxes[box(picture, "w")].kind == Box::Kind::weight);
}

TEST_CASE("a module that is left and entered again is two boxes, so that no cycle can come up") {
  const Picture picture = dataflow_picture(
      *program("graph(x):\n  a = aten.relu.default(x)" + in("m") + "  b = aten.relu.default(a)" +
               in("m") + "  c = aten.relu.default(b)" + in("k/l") + "  d = aten.relu.default(c)" +
               in("k/l") + "  e = aten.relu.default(d)" + in("m") + "  f = aten.relu.default(e)" +
               in("m") + "  return (f,)\n"),
      false);
  // k holds nothing but l, and is left out.
  CHECK(shape(picture) == "(x m(a b) k.l(c d) m(e f) output)");
}

TEST_CASE("a module of one node is that node, which says where it is from") {
  const Picture picture =
      dataflow_picture(*program("graph(x):\n  a = aten.relu.default(x)" + in("net/first/act") +
                                "  b = aten.neg.default(a)" + in("net") + "  return (b,)\n"),
                       false);
  CHECK(shape(picture) == "(x net(a b) output)");
  CHECK(picture.boxes[box(picture, "a")].subtitle == "first.act: aten.relu.default");
}

TEST_CASE("records deeper than anybody writes are cut, not followed") {
  std::string deep = "m";
  for (int i = 0; i < 2000; ++i) deep += "/m";
  const Picture picture =
      dataflow_picture(*program("graph(x):\n  a = aten.relu.default(x)" + in(deep) +
                                "  b = aten.neg.default(a)" + in(deep) + "  return (b,)\n"),
                       false);
  CHECK(picture.boxes.size() == 6);  // the whole, x, the module, a, b, output
}

TEST_CASE("nested graphs lie in a box beside their call") {
  const Picture picture = dataflow_picture(
      *program(
          "graph(x: f32[2]):\n"
          "  wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, x)\n"
          "    graph sub(y: f32[2]):\n"
          "      sin_1: f32[2] = aten.sin.default(y)\n"
          "      return (sin_1,)\n"
          "  return (sin,)\n"),
      false);
  CHECK(shape(picture) == "(x wrap(wrap sub(y sin_1 output)) output)");
  const NodeId inner = picture.boxes[box(picture, "y")].node;
  std::set<std::pair<std::string, std::string>> edges;
  for (const PictureEdge& edge : picture.edges) {
    edges.emplace(picture.boxes[edge.from].title, picture.boxes[edge.to].title);
  }
  CHECK(edges.count({"wrap", "y"}) == 1);
  CHECK(picture.boxes[picture.leaf_of[inner.index]].title == "y");
}

TEST_CASE("a long list is cut into parts, whatever its length") {
  for (const std::size_t size : {59u, 70u, 5000u}) {
    const Picture picture = dataflow_picture(*program(chain(size)), false);
    std::size_t leaves = 0;
    for (const Box& b : picture.boxes) {
      CHECK(b.children.size() <= 60);
      leaves += b.leaf();
    }
    CHECK(leaves == size + 2);
  }
}

TEST_CASE("many calls between modules are a part, few stay what they are") {
  std::string text =
      "graph(x):\n  a = aten.relu.default(x)" + in("m") + "  b = aten.relu.default(a)" + in("m");
  std::string last = "b";
  for (const int size : {7, 9}) {
    for (int i = 0; i < size; ++i) {
      const std::string next = fmt::format("c{}_{}", size, i);
      text += fmt::format("  {} = aten.neg.default({})\n", next, last);
      last = next;
    }
    text += fmt::format("  {1}a = aten.relu.default({0}){2}  {1}b = aten.relu.default({1}a){2}",
                        last, fmt::format("d{}", size), in(fmt::format("k{}", size)));
    last = fmt::format("d{}b", size);
  }
  const Picture picture = dataflow_picture(*program(text + "  return (" + last + ",)\n"), false);
  CHECK(shape(picture) ==
        "(x m(a b) c7_0 c7_1 c7_2 c7_3 c7_4 c7_5 c7_6 k7(d7a d7b) "
        "c9_0 … c9_8(c9_0 c9_1 c9_2 c9_3 c9_4 c9_5 c9_6 c9_7 c9_8) k9(d9a d9b) output)");
}

TEST_CASE("folding opens as much as can be seen at a glance, or as many levels as were asked for") {
  Picture picture = dataflow_picture(*program(chain(5000)), false);
  fold(picture, {});
  CHECK(picture.visible() <= 80);
  fold(picture, {.how = Fold::How::none});
  CHECK(picture.visible() == 5002);
  picture = dataflow_picture(*two_layers(), false);
  fold(picture, {});
  CHECK(picture.visible() == 8);  // few enough: all of it
  fold(picture, {.how = Fold::How::depth, .depth = 0});
  CHECK(picture.visible() == 3);
  CHECK(picture.boxes[picture.shown(box(picture, "c"))].title == "net");
  fold(picture, {.how = Fold::How::depth, .depth = 1});
  CHECK(picture.visible() == 5);
  CHECK(picture.boxes[picture.shown(box(picture, "c"))].title == "layer.0");
}

TEST_CASE("memory colours by what lives, a folded box by the most of it") {
  const auto graph = two_layers();
  Picture picture = dataflow_picture(*graph, false);
  fold(picture, {});
  colour_by_memory(picture, *graph);
  CHECK(picture.boxes[box(picture, "x")].fill == ramp(0));
  CHECK(picture.boxes[box(picture, "b")].fill == ramp(1));  // a and b live: 32 bytes
  CHECK(picture.boxes[box(picture, "a")].fill == ramp(0.5));
  CHECK(picture.boxes[box(picture, "net")].fill == ramp(1));
  CHECK(picture.boxes[box(picture, "b")].details.back() ==
        "32 bytes alive while it runs; allocates 16 bytes");
  CHECK(picture.swatches.back() == std::pair<std::string, std::string>(ramp(1), "32 bytes"));
}

TEST_CASE("time colours by seconds, a folded box by their sum") {
  const auto graph = two_layers();
  Picture picture = dataflow_picture(*graph, false);
  fold(picture, {.how = Fold::How::depth, .depth = 1});
  std::vector<double> seconds(graph->node_bound());
  for (const char* name : {"a", "b", "c", "d"}) seconds[node(*graph, name).index] = 0.001;
  colour_by_time(picture, seconds);
  CHECK(picture.boxes[box(picture, "layer.0")].fill == ramp(1));
  CHECK(picture.boxes[box(picture, "layer.1")].fill == ramp(1.0 / 3));
  CHECK(picture.boxes[box(picture, "f")].fill == ramp(0));
  CHECK(picture.boxes[box(picture, "layer.0")].details.back() == "3 ms, 75.0 % of the total");
}

TEST_CASE("change colours by the difference, a folded box by whether there is one") {
  const auto before = two_layers();
  const auto after = two_layers("gelu");
  Picture picture = dataflow_picture(*after, false);
  colour_by_change(picture, *after, *before);
  const std::string same = picture.boxes[box(picture, "a")].fill;
  CHECK(picture.boxes[box(picture, "layer.0")].fill == same);
  CHECK(picture.boxes[box(picture, "e")].fill != same);
  CHECK(picture.boxes[box(picture, "layer.1")].fill != same);
  CHECK(picture.boxes[box(picture, "net")].fill == picture.boxes[box(picture, "layer.1")].fill);
}

TEST_CASE("rows follow the data, and long edges keep wires free") {
  const auto graph = two_layers();
  const Picture picture = dataflow_picture(*graph, false);
  const std::vector<Level> all = levels(picture);
  const std::uint32_t net = box(picture, "net");
  const Level& level = all[net];
  // layer.0, layer.1, f; x goes past both layers to f through two wires.
  REQUIRE(level.rows.size() == 3);
  const Level::Place first = box(picture, "layer.0"), second = box(picture, "layer.1"),
                     last = box(picture, "f");
  CHECK(std::ranges::count(level.rows[0], first) == 1);
  CHECK(std::ranges::count(level.rows[1], second) == 1);
  CHECK(level.rows[2] == std::vector<Level::Place>{last});
  CHECK(level.rows[0].size() == 2);
  CHECK(level.rows[1].size() == 2);
  const auto has = [&](Level::Place a, Level::Place b) {
    return std::ranges::count(level.segments, Level::Segment{a, b}) == 1;
  };
  CHECK(has(net, first));
  CHECK(has(first, second));
  CHECK(has(second, last));
  CHECK(has(last, net));
  CHECK(has(-1, -2));
  CHECK(has(-2, last));
}

TEST_CASE("segments lead from each row to the next, in every box of a wide and a long graph") {
  std::string wide = "graph(x: f32[2]):\n";
  std::string all;
  for (int i = 0; i < 200; ++i) {
    wide += fmt::format("  n{}: f32[2] = aten.add.Tensor({}, x)\n", i,
                        i < 40 ? "x" : fmt::format("n{}", i * 7 % 40));
    all += fmt::format("n{},", i);
  }
  const auto graphs = {program(wide + "  return (" + all + ")\n"), program(chain(3000))};
  for (const auto& graph : graphs) {
    const Picture picture = dataflow_picture(*graph, true);
    const std::vector<Level> drawn = levels(picture);
    for (std::uint32_t b = 0; b < picture.boxes.size(); ++b) {
      std::map<Level::Place, std::size_t> row_of;
      for (std::size_t r = 0; r < drawn[b].rows.size(); ++r) {
        for (const Level::Place place : drawn[b].rows[r]) CHECK(row_of.emplace(place, r).second);
      }
      for (const std::uint32_t child : picture.boxes[b].children) CHECK(row_of.count(child) == 1);
      for (const Level::Segment& s : drawn[b].segments) {
        const std::size_t from = s.from == b ? 0 : row_of.at(s.from) + 1;
        const std::size_t to = s.to == b ? drawn[b].rows.size() : row_of.at(s.to);
        CHECK(from == to);
      }
    }
  }
}
