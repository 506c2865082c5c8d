#include <fmt/core.h>

#include <boost/json/value.hpp>
#include <unordered_map>

#include "archive/json_parse.hpp"
#include "archive/payloads.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

using Storages = std::unordered_map<std::string_view, std::shared_ptr<const Storage>>;

// torch's kernels take a tensor's data to be aligned to its elements; torch's writer sees to it.
// For records of another writer the bytes are copied.
std::shared_ptr<const Storage> aligned(std::shared_ptr<const Storage> storage) {
  constexpr std::uintptr_t kEnough = 16;
  if (reinterpret_cast<std::uintptr_t>(storage->data) % kEnough == 0) return storage;
  auto copy = std::make_shared<Storage>(*make_storage(storage->data, storage->size));
  copy->crc32 = storage->crc32;
  return copy;
}

// Bytes from the storage's begin to the tensor's last element; the tensor's numbers come from the
// file.
std::int64_t extent(const Type& type, const JsonRef& meta) {
  const auto refuse = [&](std::string_view why) {
    meta.fail(Code::archive_constant, "a stored tensor has an impossible size", std::string(why));
  };
  std::int64_t last = type.storage_offset.value;
  bool empty = false;
  bool bad = type.storage_offset.symbolic() || last < 0;
  for (std::size_t i = 0; i < type.sizes.size(); ++i) {
    const SymInt &size = type.sizes[i], &stride = type.strides[i];
    bad = bad || size.symbolic() || stride.symbolic() || size.value < 0 || stride.value < 0;
    if (bad) break;
    if (size.value == 0) {
      empty = true;
      continue;
    }
    std::int64_t reach = 0;
    bad = __builtin_mul_overflow(size.value - 1, stride.value, &reach) ||
          __builtin_add_overflow(last, reach, &last);
  }
  if (bad) refuse("sizes, strides and offset must be non-negative numbers that fit into 64 bits");
  if (empty) return 0;
  std::int64_t bytes = 0;
  const auto element = static_cast<std::int64_t>(dtype_bytes(type.dtype));
  if (__builtin_add_overflow(last, 1, &last) || __builtin_mul_overflow(last, element, &bytes))
    refuse("its bytes do not fit into 64 bits");
  return bytes;
}

Type read_type(const JsonRef& payload, std::string_view name) {
  const auto meta = payload.find("tensor_meta");
  if (!meta) payload.fail(Code::archive_constant, "a stored tensor has no type");
  Type type = read_tensor_meta(*meta);
  if (type.layout != Layout::strided) {
    meta->fail(Code::archive_unsupported,
               fmt::format("the stored tensor '{}' is not strided", name),
               "sparse and mkldnn tensors are not supported");
  }
  return type;
}

// What torch pickles tells its record's name apart (torch/export/pt2_archive/constants.py).
[[noreturn]] void refuse_pickled(const JsonRef& json, const Payload& payload) {
  const auto starts = [&](std::string_view prefix) { return payload.record.starts_with(prefix); };
  const std::string_view what = starts("custom_obj_")   ? "a TorchBind object (ScriptObject)"
                                : starts("opaque_obj_") ? "an opaque Python object"
                                                        : "a tensor subclass";
  const std::string_view hint =
      starts("custom_obj_") || starts("opaque_obj_")
          ? "export the model without it: what it holds as buffers, a generator as the default one"
          : "call run_decompositions() on the exported program, which takes subclasses apart";
  json.fail(Code::archive_unsupported,
            fmt::format("'{}' is {}, pickled as '{}'", payload.name, what, payload.record),
            "only Python can read it", std::string(hint));
}

// One entry: {"path_name": "weight_0", "is_param": true, "use_pickle": false, "tensor_meta": {…}}.
Payload read_payload(const ZipReader& zip, std::string_view name, const JsonRef& json, bool weight,
                     Storages& storages) {
  Payload payload;
  payload.name = name;
  payload.weight = weight;
  payload.record = json.get("path_name").string();
  payload.is_param = json.get("is_param").boolean();
  if (json.get("use_pickle").boolean()) refuse_pickled(json, payload);
  payload.data.type = read_type(json, name);
  const ZipRecord& record = zip.require(payload_folder(weight) + payload.record);
  const JsonRef meta = json.get("tensor_meta");
  const std::int64_t needed = extent(payload.data.type, meta);
  if (needed > 0 && static_cast<std::uint64_t>(needed) > record.bytes.size()) {
    meta.fail(
        Code::archive_constant,
        fmt::format("'{}' needs {} bytes and its record '{}' has {}", name, needed, record.path,
                    record.bytes.size()),
        record.bytes.empty() ? "the model was exported with fake weights, so there are none" : "",
        "export the model with real weights, or again if the file is damaged");
  }
  auto& storage = storages[record.path];
  if (!storage) storage = aligned(zip.storage(record));
  payload.data.storage = storage;
  return payload;
}

void keep_other_members(const boost::json::object& document, bool weight, Originals& originals) {
  boost::json::object others = document;
  others.erase("config");
  if (!others.empty()) originals.keep({Element::payload_config, weight}, others);
}

void read_folder(const ZipReader& zip, const std::string& model, bool weight,
                 std::vector<Payload>& payloads,
                 std::unordered_map<std::string, std::size_t>& by_name, Originals& originals) {
  const ZipRecord& record = zip.require(payload_config_path(weight, model));
  const std::string where = zip.file() + ": " + std::string(record.path);
  const boost::json::value document = parse_json(zip.checked_text(record), where);
  const JsonRef root(document, where);
  const JsonRef config = root.get("config");
  config.object();
  keep_other_members(root.object(), weight, originals);
  Storages storages;
  const std::size_t count = config.size();
  for (std::size_t i = 0; i < count; ++i) {
    const JsonRef json = config.at(i);
    originals.keep_odd({Element::payload, 0, static_cast<std::uint32_t>(payloads.size())},
                       json.value(), shapes::payload);
    const std::string_view name = (config.object().begin() + static_cast<std::ptrdiff_t>(i))->key();
    payloads.push_back(read_payload(zip, name, json, weight, storages));
    if (!by_name.emplace(payloads.back().name, payloads.size() - 1).second) {
      json.fail(Code::archive_constant,
                fmt::format("there are two tensors '{}'", payloads.back().name));
    }
  }
}

bool names_constant(const InputSpec& spec) {
  return spec.kind == InputKind::parameter || spec.kind == InputKind::buffer ||
         spec.kind == InputKind::tensor_constant;
}

// The graph computes with the placeholder's type: a constant of another one is a damaged program.
void compare_types(const ZipReader& zip, const Type& placeholder, const Payload& payload) {
  const Type& stored = payload.data.type;
  if (placeholder.kind == TypeKind::tensor && placeholder.dtype == stored.dtype &&
      placeholder.sizes == stored.sizes)
    return;
  throw Error(
      {.code = Code::archive_constant,
       .what = fmt::format("the stored tensor '{}' has another dtype or shape than the graph says",
                           payload.name),
       .where = zip.file() + ": " + payload_folder(payload.weight) + payload.record,
       .hint = "export the model again"});
}

}  // namespace

std::vector<Payload> read_payloads(const ZipReader& zip, const std::string& model, Journal& journal,
                                   Originals& originals) {
  std::vector<Payload> payloads;
  std::unordered_map<std::string, std::size_t> by_name;
  read_folder(zip, model, true, payloads, by_name, originals);
  read_folder(zip, model, false, payloads, by_name, originals);

  const Graph& graph = journal.graph();
  for (const NodeId node : graph.nodes()) {
    if (graph.node(node).opcode != Opcode::placeholder) break;
    const InputSpec& spec = *graph.node(node).input_spec;
    if (!names_constant(spec)) continue;
    const auto found = by_name.find(spec.target);
    if (found == by_name.end()) {
      throw Error({.code = Code::archive_constant,
                   .what = fmt::format("the tensor '{}' that the graph needs is not in the archive",
                                       spec.target),
                   .where = zip.file() + ": " +
                            payload_config_path(
                                spec.kind == InputKind::parameter || spec.persistent, model),
                   .hint = "export the model again"});
    }
    Payload& payload = payloads[found->second];
    compare_types(zip, graph.type(graph.result(node)), payload);
    if (!payload.lifted) journal.add_constant(spec.target, payload.data);
    payload.lifted = true;
  }
  return payloads;
}

std::string payload_folder(bool weight) {
  return weight ? "data/weights/" : "data/constants/";
}

std::string payload_config_path(bool weight, const std::string& model) {
  return weight ? fmt::format("data/weights/{}_weights_config.json", model)
                : fmt::format("data/constants/{}_constants_config.json", model);
}

}  // namespace fettle
