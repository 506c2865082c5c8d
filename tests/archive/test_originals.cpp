// What the file says beyond the schema that fettle knows: a copy says it too, wherever it stands,
// and an edit takes along only what belonged to the edited element.
#include <iostream>
#include <random>

#include "archive/program.hpp"
#include "archive/zip_reader.hpp"
#include "catch.hpp"
#include "graph/journal.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;
namespace json = boost::json;

namespace {

using Random = std::mt19937_64;

// Objects whose members are names, not fields; and unions, which have exactly one member.
bool is_map(std::string_view key) {
  for (const std::string_view map :
       {"metadata", "config", "as_string_to_argument", "opset_version", "tensor_values",
        "sym_int_values", "sym_bool_values", "sym_float_values", "custom_obj_values",
        "range_constraints"})
    if (key == map) return true;
  return false;
}
bool is_union(const json::object& object) {
  if (object.size() != 1) return false;
  const std::string_view tag = object.begin()->key();
  for (const std::string_view spec :
       {"user_input", "parameter", "buffer", "tensor_constant", "custom_obj", "token",
        "constant_input", "user_output", "loss_output", "buffer_mutation", "gradient_to_parameter",
        "gradient_to_user_input", "user_input_mutation", "parameter_mutation"})
    if (tag == spec) return true;
  return tag.starts_with("as_");
}

json::value unknown_value(Random& random) {
  switch (random() % 5) {
    case 0:
      return nullptr;
    case 1:
      return {{"as_graph", {{"name", "no graph"}, {"graph", nullptr}}}};
    case 2:
      return {1, 2.5, "three"};
    case 3:
      return 1e-300;
    default:
      return json::object();
  }
}

// One field in `every` gets an unknown neighbour; some get a member less or others in their order.
void add_unknown(Random& random, json::value& value, std::string_view key, unsigned every) {
  if (auto* array = value.if_array()) {
    for (json::value& element : *array) add_unknown(random, element, "", every);
  } else if (auto* object = value.if_object()) {
    for (auto& member : *object)
      add_unknown(random, member.value(), std::string(member.key()), every);
    if (is_map(key) || is_union(*object) || random() % every != 0) return;
    object->emplace("future_" + std::to_string(random() % 3), unknown_value(random));
    if (random() % 2 == 0) {
      const json::value first = object->begin()->value();
      const std::string name = object->begin()->key();
      object->erase(name);
      object->emplace(name, first);
    }
  }
}

json::value parsed(const std::filesystem::path& path, std::string_view record) {
  const ZipReader zip(path);
  return json::parse(zip.checked_text(zip.require(record)));
}

void check_copy(const std::filesystem::path& in, const std::filesystem::path& out) {
  write_program(read_program(in), out);
  for (const std::string_view record : {kModel, kWeights, kConstants}) {
    INFO(record);
    CHECK((parsed(out, record) == parsed(in, record)));
  }
}

std::uint64_t new_seed() {
  const std::uint64_t seed = std::random_device{}();
  std::cerr << "seed of unknown fields: " << seed << "\n";
  return seed;
}

}  // namespace

TEST_CASE("unknown fields at random places survive a copy") {
  Random random(new_seed());
  const TempFolder folder;
  for (int round = 0; round < 60; ++round) {
    Records records = small_program();
    const unsigned every = 1 + random() % 8;
    for (const std::string_view path : {kModel, kWeights, kConstants})
      edit_json(records, path,
                [&](json::value& document) { add_unknown(random, document, "", every); });
    check_copy(folder.write("in.pt2", zip(records).bytes), folder.path() / "out.pt2");
  }
}

TEST_CASE("unknown fields of captured models survive a copy") {
  const char* models = std::getenv("FETTLE_MODELS");
  if (!models) {
    WARN("skipped: FETTLE_MODELS names no folder of captured models; tools/test sets it");
    return;
  }
  Random random(new_seed());
  const TempFolder folder;
  for (const auto& file : std::filesystem::directory_iterator(models)) {
    if (file.path().extension() != ".pt2") continue;
    INFO(file.path());
    Records records;
    const ZipReader zip_in(file.path());
    for (const ZipRecord& record : zip_in.records())
      records.push_back(
          {std::string(record.path),
           {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()}});
    for (const std::string_view path : {kModel, kWeights, kConstants})
      edit_json(records, path,
                [&](json::value& document) { add_unknown(random, document, "", 30); });
    check_copy(folder.write("in.pt2", zip(records).bytes), folder.path() / "out.pt2");
  }
}

TEST_CASE("numbers and defaults stay as the file wrote them") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    auto& graph = m.at_pointer("/graph_module/graph").as_object();
    auto& node = graph["nodes"].at(1).as_object();
    node.erase("is_hop_single_tensor_return");
    graph["tensor_values"].as_object()["nobody"] =
        *graph["tensor_values"].as_object().begin()->value().if_object();
    graph["sym_int_values"].as_object()["x"] = {{"as_int", 3}};  // x is a tensor
  });
  const TempFolder folder;
  check_copy(folder.write("in.pt2", zip(records).bytes), folder.path() / "out.pt2");
}

TEST_CASE("an edited element loses what it said beyond the schema, its neighbours keep it") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    for (json::value& node : m.at_pointer("/graph_module/graph/nodes").as_array())
      node.at_pointer("/inputs/0").as_object()["future"] = true;
  });
  const TempFolder folder;
  Program program = read_program(folder.write("in.pt2", zip(records).bytes));
  Journal journal(*program.graph, Journal::Recording::off);
  NodeId add, mul;
  for (const NodeId node : program.graph->nodes()) {
    if (program.graph->text(program.graph->node(node).name) == "add") add = node;
    if (program.graph->text(program.graph->node(node).name) == "mul") mul = node;
  }
  journal.set_operand(mul, 0, program.graph->node(add).operands[0]);
  write_program(program, folder.path() / "out.pt2");
  const json::value out = parsed(folder.path() / "out.pt2", kModel);
  for (const json::value& node : out.at_pointer("/graph_module/graph/nodes").as_array())
    CHECK(node.at_pointer("/inputs/0").as_object().contains("future") ==
          (node.at("name") != json::value("mul")));
}
