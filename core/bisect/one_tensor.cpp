#include "bisect/one_tensor.hpp"

#include <fmt/format.h>

#include "graph/text.hpp"
#include "ops/registry.hpp"
#include "runtime/executable.hpp"

namespace fettle {
namespace {

Tensor result_of(const Tensor& x, std::string_view call) {
  const std::unique_ptr<Graph> graph =
      parse_graph(fmt::format("graph(x):\n  y = {}\n  return (y,)\n", call));
  bind_schemas(*graph, "a call on one tensor");
  const NodeId node = graph->node(graph->output_node()).prev;
  const RunValue operand = x;
  return std::get<Tensor>(evaluate_call(*graph, node, {&operand, 1}).at(0));
}

Tensor copy_of(const Tensor& x) {
  return Tensor::from_constant(x.to_constant(), false);
}

}  // namespace

Tensor computed(const Tensor& x, std::string_view call) {
  return copy_of(result_of(x, call));
}

Tensor part_of(const Tensor& x, std::span<const std::int64_t> sizes, End end) {
  const std::vector<SymInt> whole = x.type().sizes;
  Tensor part = x;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == whole.at(d).value) continue;
    const std::int64_t first = end == End::first ? 0 : whole[d].value - sizes[d];
    part = result_of(part,
                     fmt::format("aten.slice.Tensor(x, {}, {}, {})", d, first, first + sizes[d]));
  }
  return copy_of(part);
}

}  // namespace fettle
