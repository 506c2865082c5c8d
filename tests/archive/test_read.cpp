// What a program looks like once it is read: the small archive's graph, signature, constants and
// rest.
#include <cstring>

#include "archive/program.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;
namespace json = boost::json;

namespace {

Program read(const Records& records) {
  const TempFolder folder;
  return read_program(
      folder.write("small.pt2", zip(records).bytes));  // the mapping outlives the file
}

std::vector<std::string> names(const Program& program) {
  std::vector<std::string> names;
  for (const NodeId node : program.graph->nodes()) {
    names.emplace_back(program.graph->text(program.graph->node(node).name));
  }
  return names;
}

NodeId find(const Graph& graph, std::string_view name) {
  for (const NodeId node : graph.nodes()) {
    if (graph.text(graph.node(node).name) == name) return node;
  }
  return {};
}

}  // namespace

TEST_CASE("nodes come in order, with operators, arguments, results and metadata") {
  const Program program = read(small_program());
  const Graph& graph = *program.graph;
  CHECK(names(program) == std::vector<std::string>{"p_weight", "p_tied", "b_running", "b_mask",
                                                   "c_scale", "x", "flag", "add", "mul", "split",
                                                   "max_1", "add_1", "output"});
  const NodeId add = find(graph, "add");
  CHECK(graph.text(graph.node(add).op) == "aten.add.Tensor");
  const NamedArgument* alpha = graph.argument(add, "alpha");
  REQUIRE(alpha);
  CHECK(alpha->form == ArgForm::keyword);
  CHECK(std::get<std::int64_t>(alpha->value.payload) == 2);
  REQUIRE(graph.node(add).operands.size() == 2);
  CHECK(graph.node(add).operands[1] == graph.result(find(graph, "p_weight")));
  REQUIRE(graph.node(add).metadata.size() == 2);
  CHECK(graph.text(graph.node(add).metadata[0].key) == "stack_trace");
  CHECK(graph.text(graph.node(add).metadata[0].text) == "File \"m.py\", line 3\n");

  const NodeId split = find(graph, "split");
  REQUIRE(graph.node(split).result_forms.size() == 1);
  CHECK(graph.node(split).result_forms[0] == ResultForm{ArgKind::tensors, 2});
  CHECK(graph.text(graph.value(graph.result(split, 1)).name) == "split_unused_1");
  const NodeId max = find(graph, "max_1");
  CHECK(graph.node(max).result_forms.size() == 2);
  const Type& type = graph.type(graph.result(max, 1));
  CHECK(type.dtype == DType::int64);
  CHECK(type.sizes == std::vector<SymInt>{3});
}

TEST_CASE("the signature lies with placeholders and output") {
  const Program program = read(small_program());
  const Graph& graph = *program.graph;
  const auto spec = [&](std::string_view name) {
    return *graph.node(find(graph, name)).input_spec;
  };
  CHECK(spec("p_weight").kind == InputKind::parameter);
  CHECK(spec("p_weight").target == "weight");
  CHECK(spec("b_running").persistent);
  CHECK_FALSE(spec("b_mask").persistent);
  CHECK(spec("c_scale").kind == InputKind::tensor_constant);
  CHECK(spec("x").kind == InputKind::user_input);
  CHECK(spec("flag").kind == InputKind::constant_input);
  CHECK(std::get<bool>(spec("flag").constant.payload));
  CHECK(graph.type(graph.result(find(graph, "flag"))).kind == TypeKind::none);
  const Node& output = graph.node(graph.output_node());
  REQUIRE(output.output_specs.size() == 2);
  CHECK(output.output_specs[0] == OutputSpec{OutputKind::buffer_mutation, "running"});
  CHECK(output.output_specs[1].kind == OutputKind::user_output);
}

TEST_CASE("tied constants share a storage that lies in the mapping") {
  const Program program = read(small_program());
  const ConstantTable& constants = program.graph->constants();
  CHECK(constants.size() == 5);
  const TensorData& weight = constants.at("weight");
  CHECK(weight.storage == constants.at("tied").storage);
  CHECK(weight.storage->crc32.has_value());
  CHECK(weight.type.requires_grad);
  float values[6];
  REQUIRE(weight.storage->size == sizeof values);
  std::memcpy(values, weight.storage->data, sizeof values);
  CHECK(values[5] == 6);
  CHECK_FALSE(constants.contains("alias"));    // no input has it …
  CHECK(program.payloads[3].name == "alias");  // … and it is not lost
  CHECK_FALSE(program.payloads[3].lifted);
}

TEST_CASE("what the graph does not hold stays in document and records") {
  const Program program = read(small_program());
  CHECK(program.root == "small");
  CHECK(program.model == "model");
  CHECK(program.document.at("torch_version") == "2.13.0");
  CHECK(program.document.at("graph_module").at("graph").is_null());
  CHECK(program.document.at("graph_module").at("module_call_graph").as_array().size() == 1);
  std::vector<std::string> paths;
  for (const Record& record : program.records) paths.push_back(record.path);
  CHECK(paths == std::vector<std::string>{"data/sample_inputs/model.pt", "extra/note.txt",
                                          "archive_format", "archive_version", ".data/version",
                                          "byteorder", ".data/serialization_id"});
  REQUIRE(program.samples.size() == 1);
  CHECK(program.samples[0].inputs_record == "data/sample_inputs/model.pt");
  CHECK(program.samples[0].outputs.empty());
  CHECK(program.warnings.empty());
}

TEST_CASE("archive-other-minor: another minor version is read with a warning of what is unknown") {
  Records records = small_program();
  const auto warning = [&] {
    const Program program = read(records);
    REQUIRE(program.warnings.size() == 1);
    CHECK(code_name(program.warnings[0].code) == "archive-other-minor");
    CHECK(program.warnings[0].severity == Severity::warning);
    return program.warnings[0].why;
  };
  edit_json(records, kModel, [](json::value& m) { m.at("schema_version").at("minor") = 12; });
  CHECK_THAT(warning(), contains("all of its fields are known"));
  edit_json(records, kModel, [](json::value& m) {
    m.at("schema_version").at("minor") = 21;
    m.as_object()["in_document"] = 1;
    m.at_pointer("/graph_module").as_object()["in_module"] = 1;
    m.at_pointer("/graph_module/graph").as_object()["in_graph"] = 1;
    m.at_pointer("/graph_module/graph/nodes/1/inputs/0").as_object()["in_argument"] = 1;
    m.at_pointer("/graph_module/graph/tensor_values/x").as_object()["in_type"] = 1;
  });
  const std::string why = warning();
  for (const std::string name : {"in_document", "in_module", "in_graph", "in_argument", "in_type"})
    CHECK_THAT(why, contains(name));
}

TEST_CASE("archive-older-opset: an older opset of ATen is read with a warning, a newer one not") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) { m.at("opset_version").at("aten") = 9; });
  const Program program = read(records);
  REQUIRE(program.warnings.size() == 1);
  CHECK(code_name(program.warnings[0].code) == "archive-older-opset");
  edit_json(records, kModel, [](json::value& m) { m.at("opset_version").at("aten") = 11; });
  CHECK(read_failure(records).code == "archive-schema");
  CHECK_THAT(read_failure(records).text, contains("opset_version.aten"));
}

TEST_CASE("arguments of an older torch, which did not say how they are given, follow the schema") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    for (json::value& node : m.at_pointer("/graph_module/graph/nodes").as_array())
      for (json::value& input : node.at("inputs").as_array()) input.as_object().erase("kind");
  });
  const Program program = read(records), now = read(small_program());
  auto expected = now.graph->nodes().begin();
  for (const NodeId node : program.graph->nodes()) {
    const Node &old_node = program.graph->node(node), &new_node = now.graph->node(*expected++);
    REQUIRE(old_node.arguments.size() == new_node.arguments.size());
    for (std::size_t i = 0; i < old_node.arguments.size(); ++i)
      CHECK((old_node.arguments[i].form == ArgForm::defaulted) ==
            (new_node.arguments[i].form == ArgForm::defaulted));
  }
}

TEST_CASE("archive-model: of several programs one is chosen, and the others are copied") {
  Records records = small_program();
  for (const std::string path : {"models/model.json", "data/weights/model_weights_config.json",
                                 "data/constants/model_constants_config.json"}) {
    std::string other = path;
    other.replace(other.find("model", other.rfind('/')), 5, "other");
    records.push_back({other, record(records, path)});
  }
  const Failure failure = read_failure(records);
  CHECK(failure.code == "archive-model");
  CHECK_THAT(failure.text, contains("2 programs: model, other"));
  const TempFolder folder;
  const auto path = folder.write("two.pt2", zip(records).bytes), out = folder.path() / "out.pt2";
  CHECK_THAT(failure_of([&] { read_program(path, "othr"); }).text, contains("'other'"));
  write_program(read_program(path, "other"), out);
  CHECK(read_program(out, "other").graph->constants().size() == 5);
  CHECK(read_program(out, "model").graph->constants().size() == 5);
}

TEST_CASE("archive-schema: other versions are refused") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) { m.at("schema_version").at("major") = 9; });
  CHECK(read_failure(records).code == "archive-schema");
  CHECK_THAT(read_failure(records).text, contains("the program's schema is 9.20"));
  records = small_program();
  record(records, "archive_version") = "1";
  CHECK(read_failure(records).code == "archive-schema");
  records = small_program();
  edit_json(records, kModel, [](json::value& m) { m.as_object().erase("schema_version"); });
  CHECK_THAT(read_failure(records).text, contains("'schema_version' is missing"));
}

TEST_CASE("archive-not-program: torch's other files are told apart") {
  const auto text_of = [](const Records& records) {
    const Failure failure = read_failure(records);
    CHECK(failure.code == "archive-not-program");
    return failure.text;
  };
  CHECK_THAT(text_of({{"data.pkl", "x"}, {"version", "3"}}), contains("torch.save"));
  CHECK_THAT(text_of({{"data.pkl", "x"}, {"constants.pkl", "x"}}), contains("TorchScript"));
  CHECK_THAT(text_of({{"serialized_exported_program.json", "{}"}}), contains("torch 2.7"));
  CHECK_THAT(text_of({{"word/document.xml", "x"}}), contains("archive_format"));
  CHECK_THAT(text_of({{"archive_format", "zip"}}), contains("does not say pt2"));
}

TEST_CASE("archive-missing-record names the record") {
  for (const std::string path :
       {"archive_version", "models/model.json", "data/weights/weight_0",
        "data/weights/model_weights_config.json", "data/constants/model_constants_config.json"}) {
    Records records = small_program();
    erase_record(records, path);
    const Failure failure = read_failure(records);
    CAPTURE(path);
    CHECK(failure.code == "archive-missing-record");
    CHECK_THAT(failure.text, contains(path));
  }
}

TEST_CASE("archive-unsupported: what fettle does not handle is refused, not dropped") {
  const auto with = [](std::string path, std::string bytes) {
    Records records = small_program();
    records.push_back({std::move(path), std::move(bytes)});
    return read_failure(records);
  };
  CHECK_THAT(with("data/aotinductor/model/a.so", "x").text, contains("compiled code"));
  CHECK_THAT(with("data/weights/model.pt", "x").text, contains("as one pickle"));

  Records records = small_program();
  record(records, "byteorder") = "big";
  CHECK(read_failure(records).code == "archive-unsupported");
  records = small_program();
  edit_json(records, kConstants,
            [](json::value& c) { c.at_pointer("/config/mask/use_pickle") = true; });
  CHECK_THAT(read_failure(records).text, contains("'mask' is a tensor subclass"));
  edit_json(records, kConstants,
            [](json::value& c) { c.at_pointer("/config/mask/path_name") = "custom_obj_0"; });
  CHECK_THAT(read_failure(records).text, contains("ScriptObject"));
  records = small_program();
  edit_json(records, kWeights,
            [](json::value& c) { c.at_pointer("/config/weight/tensor_meta/layout") = 1; });
  CHECK_THAT(read_failure(records).text, contains("not strided"));
}

TEST_CASE("archive-dangling-value: values that nothing defines, defines too late, or in a cycle") {
  const auto use = [](std::string_view pointer, std::string_view name) {
    Records records = small_program();
    edit_json(records, kModel, [&](json::value& m) { m.at_pointer(pointer) = name; });
    return read_failure(records);
  };
  const std::string argument = "/graph_module/graph/nodes/0/inputs/0/arg/as_tensor/name";
  const Failure nowhere = use(argument, "ghost");
  CHECK(nowhere.code == "archive-dangling-value");
  CHECK_THAT(nowhere.text, contains("'ghost'"));
  CHECK_THAT(nowhere.text, contains("graph_module.graph.nodes[0].inputs[0].arg.as_tensor.name"));
  CHECK(use(argument, "mul").code == "archive-dangling-value");  // add needs mul, and mul add
  CHECK(use(argument, "add").code == "archive-dangling-value");  // itself
  CHECK(use("/graph_module/graph/outputs/1/as_tensor/name", "ghost").code ==
        "archive-dangling-value");
}

TEST_CASE("archive-duplicate-value: a name is defined once") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    m.at_pointer("/graph_module/graph/nodes/1/outputs/0/as_tensor/name") = "add";
  });
  CHECK(read_failure(records).code == "archive-duplicate-value");
  records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    m.at_pointer("/graph_module/graph/inputs/1/as_tensor/name") = "p_weight";
  });
  CHECK(read_failure(records).code == "archive-duplicate-value");
}

TEST_CASE("archive-signature: the signature must describe the graph") {
  const auto edited = [](const std::function<void(json::value&)>& edit) {
    Records records = small_program();
    edit_json(records, kModel,
              [&](json::value& m) { edit(m.at_pointer("/graph_module/signature")); });
    return read_failure(records).code;
  };
  CHECK(edited([](json::value& s) { s.at("input_specs").as_array().pop_back(); }) ==
        "archive-signature");
  CHECK(edited([](json::value& s) { s.at("output_specs").as_array().pop_back(); }) ==
        "archive-signature");
  CHECK(edited([](json::value& s) {
          s.at_pointer("/input_specs/0/parameter/arg/name") = "p_tied";
        }) == "archive-signature");
  CHECK(edited([](json::value& s) {
          s.at_pointer("/output_specs/1/user_output/arg/as_tensor/name") = "add";
        }) == "archive-signature");
  CHECK(edited([](json::value& s) {
          s.at_pointer("/input_specs/5") = {
              {"constant_input", {{"name", "x"}, {"value", {{"as_int", 1}}}}}};
        }) == "archive-signature");
}

TEST_CASE(
    "archive-constant: stored tensors that are missing, too short, impossible or of another type") {
  const auto edited = [](std::string_view path, std::string_view pointer,
                         const json::value& value) {
    Records records = small_program();
    edit_json(records, path, [&](json::value& c) { c.at_pointer(pointer) = value; });
    return read_failure(records).code;
  };
  const std::string meta = "/config/weight/tensor_meta";
  CHECK(edited(kWeights, meta + "/storage_offset/as_int", 1) == "archive-constant");
  CHECK(edited(kWeights, meta + "/storage_offset/as_int", -1) == "archive-constant");
  CHECK(edited(kWeights, meta + "/storage_offset/as_int", INT64_MAX) == "archive-constant");
  CHECK(edited(kWeights, meta + "/strides/0/as_int", 4) == "archive-constant");
  CHECK(edited(kWeights, meta + "/strides/0/as_int", -3) == "archive-constant");
  CHECK(edited(kWeights, meta + "/strides/0/as_int", INT64_MAX) == "archive-constant");
  CHECK(edited(kWeights, meta + "/sizes/0/as_int", INT64_MAX) == "archive-constant");
  CHECK(edited(kWeights, meta + "/sizes/0", {{"as_expr", {{"expr_str", "s0"}}}}) ==
        "archive-constant");
  CHECK(edited(kWeights, meta + "/dtype", 0) == "archive-json-shape");
  CHECK(edited(kWeights, meta + "/dtype", 8) == "archive-constant");  // float64 needs 48 bytes
  CHECK(edited(kWeights, meta + "/dtype", 4) ==
        "archive-constant");  // int32 where the graph has f32
  CHECK(edited(kWeights, meta, nullptr) == "archive-constant");
  CHECK(edited(kModel, "/graph_module/signature/input_specs/0/parameter/parameter_name", "ghost") ==
        "archive-constant");
  Records records = small_program();
  record(records, "data/weights/weight_0") = "";
  CHECK_THAT(read_failure(records).text, contains("fake weights"));
  records = small_program();
  edit_json(records, kConstants, [](json::value& c) {
    c.at("config").as_object()["weight"] = c.at_pointer("/config/mask");
  });
  CHECK_THAT(read_failure(records).text, contains("there are two tensors 'weight'"));
}

TEST_CASE("archive-json-shape: wrong types, missing fields and unknown tags, each with its way") {
  struct Edit {
    std::string_view pointer;
    json::value value;
    std::string way;
  };
  const std::string graph = "graph_module.graph.";
  const std::vector<Edit> edits = {
      {"/graph_module", 3, "graph_module"},
      {"/graph_module/graph/nodes", json::object(), graph + "nodes"},
      {"/graph_module/graph/nodes/2", "node", graph + "nodes[2]"},
      {"/graph_module/graph/nodes/0/target", nullptr, graph + "nodes[0].target"},
      {"/graph_module/graph/nodes/0/metadata", json::array(), graph + "nodes[0].metadata"},
      {"/graph_module/graph/nodes/0/metadata/torch_fn", 1, graph + "nodes[0].metadata.torch_fn"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_tensorz", 1}},
       graph + "nodes[0].inputs[1].arg"},
      {"/graph_module/graph/nodes/0/inputs/1/arg", json::object(),
       graph + "nodes[0].inputs[1].arg"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_ints", {1, "x"}}},
       graph + "nodes[0].inputs[1].arg.as_ints[1]"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_scalar_type", 99}},
       graph + "nodes[0].inputs[1].arg.as_scalar_type"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_layout", 8}},
       graph + "nodes[0].inputs[1].arg.as_layout"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_memory_format", -1}},
       graph + "nodes[0].inputs[1].arg.as_memory_format"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_sym_int", {{"as_float", 1.0}}}},
       graph + "nodes[0].inputs[1].arg.as_sym_int"},
      {"/graph_module/graph/nodes/0/inputs/1/arg",
       {{"as_float", "big"}},
       graph + "nodes[0].inputs[1].arg.as_float"},
      {"/graph_module/graph/nodes/0/outputs/0", {{"as_int", 1}}, graph + "nodes[0].outputs[0]"},
      {"/graph_module/graph/inputs/0", {{"as_device", 1}}, graph + "inputs[0]"},
      {"/graph_module/graph/tensor_values/add/dtype", 99, graph + "tensor_values.add.dtype"},
      {"/graph_module/graph/tensor_values/add/layout", 99, graph + "tensor_values.add.layout"},
      {"/graph_module/graph/tensor_values/add/strides", json::array(), graph + "tensor_values.add"},
      {"/graph_module/graph/tensor_values/add/sizes/0",
       {{"as_expr", {{"expr_str", ""}}}},
       graph + "tensor_values.add.sizes[0].as_expr.expr_str"},
      {"/graph_module/signature/input_specs/0",
       {{"friend", json::object()}},
       "graph_module.signature.input_specs[0]"},
  };
  for (const Edit& edit : edits) {
    Records records = small_program();
    edit_json(records, kModel, [&](json::value& m) { m.at_pointer(edit.pointer) = edit.value; });
    const Failure failure = read_failure(records);
    CAPTURE(edit.way, failure.text);
    CHECK(failure.code == "archive-json-shape");
    CHECK_THAT(failure.text, contains("models/model.json: " + edit.way));
  }
}

TEST_CASE("archive-graph: an invariant of graphs that the file breaks is the file's fault") {
  // One name for two nodes is only one example; the graph's own checks say what.
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    m.at_pointer("/graph_module/graph/nodes/0/inputs/2/name") = "no_such_argument";
  });
  CHECK(read_failure(records).code == "archive-graph");
}

TEST_CASE("archive-capture: stored outputs") {
  Records records = small_program();
  records.push_back({"fettle/outputs/0/0", std::string(24, '\0')});
  records.push_back(
      {"fettle/capture.json", R"({"version": 1, "torch": "2.13.0", "transformers": null,
    "source": "m:f", "imports": ["transformers.modeling_outputs"], "samples": [{"inputs":
    "data/sample_inputs/model.pt", "outputs": [{"record": "fettle/outputs/0/0", "dtype": 7,
    "sizes": [2, 3]}, {"value": 3}], "effects": [{"kind": "buffer", "target": "count", "record":
    "fettle/outputs/0/0", "dtype": 7, "sizes": [6]}]}]})"});
  const Program program = read(records);
  CHECK(program.imports == std::vector<std::string>{"transformers.modeling_outputs"});
  REQUIRE(program.samples.size() == 1);
  REQUIRE(program.samples[0].outputs.size() == 2);
  REQUIRE(program.samples[0].outputs[0].tensor);
  CHECK(program.samples[0].outputs[0].tensor->type.strides == std::vector<SymInt>{3, 1});
  CHECK(program.samples[0].outputs[0].tensor->storage->size == 24);
  CHECK(program.samples[0].outputs[1].value == 3);
  REQUIRE(program.samples[0].effects);
  REQUIRE(program.samples[0].effects->size() == 1);
  CHECK(program.samples[0].effects->front().name == EffectName{EffectKind::buffer, "count"});
  CHECK(program.samples[0].effects->front().value.tensor->storage->size == 24);

  const auto edited = [&](std::string_view pointer, const json::value& value) {
    Records damaged = records;
    edit_json(damaged, "fettle/capture.json",
              [&](json::value& c) { c.at_pointer(pointer) = value; });
    return read_failure(damaged).code;
  };
  CHECK(edited("/version", 2) == "archive-capture");
  CHECK(edited("/samples/0/outputs/0/sizes/0", 3) == "archive-capture");
  CHECK(edited("/samples/0/outputs/0/sizes/0", INT64_MAX) == "archive-capture");
  CHECK(edited("/samples/0/effects/0/kind", "side") == "archive-capture");
  CHECK(edited("/samples/0/effects/0/sizes/0", 7) == "archive-capture");
  CHECK(edited("/samples/0/outputs/0/record", "fettle/none") == "archive-missing-record");
  CHECK(edited("/samples/0/inputs", "data/sample_inputs/none.pt") == "archive-missing-record");
}
