// The text form: what it looks like, and that it parses back to the same graph.
#include "base/error.hpp"
#include "catch.hpp"
#include "graph/checks.hpp"
#include "graph/text.hpp"

using namespace fettle;
using fettle::test::contains;

namespace {

// Parses, checks that exact text is a fixed point, and prints briefly.
std::string reprint(std::string_view text, const PrintOptions& options = {}) {
  const auto graph = parse_graph(text);
  const std::string exact = print(*graph, PrintOptions::exact());
  CHECK(print(*parse_graph(exact), PrintOptions::exact()) == exact);
  return print(*graph, options);
}

// The same text comes back.
void check_same(std::string_view text, const PrintOptions& options = {}) {
  CHECK(reprint(text, options) == text);
}

// One call in a program with values of every kind; the call must come back as it was written.
void check_call(const std::string& call) {
  INFO(call);
  const std::string text =
      "graph(x: f32[2], y: f32[2], n: Sym(s0), r: SymFloat('1.5'), t: SymBool(1), "
      "o: CustomObj('C')):\n  z = " + call + "\n  return (z,)\n";
  CHECK(reprint(text) == text);
}

struct Failure {
  std::string code, where, text;
};
Failure failure(std::string_view text) {
  try {
    parse_graph(text);
  } catch (const Error& error) {
    return {std::string(code_name(error.code())), error.diagnostic().where, error.what()};
  }
  return {};
}

}  // namespace

TEST_CASE("a program reads as print(exported_program) does") {
  check_same(
      "graph(p_w: f32[4, 3, 3, 3] = parameter 'conv.weight', x: f32[1, 3, 8, 8]):\n"
      "  conv2d: f32[1, 4, 6, 6] = aten.conv2d.default(x, p_w, None, [1, 1])\n"
      "  max_1: (getitem: f32[1, 4, 6], getitem_1: i64[1, 4, 6]) = aten.max.dim(conv2d, 3)\n"
      "  split: [getitem_2: f32[1, 2, 6], getitem_3: f32[1, 2, 6]] = aten.split.Tensor(getitem, 2, "
      "1)\n"
      "  _assert_async: None = aten._assert_async.msg(getitem_2, 'it\\'s wrong')\n"
      "  add: f32[1, 2, 6] = aten.add.Tensor(getitem_2, 1.0, alpha=2)\n"
      "  return (add, getitem_1)\n");
}

TEST_CASE("what a person writes by hand is short") {
  const auto graph = parse_graph(R"(
    graph(x: f32[2], c: f32[2] = tensor_constant 'c' value=1.5):  # a comment
      a, b = aten.max.dim(x, 0)
      aten._assert_async.default(b)
      return (a)
  )");
  check(*graph);
  CHECK(graph->node_count() == 5);
  CHECK(print(*graph, {.types = PrintOptions::Types::none}) ==
        "graph(x, c = tensor_constant 'c'):\n"
        "  max_1: (a, b) = aten.max.dim(x, 0)\n"
        "  _assert_async: None = aten._assert_async.default(b)\n"
        "  return (a,)\n");
}

TEST_CASE("inputs and outputs say what they stand for") {
  check_same(
      "graph(\n"
      "    w: f32[2] = parameter 'w',\n"
      "    b: f32[2] = buffer 'bn.mean' persistent=False,\n"
      "    c: i64[] = tensor_constant 'c',\n"
      "    obj: CustomObj('torch.Queue') = custom_obj 'queue',\n"
      "    tok: Token = token,\n"
      "    k: None = constant_input 'k' 3,\n"
      "    x: f32[2]):\n"
      "  add: f32[2] = aten.add.Tensor(b, x)\n"
      "  return (tok -> token, add -> buffer_mutation 'bn.mean', add -> user_input_mutation 'x', "
      "x, 4, None)\n");
}

TEST_CASE("nested graphs follow the call that owns them") {
  const std::string text =
      "graph(x: f32[2], y: f32[2]):\n"
      "  wrap: (getitem: f32[2],) = higher_order.wrap_with_set_grad_enabled(False, self.submod_1, "
      "x)\n"
      "    graph submod_1(x: f32[2]):\n"
      "      cond: f32[2] = higher_order.cond(True, self.yes, self.no, [x])\n"
      "        graph yes(x: f32[2]):\n"
      "          sin: f32[2] = aten.sin.default(x)\n"
      "          return (sin,)\n"
      "        graph no(x: f32[2]):\n"
      "          return (x,)\n"
      "      return (cond,)\n"
      "  add: f32[2] = aten.add.Tensor(getitem, y)\n"
      "  return (add,)\n";
  const auto graph = parse_graph(text);
  check(*graph);
  CHECK(graph->block_bound() == 4);
  std::string printed = print(*graph);
  CHECK(printed.find("wrap: (getitem: f32[2]) = ") != printed.npos);
  printed.replace(printed.find("f32[2]) = higher"), 7, "f32[2],)");
  CHECK(printed == text);
}

TEST_CASE("arguments of every kind come back") {
  for (const char* value : {
           "None", "x", "None!optional_tensor", "x!optional_tensor", "[x, y]", "[]!tensors",
           "[x, None]", "[]!optional_tensors", "[x, y]!optional_tensors", "[None]",
           "[[x], [y, x]]", "[[], [x]]", "[]!nested_tensors", "[[]]!nested_tensors",
           "1", "-9223372036854775808", "[1, 2]", "[]", "[[1], [2, 3]]", "[[], []]",
           "1.0", "-0.0", "1e+300", "5e-324", "0.1", "inf", "-inf", "nan", "-nan",
           "nan(0x7ff0000000000001)", "[1.0, inf, nan]", "[]!floats", "[[1.0], []]",
           "[[]]!float_lists", "True", "False", "[True, False]", "[]!bools",
           "complex(1.0, -0.0)", "complex(nan, inf)", "''", "'it\\'s \\\\ \\n\\x01 ü'",
           "['a', 'b']", "[]!strings", "n", "4!sym_int", "[n, 2]", "[1, 2]!sym_ints",
           "[]!sym_ints", "r", "1.5!sym_float", "[r, 2.0]", "[]!sym_floats", "t",
           "True!sym_bool", "[t, False]", "[]!sym_bools", "torch.float32", "torch.bool",
           "99!scalar_type", "torch.strided", "torch._mkldnn", "42!layout",
           "torch.preserve_format", "7!memory_format", "device(type='cpu')",
           "device(type='cuda', index=1)", "'aten.add.Tensor'!operator", "o",
           "{'a': 1, 'b': [x], 'c': []!floats, 'd': {}}", "{}",
       }) {
    check_call("aten.op.default(" + std::string(value) + ")");
    check_call("aten.op.default(x, self=" + std::string(value) + ", device=x)");
  }
}

TEST_CASE("exact text keeps how each argument was given") {
  check_same(
      "graph(x: f32[2]):\n"
      "  add: f32[2] = aten.add.Tensor(self: x, other: 1, alpha:=1)\n"
      "  mul: f32[2] = aten.mul.Tensor(self: add, other=add)\n"
      "  return (mul,)\n",
      PrintOptions::exact());
  const auto graph =
      parse_graph("graph(x): y = aten.add.Tensor(self: x, other: 1, alpha:=1) return (y)");
  CHECK_THAT(print(*graph), contains("y = aten.add.Tensor(x, 1)\n"));
}

TEST_CASE("a schema lookup names arguments and settles kinds") {
  const ParameterLookup lookup = [](std::string_view op, std::size_t position,
                                    std::string_view name) -> std::optional<ParameterInfo> {
    if (op != "aten.cat.default") return std::nullopt;
    if (position == 0 || name == "tensors") return ParameterInfo{"tensors", ArgKind::tensors};
    return ParameterInfo{"dim", ArgKind::integer};
  };
  const std::string text = "graph():\n  cat = aten.cat.default([], 1)\n  return (cat,)\n";
  const auto graph = parse_graph(text, {.source = "t", .parameters = lookup});
  const NodeId cat = *graph->nodes().begin();
  REQUIRE(graph->argument(cat, "tensors"));
  CHECK(graph->argument(cat, "tensors")->value.kind == ArgKind::tensors);
  CHECK(graph->argument(cat, "dim"));
  PrintOptions options;
  options.parameters = lookup;
  CHECK(print(*graph, options) == text);
  CHECK_THAT(print(*graph), contains("[]!tensors"));
}

TEST_CASE("types show what is unusual, and everything on request") {
  PrintOptions full;
  full.types = PrintOptions::Types::full;
  check_same(
      "graph(\n"
      "    a: f32[2, 3][1, 2]cuda:0<requires_grad, offset=4>,\n"
      "    b: bf16[s0=8, 'Add(Integer(1), Symbol(\\'s0\\'))', s1],\n"
      "    c: ?[]meta,\n"
      "    d: i64[2]<layout=sparse_coo>,\n"
      "    e: f32[s0=8][1],\n"
      "    f: f32[1, 4][9, 1]'odd device'):\n"
      "  n: Sym(s0=8) = aten.sym_size.int(b, 0)\n"
      "  m: SymBool('Eq(s0, 8)'=1) = _operator.eq(n, 8)\n"
      "  return (n, m)\n",
      full);
  const auto graph = parse_graph("graph(a: f32[2, 1][1, 7]<requires_grad>): return (a,)");
  CHECK(print(*graph) == "graph(a: f32[2, 1]):\n  return (a,)\n");
  CHECK(print(*graph, full) == "graph(a: f32[2, 1][1, 7]<requires_grad>):\n  return (a,)\n");
}

TEST_CASE("symbolic sizes are shown as PyTorch shows them, and what the program demands of them") {
  const std::string text =
      "symbol s0: 'integer=True'\n"
      "range s77 in [2, inf]\n"
      "range 2*s77 + 1 in [-inf, 101]\n"
      "guard 'L[\\'x\\'].size()[0] != 7'\n"
      "graph(x: f32[s77=4, 2*s77 + 1=9, 5][45, 5, 1], y: i64[(s77//2), Max(1, s0)=3][1, 1]"
      "<offset=2*s0>):\n"
      "  n: Sym(s77 - 1=3) = aten.op.default(x)\n"
      "  m: SymBool(s77 - 1 >= 2=1) = _operator.ge(n, 2)\n"
      "  return (n, m)\n";
  check_same(text, PrintOptions::exact());
  const auto graph = parse_graph(text);
  const Type& type = graph->type(graph->result(*graph->nodes().begin()));
  CHECK(type.sizes[1].expression ==
        "Add(Mul(Integer(2), Symbol('s77', positive=True, integer=True)), Integer(1))");
  CHECK(graph->shape_constraints().ranges[1] == SizeRange{"2*s77 + 1", std::nullopt, 101});
  CHECK(print(*graph).starts_with("symbol s0: 'integer=True'\nrange s77 in [2, inf]\n"
                                  "range 2*s77 + 1 in [-inf, 101]\n"
                                  "graph(x: f32[s77, 2*s77 + 1, 5], y: i64[(s77//2), Max(1, s0)])"));
  CHECK(print_type(type) == "f32[s77, 2*s77 + 1, 5]");
}

TEST_CASE("result forms come back") {
  for (const char* results : {
           "n: (None,)", "n: None", "n: []", "n: [a]", "n: [a: f32[2], b]!optional_tensors",
           "n: (a, [b, c], None)", "n: (a: Sym(s0), b: f32[2]!sym_int)", "n: (n: None)",
           "n: (a: Sym(s0)!tensor)", "n: (None!optional_tensor)", "n: [a: Sym(4)]!sym_ints",
       }) {
    check_same("graph(x):\n  " + std::string(results) + " = a.b(x)\n  return ()\n");
  }
}

TEST_CASE("odd names are quoted") {
  check_same(
      "graph(%'a b', %'None', %'' = parameter ''):\n"
      "  %'x\\'y' = %'odd operator'(%'a b', %'odd key'=%'None')\n"
      "  return (%'x\\'y', %'')\n");
}

TEST_CASE("metadata and the fields of nodes appear on request") {
  PrintOptions options;
  options.metadata = true;
  check_same(
      "graph(x: f32[2] {@name='p_x'}) {@single_tensor_return='True', @unknown_fields='{\"a\": "
      "1}'}:\n"
      "  y: f32[2] = call_method relu(x) {@single_tensor_return='False', @unknown_fields='{}', "
      "stack_trace='File \"a.py\", line 1\\n', %'odd key'=''}\n"
      "  return (y,) {@name='result', from='here'}\n",
      options);
}

TEST_CASE("small constants are written out on request") {
  PrintOptions options;
  options.constant_elements = 16;
  for (const char* constant : {
           "f32[2, 2] = tensor_constant 'c' value=[[1.0, -0.0], [inf, 1e-45]]",
           "f64[] = parameter 'c' value=0.1",
           "i64[3] = buffer 'c' value=[1, -2, 9223372036854775807]",
           "u8[2] = buffer 'c' value=[0, 255]",
           "i8[1] = buffer 'c' value=[-128]",
           "b8[2] = buffer 'c' value=[True, False]",
           "f32[0] = buffer 'c' value=[]",
           "f16[4] = buffer 'c' value=[65504.0, 6e-08, -1.5, nan]",
           "bf16[2] = buffer 'c' value=[1.0, -3.140625]",
           "c64[1] = buffer 'c' value=[complex(1.0, -2.0)]",
           "c128[1] = buffer 'c' value=[complex(0.1, nan)]",
           "u16[1] = buffer 'c' value=[65535]",
           "i16[1] = buffer 'c' value=[-1]",
           "u32[1] = buffer 'c' value=[4294967295]",
           "i32[1] = buffer 'c' value=[-1]",
       }) {
    const std::string text = "graph(c: " + std::string(constant) + "):\n  return (c,)\n";
    const auto graph = parse_graph(text);
    check(*graph);
    const std::string printed = print(*graph, options);
    if (text.find("6e-08") == text.npos) CHECK(printed == text);
    else CHECK_THAT(printed, contains("5.9604645e-08"));  // the smallest half
  }
  const auto graph = parse_graph("graph(c: f32[2, 2] = tensor_constant 'c' value=0.5): return (c)");
  CHECK_THAT(print(*graph, options), contains("value=[[0.5, 0.5], [0.5, 0.5]]"));
  options.constant_elements = 3;
  CHECK_THAT(print(*graph, options), !contains("value"));
}

TEST_CASE("mistakes in a text are told with their place") {
  const Failure unknown = failure("graph(x):\n  y = aten.relu.default(z)\n  return (y)");
  CHECK(unknown.code == "text-unknown-value");
  CHECK(unknown.where == "text:2:25");
  CHECK_THAT(unknown.text, contains("there is no value 'z'"));
  CHECK_THAT(failure("graph(input):\n  y = aten.relu.default(inputs)").text,
             contains("did you mean 'input'?"));

  const Failure twice = failure("graph(x):\n  x = aten.relu.default(x)\n  return (x)");
  CHECK(twice.code == "text-duplicate-name");
  CHECK(twice.where == "text:2:3");
  CHECK(failure("graph(x, x): return (x)").code == "text-duplicate-name");

  for (const char* mixed : {"[1, 2.0]", "['a', 1]", "[x, 1]", "[[1], ['a']]", "1!tensor", "x!int",
                            "'a'!ints", "[1]!optional_tensors", "None!int", "1!what",
                            "torch.float32!layout", "[self.b]", "{'a': self.b}"}) {
    INFO(mixed);
    CHECK(failure("graph(x: f32[]): y = f(" + std::string(mixed) + ") return (y)").code ==
          "text-bad-kind");
  }
  for (const char* constant :
       {"f32[2] = buffer 'c' value=[1.0]", "f32[2] = buffer 'c' value=['a', 1]",
        "u8[1] = buffer 'c' value=[256]", "b8[1] = buffer 'c' value=[1]",
        "i8[] = buffer 'c' value=1.0", "f32[s0] = buffer 'c' value=1.0",
        "f8e5m2[] = buffer 'c' value=1.0", "Token = buffer 'c' value=1",
        "f32[99999999999] = buffer 'c' value=1.0"}) {
    INFO(constant);
    CHECK(failure("graph(c: " + std::string(constant) + "): return (c)").code ==
          "text-bad-constant");
  }
}

TEST_CASE("text that is not a graph is refused") {
  for (const char* text : {
           "",
           "graph",
           "graph(",
           "graph(x)",
           "graph(x):",
           "graph(x): return",
           "graph(x): return (x",
           "graph(x): return (x) more",
           "graph(x): y",
           "graph(x): y =",
           "graph(x): y = 3",
           "graph(x): y = f(",
           "graph(x): y = f(x return (x)",
           "graph(x: f33[]): return (x)",
           "graph(x: f32): return (x)",
           "graph(x: f32[2,): return (x)",
           "graph(x = thing 'a'): return ()",
           "graph(x = parameter): return ()",
           "graph(x): y = f(torch.what) return ()",
           "graph(x): y = f('abc) return ()",
           "graph(x): y = f('\\q') return ()",
           "graph(x): y = f('\\xg0') return ()",
           "graph(x): y = f(99999999999999999999) return ()",
           "graph(x): y = f(12ab) return ()",
           "graph(x): y = f(nan(0x1)) return ()",
           "graph(x): y = f(x) {a} return ()",
           "graph(x): y = f(x) {@a='b'} return ()",
           "graph(x): y = f(aten.relu) return ()",
           "graph(x): y = f(self.b) return ()",
           "graph(x): return (x -> nothing)",
           "graph(x: f32[''] ): return ()",
           "graph(x: f32[2 +]): return ()",
           "graph(x: f32[f(1]): return ()",
           "range s0 in [a, 2] graph(): return ()",
           "range s0 (1, 2) graph(): return ()",
           "symbol s0 'a' graph(): return ()",
           "graph(x: f32[1]<what>): return ()",
           "graph(x: f32[1]<layout=odd>): return ()",
           "graph(x): y = f(complex(1, 2)) return ()",
           "graph(x) {a='b'}: return ()",
           "graph(x): y = f(self.b) graph b(x = parameter 'a'): return () return ()",
       }) {
    INFO(text);
    const Failure refused = failure(text);
    CHECK(refused.code == "text-syntax");
    CHECK_THAT(refused.where, contains("text:1:"));
  }
  std::string deep = "graph(): y = f(" + std::string(100000, '[');
  CHECK_THAT(failure(deep).text, contains("nested too deep"));
}
