// The diff of two programs: what is around their graphs. And whether programs can be compared at
// all.
#include <boost/json.hpp>

#include "catch.hpp"
#include "fakes.hpp"
#include "pipeline/comparable.hpp"
#include "pipeline/program_diff.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kText = R"(
graph(w: f32[2] = parameter 'w' value=1.0, x: f32[2]):
  mul: f32[2] = aten.mul.Tensor(x, w)
  return (mul,)
)";

Program program(std::string_view document = R"({"schema_version": {"major": 8, "minor": 16},
    "range_constraints": {"s0": {"min_val": 2, "max_val": 10}}, "guards_code": ["a", "b"]})") {
  Program out = program_from_text(kText);
  out.document = boost::json::parse(document).as_object();
  const TensorData w = out.graph->constants().find("w")->second;
  out.payloads = {{"w", true, "weight_0", true, true, w},
                  {"tied", true, "weight_0", true, false, w}};
  out.records = {{"data/sample_inputs/model.pt", make_storage("abc", 3)},
                 {"fettle/pipeline.json", make_storage("{}", 2)}};
  return out;
}

std::string difference(const Program& a, const Program& b) {
  return unified_text(a, b, diff_programs(a, b));
}

}  // namespace

TEST_CASE("a program is the same as itself, however it was made") {
  const Program a = program();
  Program b = program();
  b.records.pop_back();               // the record of the pipeline
  b.payloads[0].record = "weight_7";  // where bytes lie
  std::swap(b.payloads[0], b.payloads[1]);
  const ProgramDiff diff = diff_programs(a, b);
  CHECK(diff.same());
  CHECK(unified_text(a, b, diff).empty());
  CHECK(summary_line(diff) == "the programs are the same");
  CHECK(to_json(a, b, diff).at("same").as_bool());
}

TEST_CASE("ranges, guards and metadata of the program are told by their path") {
  const Program a = program();
  const Program b =
      program(R"({"schema_version": {"major": 8, "minor": 16}, "torch_version": "2.13",
      "range_constraints": {"s0": {"min_val": 2, "max_val": 12}}, "guards_code": ["a"]})");
  CHECK(difference(a, b) ==
        "@@ program @@\n"
        "- guards_code[1]: \"b\"\n"
        "- range_constraints.s0.max_val: 10\n"
        "+ range_constraints.s0.max_val: 12\n"
        "+ torch_version: \"2.13\"\n");
  CHECK(summary_line(diff_programs(a, b)) ==
        "the graphs are the same, 3 fields of the program differ");
}

TEST_CASE("the state dict and records are compared") {
  const Program a = program();
  Program b = program();
  b.payloads.pop_back();
  b.records[0].bytes = make_storage("abd", 3);
  b.records.push_back({"extra/note.txt", make_storage("hello", 5)});
  CHECK(difference(a, b) ==
        "@@ state dict @@\n"
        "- tied: weight, parameter, in the state dict alone: f32[2]\n"
        "@@ records @@\n"
        "! data/sample_inputs/model.pt: 3 bytes  # differs: bytes\n"
        "+ extra/note.txt: 5 bytes\n");
}

TEST_CASE("what the eager model returned and changed is compared by name") {
  const auto with = [](float output, std::optional<float> effect) {
    Program out = program();
    const auto stored = [&](float value) {
      TensorData tensor = out.graph->constants().find("w")->second;
      const float elements[] = {value, 1.0f};
      tensor.storage = make_storage(elements, sizeof elements);
      return ExpectedOutput{tensor, {}};
    };
    Sample& sample = out.samples.emplace_back();
    sample.outputs = {stored(output), {std::nullopt, 3}};
    sample.effects.emplace();
    if (effect) sample.effects->push_back({{EffectKind::buffer, "count"}, stored(*effect)});
    out.records.push_back({"fettle/outputs/0/0", sample.outputs[0].tensor->storage});
    return out;
  };
  const Program a = with(1, 2);
  CHECK(diff_programs(a, with(1, 2)).same());
  CHECK(difference(a, with(1, 3)) ==
        "@@ samples @@\n! 0: buffer 'count' after the run: f32[2]  # differs: bytes\n");
  CHECK(difference(a, with(1, std::nullopt)) ==
        "@@ samples @@\n- 0: buffer 'count' after the run: f32[2]\n");
  const Program other = with(5, 2);
  CHECK(difference(a, other) == "@@ samples @@\n! 0: output 0: f32[2]  # differs: bytes\n");
  CHECK(summary_line(diff_programs(a, other)) ==
        "the graphs are the same, 1 stored result differs");
}

TEST_CASE("the diff for programs has every node that differs") {
  const Program a = program();
  Program b = program();
  {
    Journal journal(*b.graph, Journal::Recording::off);
    journal.rename(find(*b.graph, "mul"), b.graph->intern("product"));
  }
  const boost::json::object json = to_json(a, b, diff_programs(a, b));
  CHECK_FALSE(json.at("same").as_bool());
  CHECK(json.at("nodes").at("renamed") == 1);
  const boost::json::value& node = json.at("graphs").at(0).at("nodes").at(0);
  CHECK(node.at("change") == "changed");
  CHECK(node.at("fields").at(0) == "name");
}

TEST_CASE("programs that take other inputs or give fewer outputs cannot be compared") {
  const auto refused = [](std::string_view text) -> std::string {
    const auto a = parse_graph(
        "graph(w: f32[1] = parameter 'w', x: f32[2, s0=8], y: i64[3]):\n"
        "  return (x, y)\n");
    const auto b = parse_graph(text);
    try {
      check_comparable("a.pt2", *a, "b.pt2", *b);
    } catch (const Error& error) {
      CHECK(error.code() == Code::programs_incomparable);
      CHECK(error.diagnostic().where == "b.pt2");
      return error.diagnostic().why;
    }
    return "comparable";
  };
  // Other names, other constants and a size that one knows are no obstacle.
  CHECK(refused("graph(p: f32[2, 5], q: i64[3]):\n  return (p, q)\n") == "comparable");
  CHECK(refused("graph(x: f32[2, 5]):\n  return (x, x)\n") ==
        "the one takes 2 inputs, the other 1");
  CHECK(refused("graph(x: f32[2, 5], y: i64[4]):\n  return (x, y)\n") ==
        "input 1 ('y') is i64[3] in the one and i64[4] in the other");
  CHECK(refused("graph(x: f16[2, 5], y: i64[3]):\n  return (x, y)\n") ==
        "input 0 ('x') is f32[2, s0] in the one and f16[2, 5] in the other");
  CHECK(refused("graph(x: f32[2, 5], y: Sym(3)):\n  return (x, x)\n") ==
        "input 1 ('y') is i64[3] in the one and Sym(3) in the other");
  CHECK(refused("graph(x: f32[2, 5], y: i64[3]):\n  return (x,)\n") ==
        "the one has 2 outputs, the other 1");
}
