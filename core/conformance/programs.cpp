#include "conformance/programs.hpp"

#include <fmt/format.h>

#include <iterator>

#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "ops/registry.hpp"

namespace fettle::conformance {
namespace {

std::optional<ParameterInfo> parameter_of(std::string_view op, std::size_t position,
                                          std::string_view name) {
  const OperatorSchema* schema = find_operator(op);
  if (!schema) return std::nullopt;
  for (std::size_t k = 0; k < schema->arguments.size(); ++k) {
    const SchemaArgument& argument = schema->arguments[k];
    if (name.empty() ? k == position : argument.name == name) {
      return ParameterInfo{argument.name, argument.kind};
    }
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Graph> graph_of(std::string_view text) {
  ParseOptions options;
  options.source = "conformance program";
  options.parameters = parameter_of;
  std::unique_ptr<Graph> graph = parse_graph(text, options);
  bind_schemas(*graph, options.source);
  check(*graph);
  check_schemas(*graph);
  return graph;
}

std::string exact_text(const Graph& graph) {
  return print(graph, PrintOptions::exact());
}

std::vector<NamedProgram> empty_programs() {
  return {{"a program without inputs and outputs", "graph(): return ()"},
          {"a program that returns its input", "graph(x: f32[4]): return (x,)"},
          {"a program that returns a weight",
           "graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], x: f32[2]): return (w,)"}};
}

std::vector<NamedProgram> one_node_programs() {
  return {{"a program of one call", R"(
    graph(x: f32[4]):
      relu: f32[4] = aten.relu.default(x)
      return (relu,))"},
          {"a program of one unused call", R"(
    graph(x: f32[4]):
      relu: f32[4] = aten.relu.default(x)
      return (x,))"},
          {"a program of one call without operands", R"(
    graph():
      full: f32[2, 2] = aten.full.default([2, 2], 0.5)
      return (full,))"}};
}

NamedProgram nested_program() {
  return {"a program with branches three deep", R"(
    graph(w: f32[2] = parameter 'w' value=[1.0, 4.0], x: f32[2], p: b8[], q: b8[]):
      neg: f32[2] = aten.neg.default(x)
      cond: (out: f32[2]) = higher_order.cond(p, self.yes, self.no, [neg, w, q])
        graph yes(a: f32[2], b: f32[2], r: b8[]):
          sqrt: f32[2] = aten.sqrt.default(b)
          relu: f32[2] = aten.relu.default(a)
          relu_1: f32[2] = aten.relu.default(relu)
          unused: f32[2] = aten.sin.default(a)
          inner: (got: f32[2]) = higher_order.cond(r, self.deep, self.flat, [relu_1, sqrt, r])
            graph deep(c: f32[2], d: f32[2], s: b8[]):
              add: f32[2] = aten.add.Tensor(c, d)
              add_1: f32[2] = aten.add.Tensor(c, d)
              last: (end: f32[2]) = higher_order.cond(s, self.one, self.other, [add, add_1])
                graph one(e: f32[2], f: f32[2]):
                  mul: f32[2] = aten.mul.Tensor(e, f)
                  return (mul,)
                graph other(e: f32[2], f: f32[2]):
                  sub: f32[2] = aten.sub.Tensor(e, f)
                  return (sub,)
              return (end,)
            graph flat(c: f32[2], d: f32[2], s: b8[]):
              mul: f32[2] = aten.mul.Tensor(c, d)
              return (mul,)
          return (got,)
        graph no(a: f32[2], b: f32[2], r: b8[]):
          mul: f32[2] = aten.mul.Tensor(a, b)
          return (mul,)
      relu: f32[2] = aten.relu.default(out)
      relu_1: f32[2] = aten.relu.default(relu)
      return (relu_1,))"};
}

NamedProgram large_program() {
  constexpr std::uint32_t kCalls = 100'000;
  std::string text =
      "graph(w: f32[4] = parameter 'w' value=0.5, x: f32[4]):\n  v0: f32[4] = "
      "aten.relu.default(x)\n";
  for (std::uint32_t i = 1; i < kCalls; ++i) {
    const auto out = std::back_inserter(text);
    switch (i % 8) {
      case 1:  // like one before it
        fmt::format_to(out, "  v{}: f32[4] = aten.relu.default(v{})\n", i, i >= 8 ? i - 2 : i - 1);
        break;
      case 2:
        fmt::format_to(out, "  v{}: f32[4] = aten.mul.Tensor(v{}, w)\n", i, i - 1);
        break;
      case 3:  // unused
        fmt::format_to(out, "  v{}: f32[4] = aten.sin.default(v{})\n", i, i - 1);
        break;
      case 4:
        fmt::format_to(out, "  v{}: f32[4] = aten.add.Tensor(v{}, v{})\n", i, i - 2, i / 2);
        break;
      default:
        fmt::format_to(out, "  v{}: f32[4] = aten.{}.default(v{})\n", i, i % 2 ? "relu" : "neg",
                       i - 1);
    }
  }
  fmt::format_to(std::back_inserter(text), "  return (v{},)\n", kCalls - 1);
  return {"a program of 100,000 calls", std::move(text)};
}

NamedProgram random_program_of(std::uint64_t seed, std::uint64_t index) {
  constexpr std::uint64_t kMostCalls = 40;
  return {fmt::format("random program {} of seed {}", index, seed),
          random_program(seed * 1'000'003 + index, 4 + (index * 7) % kMostCalls)};
}

}  // namespace fettle::conformance
