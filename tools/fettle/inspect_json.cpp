// Every node of every block, in program order, one a line: the file of a large program streams.
#include <boost/json.hpp>
#include <ostream>

#include "graph/text.hpp"
#include "inspect_formats.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

json::string text(std::string_view view) {
  return json::string(view);
}

json::array values(const Graph& graph, auto&& ids) {
  json::array out;
  for (const ValueId id : ids) out.push_back(text(graph.text(graph.value(id).name)));
  return out;
}

json::array types(const Graph& graph, NodeId node) {
  json::array out;
  for (const ValueId id : graph.results(node)) {
    out.push_back(json::string(print_type(graph.type(id), PrintOptions::Types::full)));
  }
  return out;
}

// Names of the specs' kinds as torch.export's signature has them.
constexpr const char* kInputKinds[] = {"user_input",      "parameter",  "buffer",
                                       "tensor_constant", "custom_obj", "token",
                                       "constant_input"};

json::object node_json(const Graph& graph, NodeId id, const Costs& costs) {
  const Node& node = graph.node(id);
  json::object out{{"name", text(graph.text(node.name))},
                   {"op", text(opcode_name(node.opcode))},
                   {"target", text(graph.text(node.op))},
                   {"block", node.block.index},
                   {"operands", values(graph, node.operands)},
                   {"results", values(graph, graph.results(id))},
                   {"types", types(graph, id)},
                   {"text", print_node(graph, id)}};
  if (node.opcode == Opcode::call_function) out["cost"] = node_cost_json(costs, id);
  if (node.input_spec) {
    out["kind"] = kInputKinds[static_cast<std::size_t>(node.input_spec->kind)];
    if (!node.input_spec->target.empty()) out["constant"] = text(node.input_spec->target);
  }
  return out;
}

}  // namespace

void write_json(const Program& program, const json::object* profile, std::ostream& out) {
  const Graph& graph = *program.graph;
  const Costs costs(graph, Storages(graph));
  json::array imports;
  for (const std::string& module : program.imports) imports.push_back(text(module));
  out << "{\"node_count\": " << graph.node_count()
      << ",\n \"imports\": " << json::serialize(imports)
      << ",\n \"samples\": " << program.samples.size()
      << ",\n \"memory\": " << json::serialize(memory_json(graph))
      << ",\n \"cost\": " << json::serialize(cost_json(graph, costs));
  if (profile) out << ",\n \"profile\": " << json::serialize(*profile);
  out << ",\n \"nodes\": [";
  const char* separator = "\n  ";
  for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
    if (!graph.alive(BlockId(b))) continue;
    for (const NodeId node : graph.nodes(BlockId(b))) {
      out << separator << json::serialize(node_json(graph, node, costs));
      separator = ",\n  ";
    }
  }
  out << "\n]}\n";
}

}  // namespace fettle
