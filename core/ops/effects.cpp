#include "ops/effects.hpp"

#include <unordered_map>
#include <unordered_set>

namespace fettle {
namespace {

std::optional<EffectKind> kind_of(InputKind kind) {
  switch (kind) {
    case InputKind::user_input: return EffectKind::user_input;
    case InputKind::parameter: return EffectKind::parameter;
    case InputKind::buffer: return EffectKind::buffer;
    case InputKind::tensor_constant: return EffectKind::constant;
    case InputKind::custom_obj:
    case InputKind::token:
    case InputKind::constant_input: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<EffectKind> kind_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::buffer_mutation: return EffectKind::buffer;
    case OutputKind::parameter_mutation: return EffectKind::parameter;
    case OutputKind::user_input_mutation: return EffectKind::user_input;
    case OutputKind::gradient_to_parameter: return EffectKind::parameter_gradient;
    case OutputKind::gradient_to_user_input: return EffectKind::user_input_gradient;
    case OutputKind::user_output:
    case OutputKind::loss_output:
    case OutputKind::token: return std::nullopt;
  }
  return std::nullopt;
}

// Parameters, buffers and user inputs each have names of their own.
EffectKind subject(EffectKind kind) {
  if (kind == EffectKind::parameter_gradient) return EffectKind::parameter;
  if (kind == EffectKind::user_input_gradient) return EffectKind::user_input;
  return kind;
}

std::string key(EffectKind kind, std::string_view target) {
  return std::string(effect_kind_name(kind)) + ' ' + std::string(target);
}

class Effects {
 public:
  Effects(const Graph& graph, const AliasClasses& aliases) : graph_(graph), aliases_(aliases) {}

  std::vector<Effect> find() {
    read_outputs();
    for (NodeId id : graph_.nodes()) {
      if (graph_.node(id).opcode != Opcode::placeholder) break;
      if (const auto name = name_of(id)) placeholder(id, *name);
    }
    for (auto& [name, positions] : gradients_) {
      const auto found = placeholders_.find(key(subject(name.kind), name.target));
      found_.push_back({std::move(name),
                        found == placeholders_.end() ? ValueId{} : found->second,
                        std::move(positions)});
    }
    return std::move(found_);
  }

 private:
  void read_outputs() {
    const NodeId output = graph_.output_node();
    if (!output) return;
    const Node& node = graph_.node(output);
    for (std::uint32_t k = 0; k < node.output_specs.size(); ++k) {
      const auto kind = kind_of(node.output_specs[k].kind);
      if (!kind) continue;
      const std::string& target = node.output_specs[k].target;
      if (subject(*kind) != *kind) {
        gradient({*kind, target}, k);
      } else {
        updates_[key(*kind, target)].push_back(k);
      }
    }
    // What shares the storage of an updated constant changes with it.
    for (NodeId id : graph_.nodes()) {
      if (graph_.node(id).opcode != Opcode::placeholder) break;
      const auto name = name_of(id);
      if (!name || !updates_.contains(key(name->kind, name->target))) continue;
      if (const Storage* storage = storage_of(id)) updated_.insert(storage);
    }
  }

  void gradient(EffectName name, std::uint32_t output) {
    const auto [at, added] = gradient_at_.try_emplace(key(name.kind, name.target), gradients_.size());
    if (added) gradients_.push_back({std::move(name), {}});
    gradients_[at->second].second.push_back(output);
  }

  void placeholder(NodeId id, const EffectName& name) {
    const ValueId value = graph_.result(id);
    const std::string known = key(name.kind, name.target);
    placeholders_.emplace(known, value);
    if (graph_.type(value).kind != TypeKind::tensor) return;
    const auto update = updates_.find(known);
    const bool updated = update != updates_.end() || updated_.contains(storage_of(id));
    if (!updated && !aliases_.written(value)) return;
    found_.push_back({name, value, update == updates_.end() ? std::vector<std::uint32_t>{}
                                                            : update->second});
  }

  std::optional<EffectName> name_of(NodeId id) const {
    const Node& node = graph_.node(id);
    if (!node.input_spec || node.result_count != 1) return std::nullopt;
    const auto kind = kind_of(node.input_spec->kind);
    if (!kind) return std::nullopt;
    if (*kind != EffectKind::user_input) return EffectName{*kind, node.input_spec->target};
    return EffectName{*kind, std::string(graph_.text(graph_.value(graph_.result(id)).name))};
  }

  const Storage* storage_of(NodeId id) const {
    const auto found = graph_.constants().find(graph_.node(id).input_spec->target);
    return found == graph_.constants().end() ? nullptr : found->second.storage.get();
  }

  const Graph& graph_;
  const AliasClasses& aliases_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> updates_;  // by key: outputs
  std::unordered_set<const Storage*> updated_;
  std::unordered_map<std::string, std::size_t> gradient_at_;
  std::vector<std::pair<EffectName, std::vector<std::uint32_t>>> gradients_;
  std::unordered_map<std::string, ValueId> placeholders_;  // by key
  std::vector<Effect> found_;
};

}  // namespace

std::vector<Effect> program_effects(const Graph& graph, const AliasClasses& aliases) {
  return Effects(graph, aliases).find();
}

}  // namespace fettle
