// The diff of two graphs: what counts as the same node, what is told, and what it looks like.
#include "catch.hpp"
#include "graph/diff.hpp"
#include "graph/journal.hpp"
#include "graph/text.hpp"

using namespace fettle;
using fettle::test::contains;

namespace {

struct Both {
  explicit Both(std::string_view text_a, std::string_view text_b)
      : a(parse_graph(text_a)), b(parse_graph(text_b)), diff(diff_graphs(*a, *b)) {}
  std::string text(std::size_t context = 3) const { return unified_text(*a, *b, diff, context); }
  std::string summary() const { return summary_line(diff); }

  std::unique_ptr<Graph> a, b;
  GraphDiff diff;
};

const std::string kProgram = R"(
graph(w: f32[4] = parameter 'w' value=1.0, x: f32[4]):
  relu: f32[4] = aten.relu.default(x)
  mul: f32[4] = aten.mul.Tensor(relu, w)
  add: f32[4] = aten.add.Tensor(mul, 1.0, alpha=2)
  return (add,)
)";

std::string with(std::string text, const std::string& old, const std::string& now) {
  const std::size_t at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), now);
}

// The program with one edit, against the program.
Both edited(const std::string& old, const std::string& now) {
  return Both(kProgram, with(kProgram, old, now));
}

std::vector<std::string> fields_of(const GraphDiff& diff) {
  std::vector<std::string> fields;
  for (const BlockDiff& block : diff.blocks) {
    for (const NodeDiff& node : block.nodes) {
      fields.insert(fields.end(), node.fields.begin(), node.fields.end());
    }
  }
  return fields;
}

}  // namespace

TEST_CASE("a graph is the same as itself, and as its copy") {
  const Both both(kProgram, kProgram);
  CHECK(both.diff.same());
  CHECK(both.text().empty());
  CHECK(both.summary() == "no differences");
  CHECK(diff_graphs(*both.a, *both.a->clone()).same());
}

TEST_CASE("an edit of one node is one change, and its users are the same") {
  struct {
    const char *old, *now, *field;
  } const edits[] = {
      {"alpha=2", "alpha=3", "argument 'alpha'"},
      {"alpha=2", "alpha=2.0", "argument 'alpha'"},
      {"(mul, 1.0", "(relu, 1.0", "argument 0"},
      {"aten.relu", "aten.gelu", "operator"},
      {"relu: f32[4]", "relu: f16[4]", "type"},
      {"relu.default(x)", "relu.default(x) {stack_trace='a'}", "metadata 'stack_trace'"},
      {"relu.default(x)", "relu.default(x) {@unknown_fields='{}'}", "unknown fields"},
      {"= parameter", "= buffer", "signature"},
      {"return (add,)", "return (add -> buffer_mutation 'w',)", "signature"},
  };
  for (const auto& edit : edits) {
    INFO(edit.now);
    const Both both = edited(edit.old, edit.now);
    CHECK_FALSE(both.diff.same());
    CHECK(fields_of(both.diff) == std::vector<std::string>{edit.field});
    CHECK(both.summary() == "1 node changed");
    CHECK_FALSE(both.text().empty());
  }
}

TEST_CASE("it reads as a unified diff does") {
  CHECK(edited("alpha=2", "alpha=3").text(1) ==
        "@@ -4,3 +4,3 @@ graph\n"
        "  mul: f32[4] = aten.mul.Tensor(relu, w)\n"
        "- add: f32[4] = aten.add.Tensor(mul, 1.0, alpha=2)\n"
        "+ add: f32[4] = aten.add.Tensor(mul, 1.0, alpha=3)\n"
        "  return (add,)\n");
  // What the text does not show is said.
  CHECK(edited("relu.default(x)", "relu.default(x) {stack_trace='a'}").text(0) ==
        "@@ -3,1 +3,1 @@ graph\n"
        "! relu: f32[4] = aten.relu.default(x)  # differs: metadata 'stack_trace'\n");
  // Differences far apart are hunks of their own.
  const Both two(kProgram, with(with(kProgram, "relu.default(x)", "gelu.default(x)"),
                                "return (add,)", "return (mul,)"));
  CHECK(two.text(0) ==
        "@@ -3,1 +3,1 @@ graph\n"
        "- relu: f32[4] = aten.relu.default(x)\n"
        "+ relu: f32[4] = aten.gelu.default(x)\n"
        "@@ -6,1 +6,1 @@ graph\n"
        "- return (add,)\n"
        "+ return (mul,)\n");
}

TEST_CASE("removed and added nodes, and users that read something else now") {
  const Both dropped(kProgram, with(with(kProgram, "  relu: f32[4] = aten.relu.default(x)\n", ""),
                                    "(relu, w)", "(x, w)"));
  CHECK(dropped.summary() == "1 node removed, 1 node changed");
  const Both grown(kProgram,
                   with(kProgram, "  mul:", "  tanh: f32[4] = aten.tanh.default(x)\n  mul:"));
  CHECK(grown.summary() == "1 node added");
  CHECK_THAT(grown.text(), contains("+ tanh: f32[4] = aten.tanh.default(x)\n"));
}

TEST_CASE("an inserted node that shifts all names is one addition") {
  const std::string before = R"(
graph(x: f32[4], y: f32[4]):
  add: f32[4] = aten.add.Tensor(x, y)
  add_1: f32[4] = aten.add.Tensor(add, y)
  add_2: f32[4] = aten.add.Tensor(add_1, y)
  return (add_2,)
)";
  const std::string after = R"(
graph(x: f32[4], y: f32[4]):
  add: f32[4] = aten.add.Tensor(y, y)
  add_1: f32[4] = aten.add.Tensor(x, y)
  add_2: f32[4] = aten.add.Tensor(add_1, y)
  add_3: f32[4] = aten.add.Tensor(add_2, add)
  return (add_3,)
)";
  const Both both(before, after);
  CHECK(both.summary() == "1 node added, 1 node changed, 2 nodes renamed");
}

TEST_CASE("inputs are matched by what they stand for, else by position") {
  const Both renamed(kProgram, with(with(kProgram, "x: f32[4])", "z: f32[4])"), "(x)", "(z)"));
  CHECK(renamed.summary() == "1 node renamed");
  const Both weight(kProgram, with(with(kProgram, "graph(w:", "graph(v:"), "relu, w", "relu, v"));
  CHECK(weight.summary() == "1 node renamed");
}

TEST_CASE("the same nodes in another order are a difference") {
  const std::string before = R"(
graph(x: f32[4]):
  a: f32[4] = aten.relu.default(x)
  b: f32[4] = aten.tanh.default(x)
  c: f32[4] = aten.add.Tensor(a, b)
  return (c,)
)";
  const std::string after = R"(
graph(x: f32[4]):
  b: f32[4] = aten.tanh.default(x)
  a: f32[4] = aten.relu.default(x)
  c: f32[4] = aten.add.Tensor(a, b)
  return (c,)
)";
  const Both both(before, after);
  CHECK(both.summary() == "1 node moved");
  CHECK_THAT(both.text(), contains("# moved"));
  CHECK_FALSE(both.diff.same());
}

TEST_CASE("nested graphs are compared with those of the same call") {
  const std::string program = R"(
graph(x: f32[4]):
  w: f32[4] = higher_order.wrap_with_set_grad_enabled(False, self.submod_1, x)
    graph submod_1(y: f32[4]):
      relu: f32[4] = aten.relu.default(y)
      return (relu,)
  return (w,)
)";
  CHECK(Both(program, program).diff.same());
  const Both inner(program, with(program, "aten.relu", "aten.gelu"));
  CHECK(inner.summary() == "1 node changed");
  CHECK_THAT(inner.text(), contains("@@ graph submod_1\n"));
  const Both without(program, "graph(x: f32[4]):\n  return (x,)\n");
  CHECK(without.summary() == "4 nodes removed, 1 node changed");
  CHECK_THAT(without.text(), contains("- relu: f32[4] = aten.relu.default(y)\n"));
  CHECK(Both(program, with(program, "graph submod_1(", "graph submod_2(")).summary() ==
        "1 nested graph changed");
}

TEST_CASE("constants: their types, bytes and what shares storage") {
  const auto program = [](const std::string& value) {
    return "graph(a: f32[2] = parameter 'a' value=" + value +
           ", b: f32[2] = buffer 'b' value=0.0):\n  return (a, b)\n";
  };
  CHECK(Both(program("1.0"), program("1.0")).diff.same());
  const Both bytes(program("0.0"), program("-0.0"));
  REQUIRE(bytes.diff.constants.size() == 1);
  CHECK(bytes.diff.constants[0].fields == std::vector<std::string>{"bytes"});
  CHECK(bytes.text() == "@@ constants @@\n! a: f32[2]  # differs: bytes\n");
  CHECK(bytes.summary() == "1 constant changed");

  // Tied and untied: the same bytes, and yet another program.
  const auto untied = parse_graph(program("0.0")), tied = parse_graph(program("0.0"));
  {
    Journal journal(*tied, Journal::Recording::off);
    const TensorData a = tied->constants().find("a")->second;
    journal.remove_constant("b");
    journal.add_constant("b", a);
  }
  const GraphDiff sharing = diff_graphs(*untied, *tied);
  REQUIRE(sharing.constants.size() == 1);
  CHECK(sharing.constants[0].name == "b");
  CHECK(sharing.constants[0].fields == std::vector<std::string>{"sharing"});

  const Both added("graph(x: f32[2]):\n  return (x,)\n", program("0.0"));
  CHECK_THAT(added.summary(), contains("2 constants added"));
}

TEST_CASE("checksums that differ need no reading") {
  const auto graph = [](std::uint32_t crc) {
    auto parsed = parse_graph("graph(a: f32[2] = parameter 'a'):\n  return (a,)\n");
    auto storage = std::make_shared<Storage>();
    storage->data = reinterpret_cast<const std::byte*>(std::uintptr_t{64} + crc);  // not readable
    storage->size = 8;
    storage->crc32 = crc;
    Type type = parsed->type(parsed->result(*parsed->nodes().begin()));
    Journal(*parsed, Journal::Recording::off).add_constant("a", {storage, type});
    return parsed;
  };
  const auto a = graph(1), b = graph(2);
  CHECK(diff_graphs(*a, *b).constants.size() == 1);
}

TEST_CASE("a long chain whose names all shift") {
  constexpr int kNodes = 100'000;
  const auto chain = [](int first) {
    std::string text = "graph(x: f32[4]):\n", last = "x";
    for (int i = 0; i < kNodes; ++i) {
      const std::string name = "add_" + std::to_string(first + i);
      text += "  " + name + ": f32[4] = aten.add.Tensor(" + last + ", x)\n";
      last = name;
    }
    return text + "  return (" + last + ",)\n";
  };
  const Both both(chain(0), chain(7));
  CHECK(both.summary() == "100000 nodes renamed");
  // Nothing alike: all is replaced.
  std::string other = chain(kNodes);
  for (std::size_t at = 0; (at = other.find("aten.add", at)) != std::string::npos;) {
    other.replace(at, 8, "aten.mul");
  }
  CHECK_THAT(Both(chain(0), other).summary(), contains("100000 nodes removed, 100000 nodes added"));
}
