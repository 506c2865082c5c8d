#include "small_archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>

#include "archive/program.hpp"

namespace fettle::test {
namespace {

constexpr std::string_view kModelText = R"({
"graph_module": {
  "graph": {
    "inputs": [
      {"as_tensor": {"name": "p_weight"}}, {"as_tensor": {"name": "p_tied"}},
      {"as_tensor": {"name": "b_running"}}, {"as_tensor": {"name": "b_mask"}},
      {"as_tensor": {"name": "c_scale"}}, {"as_tensor": {"name": "x"}}, {"as_bool": true}],
    "outputs": [{"as_tensor": {"name": "add_1"}}, {"as_tensor": {"name": "mul"}}],
    "nodes": [
      {"target": "torch.ops.aten.add.Tensor",
       "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1},
                  {"name": "other", "arg": {"as_tensor": {"name": "p_weight"}}, "kind": 1},
                  {"name": "alpha", "arg": {"as_int": 2}, "kind": 2}],
       "outputs": [{"as_tensor": {"name": "add"}}],
       "metadata": {"stack_trace": "File \"m.py\", line 3\n", "torch_fn": "add_1;function.add"},
       "is_hop_single_tensor_return": null, "name": "add"},
      {"target": "torch.ops.aten.mul.Tensor",
       "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "add"}}, "kind": 1},
                  {"name": "other", "arg": {"as_tensor": {"name": "c_scale"}}, "kind": 1}],
       "outputs": [{"as_tensor": {"name": "mul"}}], "metadata": {},
       "is_hop_single_tensor_return": null, "name": "mul"},
      {"target": "torch.ops.aten.split.Tensor",
       "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "mul"}}, "kind": 1},
                  {"name": "split_size", "arg": {"as_int": 1}, "kind": 1}],
       "outputs": [{"as_tensors": [{"name": "getitem"}, {"name": "split_unused_1"}]}],
       "metadata": {}, "is_hop_single_tensor_return": null, "name": "split"},
      {"target": "torch.ops.aten.max.dim",
       "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "getitem"}}, "kind": 1},
                  {"name": "dim", "arg": {"as_int": 0}, "kind": 1}],
       "outputs": [{"as_tensor": {"name": "getitem_1"}}, {"as_tensor": {"name": "getitem_2"}}],
       "metadata": {}, "is_hop_single_tensor_return": null, "name": "max_1"},
      {"target": "torch.ops.aten.add.Tensor",
       "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "b_running"}}, "kind": 1},
                  {"name": "other", "arg": {"as_tensor": {"name": "getitem_1"}}, "kind": 1}],
       "outputs": [{"as_tensor": {"name": "add_1"}}], "metadata": {},
       "is_hop_single_tensor_return": null, "name": "add_1"}],
    "tensor_values": {
      "p_weight": F23, "p_tied": F23, "b_running": F3, "b_mask": F3, "c_scale": F3, "x": F23,
      "add": F23, "mul": F23, "getitem": F13, "split_unused_1": F13, "getitem_1": F3,
      "getitem_2": I3, "add_1": F3},
    "sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": false,
    "custom_obj_values": {}, "sym_float_values": {}},
  "signature": {
    "input_specs": [
      {"parameter": {"arg": {"name": "p_weight"}, "parameter_name": "weight"}},
      {"parameter": {"arg": {"name": "p_tied"}, "parameter_name": "tied"}},
      {"buffer": {"arg": {"name": "b_running"}, "buffer_name": "running", "persistent": true}},
      {"buffer": {"arg": {"name": "b_mask"}, "buffer_name": "mask", "persistent": false}},
      {"tensor_constant": {"arg": {"name": "c_scale"}, "tensor_constant_name": "scale"}},
      {"user_input": {"arg": {"as_tensor": {"name": "x"}}}},
      {"constant_input": {"name": "flag", "value": {"as_bool": true}}}],
    "output_specs": [
      {"buffer_mutation": {"arg": {"name": "add_1"}, "buffer_name": "running"}},
      {"user_output": {"arg": {"as_tensor": {"name": "mul"}}}}]},
  "module_call_graph": [{"fqn": "", "signature": {"inputs": [], "outputs": [],
    "in_spec": "[1, {}]", "out_spec": "[1, {}]", "forward_arg_names": ["x", "flag"]}}],
  "metadata": {}, "treespec_namedtuple_fields": {}},
"opset_version": {"aten": 10}, "range_constraints": {},
"schema_version": {"major": 8, "minor": 20}, "verifiers": ["TRAINING"],
"torch_version": "2.13.0", "guards_code": []})";

std::string tensor_meta(int dtype, std::string_view sizes, std::string_view strides, bool grad) {
  return "{\"dtype\": " + std::to_string(dtype) + ", \"sizes\": " + std::string(sizes) +
         ", \"requires_grad\": " + (grad ? "true" : "false") +
         ", \"device\": {\"type\": \"cpu\", \"index\": null}, \"strides\": " +
         std::string(strides) + ", \"storage_offset\": {\"as_int\": 0}, \"layout\": 7}";
}
const std::string kF23 =
    tensor_meta(7, R"([{"as_int": 2}, {"as_int": 3}])", R"([{"as_int": 3}, {"as_int": 1}])", true);
const std::string kF13 =
    tensor_meta(7, R"([{"as_int": 1}, {"as_int": 3}])", R"([{"as_int": 3}, {"as_int": 1}])", false);
const std::string kF3 = tensor_meta(7, R"([{"as_int": 3}])", R"([{"as_int": 1}])", false);
const std::string kI3 = tensor_meta(5, R"([{"as_int": 3}])", R"([{"as_int": 1}])", false);

std::string with_types(std::string_view text) {
  std::string out(text);
  for (const auto& [mark, type] :
       {std::pair{"F23", &kF23}, {"F13", &kF13}, {"F3", &kF3}, {"I3", &kI3}}) {
    const std::string from = std::string(": ") + mark;
    for (std::size_t at = out.find(from); at != out.npos; at = out.find(from, at + type->size())) {
      out.replace(at, from.size(), ": " + *type);
    }
  }
  return out;
}

std::string payload(std::string_view record, bool is_param, std::string_view type) {
  return "{\"path_name\": \"" + std::string(record) +
         "\", \"is_param\": " + (is_param ? "true" : "false") +
         ", \"use_pickle\": false, \"tensor_meta\": " + std::string(type) + "}";
}

std::string floats(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(float)};
}

// What a zip writes, appended little-endian.
void put(std::string& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
}

std::uint32_t crc(const std::string& bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void put_common(std::string& out, const TestRecord& record, const ZipOptions& options,
                const std::string& name) {
  put(out, 20, 2), put(out, 0x800, 2), put(out, options.method, 2), put(out, 0, 4);
  put(out, crc(record.bytes), 4);
  const std::uint64_t size = options.zip64 ? 0xffffffff : record.bytes.size();
  put(out, size, 4), put(out, size, 4), put(out, name.size(), 2);
}

}  // namespace

Records small_program() {
  Records records;
  records.push_back({"data/weights/weight_0", floats({1, 2, 3, 4, 5, 6})});
  records.push_back({"data/weights/weight_1", floats({0.5, 1.5, 2.5})});
  records.push_back(
      {std::string(kWeights), "{\"config\": {\"running\": " + payload("weight_1", false, kF3) +
                                  ", \"weight\": " + payload("weight_0", true, kF23) +
                                  ", \"tied\": " + payload("weight_0", true, kF23) +
                                  ", \"alias\": " + payload("weight_0", true, kF23) + "}}"});
  records.push_back({"data/constants/tensor_0", floats({0, 1, 0})});
  records.push_back({"data/constants/tensor_1", floats({2, 2, 2})});
  records.push_back(
      {std::string(kConstants), "{\"config\": {\"mask\": " + payload("tensor_0", false, kF3) +
                                    ", \"scale\": " + payload("tensor_1", false, kF3) + "}}"});
  records.push_back({std::string(kModel), with_types(kModelText)});
  records.push_back({"data/sample_inputs/model.pt", "not read here"});
  records.push_back({"extra/note.txt", "kept"});
  records.push_back({"archive_format", "pt2"});
  records.push_back({"archive_version", "0"});
  records.push_back({".data/version", "6\n"});
  records.push_back({"byteorder", "little"});
  records.push_back({".data/serialization_id", "0123456789"});
  return records;
}

std::string& record(Records& records, std::string_view path) {
  return std::find_if(records.begin(), records.end(),
                      [&](const TestRecord& r) { return r.path == path; })
      ->bytes;
}

void erase_record(Records& records, std::string_view path) {
  std::erase_if(records, [&](const TestRecord& r) { return r.path == path; });
}

void edit_json(Records& records, std::string_view path,
               const std::function<void(boost::json::value&)>& edit) {
  std::string& text = record(records, path);
  boost::json::value value = boost::json::parse(text);
  edit(value);
  text = boost::json::serialize(value);
}

void ZipImage::put(std::size_t offset, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) {
    bytes.at(offset + static_cast<std::size_t>(i)) = static_cast<char>(value >> (8 * i) & 0xff);
  }
}

ZipImage zip(const Records& records, const ZipOptions& options) {
  ZipImage image;
  std::string& out = image.bytes;
  for (const TestRecord& record : records) {
    const std::string name = options.root + (options.root.empty() ? "" : "/") + record.path;
    image.local.push_back(out.size());
    put(out, 0x04034b50, 4);
    put_common(out, record, options, name);
    const std::size_t padding = 64 - (out.size() + 2 + name.size() + 4) % 64;
    put(out, padding + 4, 2);
    out += name;
    put(out, 0x4246, 2), put(out, padding, 2);
    out.append(padding, 'Z');
    out += record.bytes;
  }
  const std::size_t directory = out.size();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string name = options.root + (options.root.empty() ? "" : "/") + records[i].path;
    image.central.push_back(out.size());
    put(out, 0x02014b50, 4), put(out, 20, 2);
    put_common(out, records[i], options, name);
    put(out, options.zip64 ? 28 : 0, 2), put(out, 0, 10);
    put(out, options.zip64 ? 0xffffffff : image.local[i], 4);
    out += name;
    if (!options.zip64) continue;
    put(out, 1, 2), put(out, 24, 2);
    put(out, records[i].bytes.size(), 8), put(out, records[i].bytes.size(), 8);
    put(out, image.local[i], 8);
  }
  const std::size_t size = out.size() - directory;
  if (options.zip64) {
    const std::size_t end = out.size();
    put(out, 0x06064b50, 4), put(out, 44, 8), put(out, 45, 2), put(out, 45, 2), put(out, 0, 8);
    put(out, records.size(), 8), put(out, records.size(), 8), put(out, size, 8);
    put(out, directory, 8);
    put(out, 0x07064b50, 4), put(out, 0, 4), put(out, end, 8), put(out, 1, 4);
  }
  image.end = out.size();
  put(out, 0x06054b50, 4), put(out, 0, 4);
  put(out, options.zip64 ? 0xffff : records.size(), 2);
  put(out, options.zip64 ? 0xffff : records.size(), 2);
  put(out, options.zip64 ? 0xffffffff : size, 4);
  put(out, options.zip64 ? 0xffffffff : directory, 4);
  put(out, 0, 2);
  return image;
}

TempFolder::TempFolder() {
  static std::atomic<int> count = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("fettle_archive_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  std::filesystem::create_directories(path_);
}

std::filesystem::path TempFolder::write(std::string_view name, std::string_view bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << bytes;
  return path_ / name;
}

std::size_t TempFolder::file_count() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_),
                                                std::filesystem::directory_iterator{}));
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Failure failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {std::string(code_name(error.code())), error.what()};
  }
  return {};
}

Failure read_failure(std::string_view archive_bytes) {
  const TempFolder folder;
  const auto path = folder.write("small.pt2", archive_bytes);
  return failure_of([&] { read_program(path); });
}

Failure read_failure(const Records& records) {
  return read_failure(std::string_view(zip(records).bytes));
}

}  // namespace fettle::test
