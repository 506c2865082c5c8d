#include <fmt/core.h>

#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "archive/json_write.hpp"
#include "archive/payloads.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

// What an input says of the constant that it stands for.
struct Wanted {
  std::string name;
  InputKind kind;
  bool weight;  // Python looks for parameters and persistent buffers in the state dict
};

std::vector<Wanted> wanted_constants(const Graph& graph) {
  std::vector<Wanted> wanted;
  std::unordered_set<std::string_view> seen;
  for (const NodeId node : graph.nodes()) {
    if (graph.node(node).opcode != Opcode::placeholder) break;
    const InputSpec& spec = *graph.node(node).input_spec;
    const bool parameter = spec.kind == InputKind::parameter,
               buffer = spec.kind == InputKind::buffer;
    if (!parameter && !buffer && spec.kind != InputKind::tensor_constant) continue;
    if (seen.insert(spec.target).second) {
      wanted.push_back({spec.target, spec.kind, parameter || (buffer && spec.persistent)});
    }
  }
  return wanted;
}

// {"path_name": "weight_0", "is_param": true, "use_pickle": false, "tensor_meta": {…}}
void write_entry(JsonWriter& out, std::string_view record, bool is_param, const Type& type) {
  out.raw("{\"path_name\": ");
  out.string(record);
  out.key("is_param");
  out.boolean(is_param);
  out.raw(", \"use_pickle\": false, \"tensor_meta\": ");
  write_tensor_meta(out, type);
  out.raw("}");
}

// Writes one folder: an entry for each tensor, a record for each storage.
class FolderBuilder {
 public:
  FolderBuilder(const Program& program, const Originals& originals, bool weight)
      : originals_(originals),
        others_(originals.find({Element::payload_config, weight})),
        prefix_(weight ? "weight_" : "tensor_"),
        folder_(payload_folder(weight)) {
    for (const Payload& payload : program.payloads) {
      if (payload.weight != weight) continue;
      names_.emplace(payload.data.storage.get(), payload.record);
      reserve(payload.record);
    }
    for (const Record& record :
         program.records) {  // what lies there without an entry keeps its name
      if (record.path.starts_with(folder_))
        reserve(std::string_view(record.path).substr(folder_.size()));
    }
    out_.raw("{\"config\": {");
  }

  // `position`: of the entry in Program::payloads, if it was there.
  void add(std::string_view name, bool is_param, const TensorData& data,
           std::optional<std::uint32_t> position) {
    out_.key(name, first_);
    first_ = false;
    const std::size_t begin = out_.size();
    write_entry(out_, record_of(data.storage), is_param, data.type);
    const auto* original = position ? originals_.find({Element::payload, 0, *position}) : nullptr;
    if (!original || original->own_hash != hash_text(out_.since(begin))) return;
    out_.truncate(begin);
    out_.raw(original->text);
  }

  PayloadFolder finish() {
    out_.raw("}");
    if (others_) write_members(out_, *others_);
    out_.raw("}");
    return {std::move(records_), std::move(config_)};
  }

 private:
  void reserve(std::string_view record) {
    std::uint64_t number = 0;
    if (!record.starts_with(prefix_)) return;
    record.remove_prefix(prefix_.size());
    const auto [end, error] = std::from_chars(record.data(), record.data() + record.size(), number);
    if (error == std::errc{} && end == record.data() + record.size() && number >= next_ &&
        number < UINT64_MAX)
      next_ = number + 1;
  }

  const std::string& record_of(const std::shared_ptr<const Storage>& storage) {
    auto found = names_.find(storage.get());
    if (found == names_.end())
      found = names_.emplace(storage.get(), fmt::format("{}{}", prefix_, next_++)).first;
    if (written_.insert(storage.get()).second)
      records_.push_back({folder_ + found->second, storage});
    return found->second;
  }

  const Originals& originals_;
  const Originals::Original* others_;
  std::string_view prefix_;
  std::string folder_, config_;
  JsonWriter out_{config_};
  bool first_ = true;
  std::uint64_t next_ = 0;
  std::unordered_map<const Storage*, std::string> names_;
  std::unordered_set<const Storage*> written_;
  std::vector<PayloadRecord> records_;
};

}  // namespace

std::size_t payload_hash(const Payload& payload) {
  std::string text;
  JsonWriter out(text);
  write_entry(out, payload.record, payload.is_param, payload.data.type);
  return hash_text(text);
}

PayloadFolders collect_payloads(const Program& program) {
  const Graph& graph = *program.graph;
  const std::vector<Wanted> wanted = wanted_constants(graph);
  std::unordered_map<std::string_view, const Wanted*> by_name;
  std::unordered_set<const Storage*> used, once_lifted;
  for (const Wanted& constant : wanted) {
    by_name.emplace(constant.name, &constant);
    const auto found = graph.constants().find(constant.name);
    if (found == graph.constants().end()) {
      throw Error({.code = Code::graph_bad_signature,
                   .what = fmt::format("an input names the constant '{}', which does not exist",
                                       constant.name)});
    }
    used.insert(found->second.storage.get());
  }
  for (const Payload& payload : program.payloads) {
    if (payload.lifted) once_lifted.insert(payload.data.storage.get());
  }

  const Originals none;
  const Originals& originals = program.originals ? *program.originals : none;
  FolderBuilder weights(program, originals, true), constants(program, originals, false);
  const auto add = [&](bool weight, std::string_view name, bool is_param, const TensorData& data,
                       std::optional<std::uint32_t> position) {
    (weight ? weights : constants).add(name, is_param, data, position);
  };
  for (std::uint32_t i = 0; i < program.payloads.size(); ++i) {
    const Payload& payload = program.payloads[i];
    const auto found = by_name.find(payload.name);
    if (found != by_name.end()) {
      const Wanted& constant = *found->second;
      const TensorData& data = graph.constants().find(payload.name)->second;
      const bool same =
          data.storage == payload.data.storage;  // Python may call a buffer a parameter
      add(constant.weight, payload.name,
          same ? payload.is_param : constant.kind == InputKind::parameter, data, i);
      by_name.erase(found);
    } else if (const Storage* storage = payload.data.storage.get();
               !payload.lifted && (!once_lifted.contains(storage) || used.contains(storage))) {
      add(payload.weight, payload.name, payload.is_param, payload.data, i);
    }
  }
  for (const Wanted& constant : wanted) {  // what the passes added
    if (!by_name.contains(constant.name)) continue;
    add(constant.weight, constant.name, constant.kind == InputKind::parameter,
        graph.constants().find(constant.name)->second, std::nullopt);
  }
  return {weights.finish(), constants.finish()};
}

}  // namespace fettle
