// Every kind of argument, type, result and input through the graph's JSON and back to the same
// text.
#include "archive/graph_json.hpp"
#include "archive/json_parse.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kMeta = R"J({"dtype": 13,
  "sizes": [{"as_expr": {"expr_str": "Symbol('s0')", "hint": {"as_int": 4}}}],
  "requires_grad": false, "device": {"type": "cuda", "index": 1}, "strides": [{"as_int": 1}],
  "storage_offset": {"as_int": 2}, "layout": 7})J";

constexpr std::string_view kGraph = R"J({
  "inputs": [{"as_tensor": {"name": "t"}}, {"as_tensor": {"name": "u"}},
             {"as_sym_int": {"as_name": "s"}},
             {"as_custom_obj": {"name": "o", "class_fqn": "__torch__.C"}}],
  "outputs": [{"as_tensor": {"name": "r"}}, {"as_sym_int": {"as_name": "s"}}, {"as_none": true},
              {"as_int": 3}],
  "nodes": [
    {"target": "_operator.truediv",
     "inputs": [{"name": "a", "arg": {"as_sym_int": {"as_name": "s"}}, "kind": 1}],
     "outputs": [{"as_sym_float": {"as_name": "f"}}], "metadata": {},
     "is_hop_single_tensor_return": null, "name": "f"},
    {"target": "torch.ops.mine.compare.default", "inputs": [],
     "outputs": [{"as_sym_bool": {"as_name": "b"}}, {"as_none": true}, {"as_tensors": []}],
     "metadata": {}, "is_hop_single_tensor_return": null, "name": "compare"},
    {"target": "torch.ops.mine.take.default",
     "inputs": [{"name": "it", "arg": ARGUMENT, "kind": 2}],
     "outputs": [{"as_tensor": {"name": "r"}}], "metadata": {"custom": "{\"x\": 1}"},
     "is_hop_single_tensor_return": true, "name": "take", "future_field": [1, {"a": null}]}],
  "tensor_values": {"t": META, "u": META, "r": META},
  "sym_int_values": {"s": {"as_expr": {"expr_str": "Symbol('s0')", "hint": null}}},
  "sym_bool_values": {"b": {"as_expr": {"expr_str": "Ge(s0, 2)", "hint": {"as_bool": true}}}},
  "is_single_tensor_return": false,
  "custom_obj_values": {"o": {"name": "o", "class_fqn": "__torch__.C"}},
  "sym_float_values": {"f": {"as_float": 2.5}}, "later": "kept"})J";

void replace_all(std::string& text, std::string_view mark, std::string_view by) {
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + by.size())) {
    text.replace(at, mark.size(), by);
  }
}

// A graph whose last node has the argument, on values t and u: tensors, s: a symbolic integer,
// f: a float, b: a boolean, o: a custom object. In one line, as it is written.
std::string graph_with(std::string_view argument) {
  std::string text(kGraph);
  replace_all(text, "META", kMeta);
  replace_all(text, "ARGUMENT", "\"ARGUMENT\"");
  const boost::json::value graph = parse_json(text, "test");
  text.clear();
  JsonWriter(text).value(graph);
  replace_all(text, "\"ARGUMENT\"", argument);
  return text;
}

std::string through_graph(const std::string& text) {
  const std::string where = "test";
  const boost::json::value parsed = parse_json(text, where);
  const boost::json::value no_specs = boost::json::array();
  Graph graph;
  Journal journal(graph, Journal::Recording::off);
  Originals originals;
  read_graph(JsonRef(parsed, where), JsonRef(no_specs, where), journal, originals);
  std::string written;
  JsonWriter out(written);
  write_graph(out, graph, originals);
  return written;
}

std::string nested_graph(const std::string& inner) {
  return R"({"as_graph": {"name": "submod_1", "graph": )" + inner + "}}";
}

}  // namespace

TEST_CASE("each kind of argument comes out as it went in") {
  const std::string argument = GENERATE(
      as<std::string>{}, R"({"as_none": true})", R"({"as_tensor": {"name": "t"}})",
      R"({"as_tensors": [{"name": "t"}, {"name": "u"}, {"name": "t"}]})", R"({"as_tensors": []})",
      R"({"as_int": -9223372036854775808})", R"({"as_ints": [1, -1]})", R"({"as_ints": []})",
      R"({"as_float": -3.4028234663852886e+38})", R"({"as_float": "-Infinity"})",
      R"({"as_float": "NaN"})", R"({"as_float": 1.0})", R"({"as_floats": [0.1, "Infinity"]})",
      R"({"as_string": "mean \"é\" \n"})", R"({"as_strings": ["a", ""]})",
      R"({"as_sym_int": {"as_name": "s"}})", R"({"as_sym_int": {"as_int": 3}})",
      R"({"as_sym_ints": [{"as_name": "s"}, {"as_int": 3}]})", R"({"as_scalar_type": 35})",
      R"({"as_memory_format": 2})", R"({"as_layout": 7})",
      R"({"as_device": {"type": "cuda", "index": 0}})",
      R"({"as_device": {"type": "cpu", "index": null}})", R"({"as_bool": false})",
      R"({"as_bools": [true, false]})", R"({"as_sym_bool": {"as_name": "b"}})",
      R"({"as_sym_bools": [{"as_name": "b"}, {"as_bool": true}]})",
      R"({"as_optional_tensors": [{"as_none": true}, {"as_tensor": {"name": "u"}}]})",
      R"({"as_custom_obj": {"name": "o", "class_fqn": "__torch__.C"}})",
      R"({"as_operator": "torch.ops.aten.add.Tensor"})", R"({"as_operator": "_operator.add"})",
      R"({"as_sym_float": {"as_name": "f"}})",
      R"({"as_sym_floats": [{"as_name": "f"}, {"as_float": 0.5}]})",
      R"({"as_optional_tensor": {"as_tensor": {"name": "t"}}})",
      R"({"as_optional_tensor": {"as_none": true}})",
      R"({"as_complex": {"real": 1.0, "imag": -0.0}})",
      R"({"as_nested_tensors": [[{"name": "t"}], [], [{"name": "u"}, {"name": "t"}]]})",
      R"({"as_int_lists": [[1, 2], []]})", R"({"as_float_lists": [[1.5], []]})",
      R"({"as_string_to_argument": {"k": {"as_tensor": {"name": "t"}}, "n": {"as_string_to_argument": {}}}})");
  const std::string text = graph_with(argument);
  CHECK(through_graph(text) == text);
}

TEST_CASE("nested graphs come out as they went in, two levels deep") {
  const std::string inner = graph_with(R"({"as_int": 1})");
  const std::string text = graph_with(nested_graph(graph_with(nested_graph(inner))));
  CHECK(through_graph(text) == text);
}

TEST_CASE("a nested graph sees its own values only") {
  std::string inner = graph_with(R"({"as_tensor": {"name": "t"}})");
  const std::string input = R"({"as_tensor": {"name": "t"}}, )";
  inner.replace(inner.find(input), input.size(), "");  // t is no input of it
  const Failure failure = failure_of([&] { through_graph(graph_with(nested_graph(inner))); });
  CHECK(failure.code == "archive-dangling-value");
  CHECK_THAT(failure.text, contains("as_graph.graph.nodes[2].inputs[0].arg.as_tensor.name"));
}

TEST_CASE("archive-unsupported: a nested graph that takes a Python constant") {
  std::string inner = graph_with(R"({"as_int": 1})");
  inner.replace(inner.find(R"("inputs": [)"), 11, R"("inputs": [{"as_int": 7}, )");
  CHECK(failure_of([&] { through_graph(graph_with(nested_graph(inner))); }).code ==
        "archive-unsupported");
}

TEST_CASE("graphs nested deeper than they may be end in an error") {
  const auto nested = [](int depth) {
    std::string text = graph_with(R"({"as_int": 1})");
    for (int i = 0; i < depth; ++i) text = graph_with(nested_graph(text));
    return text;
  };
  CHECK(through_graph(nested(32)) == nested(32));
  const Failure failure = failure_of([&] { through_graph(nested(33)); });
  CHECK(failure.code == "archive-unsupported");
  CHECK_THAT(failure.text, contains("32 deep"));
}

TEST_CASE("JSON nested deeper than it may be ends in an error") {
  std::string text = graph_with(R"({"as_int": 1})");
  for (int i = 0; i < 80; ++i) text = graph_with(nested_graph(text));
  CHECK(failure_of([&] { through_graph(text); }).code == "archive-json-syntax");
}
