// Outputs that lie in one alias class share one record of what that class holds, so that the check is
// linear in inputs and outputs, and each pair of classes (before, after) is compared once.

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "ops/facts.hpp"

namespace fettle {

struct OutputAliases::Class {
  std::vector<std::string> inputs;     // sorted names of placeholders
  std::vector<std::uint32_t> outputs;  // positions, ascending
};

std::vector<std::shared_ptr<const OutputAliases::Class>> OutputAliases::classes_of(
    const Graph& graph, const AliasClasses& aliases) {
  const NodeId output = graph.output_node();
  if (!output) return {};
  std::map<std::uint32_t, std::shared_ptr<Class>> found;
  std::vector<std::shared_ptr<const Class>> by_output(graph.node(output).arguments.size());
  for (std::uint32_t k = 0; k < by_output.size(); ++k) {
    const Argument& argument = graph.node(output).arguments[k].value;
    const auto* operand = std::get_if<Operand>(&argument.payload);
    if (!operand || argument.kind != ArgKind::tensor) continue;
    auto& entry = found[aliases.class_of(graph.node(output).operands[operand->index])];
    if (!entry) entry = std::make_shared<Class>();
    entry->outputs.push_back(k);
    by_output[k] = entry;
  }
  for (NodeId id : graph.nodes()) {
    if (graph.node(id).opcode != Opcode::placeholder) break;
    for (ValueId value : graph.results(id)) {
      const auto entry = found.find(aliases.class_of(value));
      if (entry != found.end()) entry->second->inputs.emplace_back(graph.text(graph.node(id).name));
    }
  }
  for (auto& [root, entry] : found) std::ranges::sort(entry->inputs);
  return by_output;
}

OutputAliases::OutputAliases(const Graph& before, const AliasClasses& aliases)
    : classes_(classes_of(before, aliases)) {}

void OutputAliases::check(const Graph& after, const AliasClasses& aliases) const {
  const auto refuse = [](std::uint32_t k, const std::string& other) {
    throw Error({.code = Code::graph_new_alias,
                 .what = "output " + std::to_string(k) + " may now share storage with " + other,
                 .where = "the program's outputs",
                 .why = "a caller who writes to one of the two would change the other, and no "
                        "comparison of numbers can see that",
                 .hint = "leave this output as it was, or return a clone"});
  };
  const auto now = classes_of(after, aliases);
  static const Class kNothing;
  std::set<std::pair<const Class*, const Class*>> compared;
  for (std::uint32_t k = 0; k < now.size(); ++k) {
    if (!now[k]) continue;
    const Class* before = k < classes_.size() && classes_[k] ? classes_[k].get() : &kNothing;
    if (!compared.emplace(before, now[k].get()).second) continue;
    for (const std::string& input : now[k]->inputs) {
      if (!std::ranges::binary_search(before->inputs, input)) refuse(k, "'" + input + "'");
    }
    for (std::uint32_t other : now[k]->outputs) {
      if (other != k && !std::ranges::binary_search(before->outputs, other)) {
        refuse(k, "output " + std::to_string(other));
      }
    }
  }
}

}  // namespace fettle
