// The pickle is torch.save's. libtorch's own unpickler reads it: it knows tensors, numbers, strings
// and their containers, executes nothing, and holds a tensor's sizes against its storage.
//
// No fmt here: libtorch's headers bring another version of it.
#include "archive/sample_inputs.hpp"

#include <torch/csrc/jit/serialization/pickle.h>
#include <zlib.h>

#include "archive/json_parse.hpp"
#include "archive/json_ref.hpp"
#include "runtime/tensor_impl.hpp"

namespace fettle {
namespace {

constexpr int kMaxDepth = 64;  // a pickle may make a list that contains itself

class Flattener {
 public:
  explicit Flattener(std::string where) : where_(std::move(where)) {}

  [[noreturn]] void fail(std::string why) const {
    throw Error({.code = Code::sample_inputs_unreadable,
                 .what = "the stored sample inputs cannot be read",
                 .where = where_,
                 .why = std::move(why),
                 .hint = "capture the model with tensors, numbers and plain containers as inputs"});
  }

  void add(const c10::IValue& value, int depth = 0) {
    if (depth > kMaxDepth) fail("containers are nested too deeply");
    if (value.isNone()) return leaves_.emplace_back(), void();
    if (value.isTensor()) return leaves_.emplace_back(wrap(checked(value.toTensor()))), void();
    if (value.isInt()) return leaves_.emplace_back(value.toInt()), void();
    if (value.isDouble()) return leaves_.emplace_back(value.toDouble()), void();
    if (value.isBool()) return leaves_.emplace_back(value.toBool()), void();
    if (value.isString()) return leaves_.emplace_back(value.toStringRef()), void();
    if (value.isTuple()) {
      for (const c10::IValue& element : value.toTupleRef().elements()) add(element, depth + 1);
    } else if (value.isList()) {
      for (const c10::IValue& element : value.toListRef()) add(element, depth + 1);
    } else if (value.isGenericDict()) {
      for (const auto& entry : value.toGenericDict()) add(entry.value(), depth + 1);
    } else {
      fail("it holds a value of type " + value.tagKind());
    }
  }

  // Keyword arguments in the order of the call's in_spec, as torch.export reorders them.
  void add_keywords(const c10::IValue& keywords, const std::vector<std::string>& order) {
    const auto values = keywords.toGenericDict();
    for (const std::string& name : order) {
      const auto found = values.find(name);
      if (found == values.end()) fail("the keyword argument '" + name + "' is missing");
      add(found->value());
    }
    if (values.size() != order.size()) fail("it has other keyword arguments than the program");
  }

  std::vector<RunValue> take() { return std::move(leaves_); }

 private:
  const at::Tensor& checked(const at::Tensor& tensor) const {
    if (!tensor.defined() || tensor.layout() != at::kStrided || !tensor.device().is_cpu()) {
      fail("it holds a tensor that is not a plain one on the CPU");
    }
    return tensor;
  }

  std::string where_;
  std::vector<RunValue> leaves_;
};

// The names of the keyword arguments, from the tree that describes ((args…), {kwargs…}).
std::vector<std::string> keyword_order(const Program& program, const std::string& where) {
  const boost::json::value document = program.document;
  const JsonRef root(document, where);
  const JsonRef module = root.get("graph_module");
  const JsonRef calls = module.get("module_call_graph");
  const JsonRef call = calls.at(0);
  const JsonRef signature = call.get("signature");
  const boost::json::value spec = parse_json(signature.get("in_spec").string(), where);
  const JsonRef spec_root(spec, where);
  const JsonRef tree = spec_root.at(1);  // [version, tree]
  const JsonRef children = tree.get("children_spec");
  const JsonRef keywords = children.at(1);
  const boost::json::value context = parse_json(keywords.get("context").string(), where);
  const JsonRef names(context, where);
  std::vector<std::string> order;
  for (std::size_t i = 0; i < names.array().size(); ++i) order.emplace_back(names.at(i).string());
  return order;
}

c10::IValue unpickle(const Storage& bytes, const Flattener& flattener) {
  const auto* data = reinterpret_cast<const char*>(bytes.data);
  const auto checksum = ::crc32_z(0, reinterpret_cast<const Bytef*>(data), bytes.size);
  if (bytes.crc32 && *bytes.crc32 != checksum) flattener.fail("its checksum does not match");
  try {
    return torch::jit::pickle_load(std::vector<char>(data, data + bytes.size));
  } catch (const c10::Error& error) {
    flattener.fail(error.what_without_backtrace());
  } catch (const std::exception& error) {
    flattener.fail(error.what());
  }
}

std::size_t user_input_count(const Graph& graph) {
  std::size_t count = 0;
  for (const NodeId node : graph.nodes()) {
    const InputSpec* spec = graph.node(node).input_spec.get();
    if (!spec) break;
    count += spec->kind == InputKind::user_input || spec->kind == InputKind::constant_input;
  }
  return count;
}

}  // namespace

std::vector<RunValue> load_sample_inputs(const Program& program, const Sample& sample) {
  const std::string where = program.file + ": " + sample.inputs_record;
  Flattener flattener(where);
  const auto record = std::find_if(program.records.begin(), program.records.end(),
                                   [&](const Record& r) { return r.path == sample.inputs_record; });
  if (record == program.records.end()) flattener.fail("the record is missing");
  if (record->bytes->size == 0) flattener.fail("the program was saved without sample inputs");

  const c10::IValue inputs = unpickle(*record->bytes, flattener);
  if (!inputs.isTuple() || inputs.toTupleRef().elements().size() != 2 ||
      !inputs.toTupleRef().elements()[1].isGenericDict()) {
    flattener.fail("it is not a pair of arguments and keyword arguments");
  }
  flattener.add(inputs.toTupleRef().elements()[0]);
  flattener.add_keywords(inputs.toTupleRef().elements()[1], keyword_order(program, where));
  std::vector<RunValue> values = flattener.take();
  if (values.size() != user_input_count(*program.graph)) {
    flattener.fail("it has " + std::to_string(values.size()) + " inputs and the program takes " +
                   std::to_string(user_input_count(*program.graph)));
  }
  return values;
}

}  // namespace fettle
