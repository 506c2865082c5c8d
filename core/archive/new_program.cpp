#include "archive/new_program.hpp"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "archive/schema_version.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

Record text_record(std::string path, std::string_view text) {
  return {std::move(path), make_storage(text.data(), text.size())};
}

// One call: the whole program's.
json::array module_call_graph(const CallingConvention& convention) {
  json::array names;
  for (const std::string& name : convention.argument_names) names.emplace_back(name);
  json::object signature{{"inputs", json::array()},
                         {"outputs", json::array()},
                         {"in_spec", convention.in_spec},
                         {"out_spec", convention.out_spec},
                         {"forward_arg_names", std::move(names)}};
  return {json::object{{"fqn", ""}, {"signature", std::move(signature)}}};
}

json::object sizes_and_record(const TensorData& tensor, const std::string& path) {
  json::array sizes;
  for (const SymInt& size : tensor.type.sizes) sizes.emplace_back(size.value);
  return {{"record", path},
          {"dtype", static_cast<std::int64_t>(tensor.type.dtype)},
          {"sizes", std::move(sizes)}};
}

json::object ranges(const ShapeConstraints& constraints) {
  const auto bound = [](const std::optional<std::int64_t>& value) {
    return value ? json::value(*value) : json::value();
  };
  json::object ranges;
  for (const SizeRange& range : constraints.ranges) {
    ranges.emplace(range.expression,
                   json::object{{"min_val", bound(range.low)}, {"max_val", bound(range.high)}});
  }
  return ranges;
}

json::array guards(const ShapeConstraints& constraints) {
  return json::array(constraints.guards.begin(), constraints.guards.end());
}

}  // namespace

void complete_program(Program& program, const CallingConvention& convention,
                      const std::string& torch_version) {
  program.root = program.model;
  json::object module{
      {"graph", nullptr},  // null keeps the place of what the graph holds
      {"signature", json::object{{"input_specs", nullptr}, {"output_specs", nullptr}}},
      {"module_call_graph", module_call_graph(convention)},
      {"metadata", json::object()},
      {"treespec_namedtuple_fields", json::object()}};
  program.document = {
      {"graph_module", std::move(module)},
      {"opset_version", json::object{{"aten", kAtenOpset}}},
      {"range_constraints", ranges(program.graph->shape_constraints())},
      {"schema_version", json::object{{"major", kSchemaMajor}, {"minor", kSchemaMinor}}},
      {"verifiers", json::array{"TRAINING"}},
      {"torch_version", torch_version},
      {"guards_code", guards(program.graph->shape_constraints())}};
  program.records.push_back(text_record("archive_format", "pt2"));
  program.records.push_back(text_record("archive_version", "0"));
  program.records.push_back(text_record(".data/version", "6\n"));
  program.records.push_back(text_record("byteorder", "little"));
}

void add_sample(Program& program, std::shared_ptr<const Storage> inputs,
                std::vector<ExpectedOutput> outputs, const std::string& outputs_from,
                const std::string& torch_version, const std::string& source) {
  const std::string inputs_path = fmt::format("data/sample_inputs/{}.pt", program.model);
  program.records.push_back({inputs_path, std::move(inputs)});
  json::array described;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].tensor) {
      described.push_back(json::object{{"value", outputs[i].value}});
      continue;
    }
    const std::string path = fmt::format("fettle/outputs/0/{}", i);
    program.records.push_back({path, outputs[i].tensor->storage});
    described.push_back(sizes_and_record(*outputs[i].tensor, path));
  }
  const json::object capture{
      {"version", 1},
      {"torch", torch_version},
      {"source", source},
      {"outputs_from", outputs_from},
      {"imports", json::array()},
      {"samples",
       json::array{json::object{{"inputs", inputs_path}, {"outputs", std::move(described)}}}}};
  program.records.push_back(text_record("fettle/capture.json", json::serialize(capture)));
  Sample& sample = program.samples.emplace_back();
  sample.inputs_record = inputs_path;
  sample.outputs = std::move(outputs);
  program.outputs_from = outputs_from;
}

}  // namespace fettle
