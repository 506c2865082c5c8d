#include "pipeline/comparable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "graph/text.hpp"

namespace fettle {
namespace {

std::vector<ValueId> user_inputs(const Graph& graph) {
  std::vector<ValueId> inputs;
  for (const NodeId node : graph.nodes()) {
    const Node& n = graph.node(node);
    if (n.opcode != Opcode::placeholder) break;
    if (n.input_spec && n.input_spec->kind == InputKind::user_input && n.result_count == 1) {
      inputs.push_back(graph.result(node));
    }
  }
  return inputs;
}

std::size_t user_outputs(const Graph& graph) {
  const std::vector<OutputSpec>& specs = graph.node(graph.output_node()).output_specs;
  return static_cast<std::size_t>(
      std::ranges::count(specs, OutputKind::user_output, &OutputSpec::kind));
}

bool agree(const SymInt& a, const SymInt& b) {
  return a.symbolic() || b.symbolic() || a.value == b.value;
}

bool agree(const Type& a, const Type& b) {
  if (a.kind != b.kind) return false;
  return a.kind != TypeKind::tensor ||
         (a.dtype == b.dtype &&
          std::ranges::equal(a.sizes, b.sizes,
                             [](const SymInt& x, const SymInt& y) { return agree(x, y); }));
}

[[noreturn]] void refuse(std::string_view a, std::string_view b, std::string why) {
  throw Error({Code::programs_incomparable, fmt::format("'{}' and '{}' cannot be compared", a, b),
               std::string(b), std::move(why),
               "name two programs that were exported for the same inputs"});
}

}  // namespace

void check_comparable(std::string_view a, const Graph& graph_a, std::string_view b,
                      const Graph& graph_b) {
  const std::vector<ValueId> inputs_a = user_inputs(graph_a), inputs_b = user_inputs(graph_b);
  if (inputs_a.size() != inputs_b.size()) {
    refuse(a, b,
           fmt::format("the one takes {} inputs, the other {}", inputs_a.size(), inputs_b.size()));
  }
  for (std::size_t i = 0; i < inputs_a.size(); ++i) {
    const Type &x = graph_a.type(inputs_a[i]), &y = graph_b.type(inputs_b[i]);
    if (agree(x, y)) continue;
    refuse(
        a, b,
        fmt::format("input {} ('{}') is {} in the one and {} in the other", i,
                    graph_b.text(graph_b.value(inputs_b[i]).name), print_type(x), print_type(y)));
  }
  if (user_outputs(graph_a) != user_outputs(graph_b)) {
    refuse(a, b,
           fmt::format("the one has {} outputs, the other {}", user_outputs(graph_a),
                       user_outputs(graph_b)));
  }
}

}  // namespace fettle
