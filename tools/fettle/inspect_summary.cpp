#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>

#include "graph/text.hpp"
#include "inspect_formats.hpp"
#include "numbers.hpp"
#include "table.hpp"

namespace fettle {
namespace {

// "2 parameters (1,234 elements; 1 more name of the same), 3 buffers, 0 constants: 5.1 kB".
std::string weights_text(const Graph& graph) {
  std::uint64_t buffers = 0, constants = 0;
  double bytes = 0;  // storage that several share counts once
  std::set<const Storage*> seen;
  for (const NodeId node : graph.nodes()) {
    const InputSpec* spec = graph.node(node).input_spec.get();
    if (!spec) continue;
    const auto constant = graph.constants().find(spec->target);
    if (constant == graph.constants().end()) continue;
    buffers += spec->kind == InputKind::buffer;
    constants += spec->kind == InputKind::tensor_constant;
    const Storage* storage = constant->second.storage.get();
    if (storage && seen.insert(storage).second) bytes += static_cast<double>(storage->size);
  }
  const ParameterCount p = count_parameters(graph);
  const std::string tied =
      p.tied == 0 ? "" : fmt::format("; {} more of the same by another name", p.tied);
  return fmt::format("{} parameters ({} elements{}), {} buffers, {} constants: {}\n", p.parameters,
                     human_count(static_cast<std::uint64_t>(p.elements)), tied, buffers, constants,
                     human_bytes(bytes));
}

std::string inputs_text(const Graph& graph) {
  Table table({"input", "type"});
  for (const NodeId node : graph.nodes()) {
    const Node& n = graph.node(node);
    if (!n.input_spec || n.input_spec->kind != InputKind::user_input || n.result_count == 0)
      continue;
    table.add({std::string(graph.text(n.name)), print_type(graph.type(graph.result(node)))});
  }
  return table.empty() ? "  no inputs\n" : table.text();
}

// What an output does besides being returned: "buffer_mutation bn.running_mean".
std::string output_role(const OutputSpec& spec) {
  constexpr const char* roles[] = {"",
                                   "loss",
                                   "new value of buffer",
                                   "new value of parameter",
                                   "new value of input",
                                   "gradient of parameter",
                                   "gradient of input",
                                   "token"};
  const std::string role = roles[static_cast<std::size_t>(spec.kind)];
  return spec.target.empty() ? role : role + " " + spec.target;
}

std::string outputs_text(const Graph& graph) {
  const NodeId output = graph.output_node();
  if (!output) return {};
  Table table({"output", "type", "role"});
  const Node& node = graph.node(output);
  for (std::size_t i = 0; i < node.arguments.size(); ++i) {
    const auto* operand = std::get_if<Operand>(&node.arguments[i].value.payload);
    const std::string role = i < node.output_specs.size() ? output_role(node.output_specs[i]) : "";
    if (!operand) {
      table.add({std::string(arg_kind_name(node.arguments[i].value.kind)), "a constant", role});
      continue;
    }
    const ValueId value = node.operands[operand->index];
    table.add(
        {std::string(graph.text(graph.value(value).name)), print_type(graph.type(value)), role});
  }
  return table.text();
}

std::uint32_t nested_blocks(const Graph& graph) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 1; i < graph.block_bound(); ++i) count += graph.alive(BlockId(i));
  return count;
}

std::string samples_text(const Program& program) {
  if (program.samples.empty()) return "none stored\n";
  const auto answered =
      std::ranges::count_if(program.samples, [](const Sample& s) { return !s.outputs.empty(); });
  return fmt::format("{}, {} with the {} model's outputs\n", program.samples.size(), answered,
                     program.outputs_from);
}

// "schema 8.16, torch 2.13.0", as far as the archive says.
std::string versions_text(const Program& program) {
  std::string out = "schema ";
  const auto* version = program.document.if_contains("schema_version");
  if (const auto* fields = version ? version->if_object() : nullptr) {
    const auto part = [&](const char* key) {
      const auto* value = fields->if_contains(key);
      return value ? boost::json::serialize(*value) : "?";
    };
    out += part("major") + "." + part("minor");
  } else {
    out += "?";
  }
  if (const auto* torch = program.document.if_contains("torch_version");
      torch && torch->is_string()) {
    out += ", torch " + std::string(torch->as_string());
  }
  return out + "\n";
}

}  // namespace

std::string summary_text(const Program& program, const std::string& path) {
  const Graph& graph = *program.graph;
  const Costs costs(graph, Storages(graph));
  std::string out = path + "\n";
  out += fmt::format("  {} nodes, nested graphs: {}\n", human_count(graph.node_count()),
                     nested_blocks(graph));
  out += "  " + weights_text(graph);
  out += "  values: " + memory_text(graph);
  out += "  calls: " + cost_text(costs);
  out += "  samples: " + samples_text(program);
  out += "  written by: " + versions_text(program);
  for (const std::string& module : program.imports) {
    out += fmt::format("  needs 'import {}' before torch.export.load\n", module);
  }
  return out + "\n" + inputs_text(graph) + "\n" + outputs_text(graph) + "\n" +
         operators_text(graph, costs);
}

}  // namespace fettle
