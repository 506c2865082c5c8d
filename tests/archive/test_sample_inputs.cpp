// The stored sample inputs: those that torch.save wrote for captured models, and hostile ones. This
// binary links libtorch; the rest of the archive's tests need none of its headers.
#include <torch/csrc/jit/serialization/pickle.h>

#include <cstdlib>

#include "archive/program.hpp"
#include "archive/sample_inputs.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Dict = c10::impl::GenericDict;

Dict keywords() {
  return Dict(c10::AnyType::get(), c10::AnyType::get());
}

c10::IValue pair(std::vector<c10::IValue> arguments, const Dict& names) {
  return c10::ivalue::Tuple::create({c10::ivalue::Tuple::create(std::move(arguments)), names});
}

std::string in_spec(const boost::json::array& children) {
  return boost::json::serialize(boost::json::array{
      1, {{"type", "builtins.tuple"}, {"context", "null"}, {"children_spec", children}}});
}

// The small program, with these sample inputs and this module call graph.
Program program_with_calls(std::string inputs, const boost::json::value& calls) {
  Records records = small_program();
  record(records, "data/sample_inputs/model.pt") = std::move(inputs);
  edit_json(records, kModel, [&](boost::json::value& m) {
    m.at_pointer("/graph_module/module_call_graph") = calls;
  });
  const TempFolder folder;
  return read_program(folder.write("small.pt2", zip(records).bytes));
}

boost::json::value call_of(const std::string& spec) {
  return boost::json::array{{{"fqn", ""}, {"signature", {{"in_spec", spec}}}}};
}

// The small program, with the keyword arguments `names` after x and flag.
Program program_with(std::string inputs, std::string_view names = "[]") {
  return program_with_calls(
      std::move(inputs), call_of(in_spec({{{"type", "builtins.tuple"}},
                                          {{"type", "builtins.dict"}, {"context", names}}})));
}

std::string pickled(const c10::IValue& value) {
  const std::vector<char> bytes = torch::jit::pickle_save(value);
  return {bytes.begin(), bytes.end()};
}

Failure load_failure(const std::string& inputs, std::string_view names = "[]") {
  const Program program = program_with(inputs, names);
  return failure_of([&] { load_sample_inputs(program, program.samples.at(0)); });
}

}  // namespace

TEST_CASE(
    "sample inputs come flat: containers in order, keyword arguments in the program's order") {
  const at::Tensor x = at::arange(6, at::kFloat).reshape({2, 3});
  const Program positional = program_with(pickled(pair({x, true}, keywords())));
  const auto values = load_sample_inputs(positional, positional.samples.at(0));
  REQUIRE(values.size() == 2);
  // Doubled: torch prints any vector, and Catch would ask it to print this one.
  CHECK((std::get<Tensor>(values[0]).type().sizes == std::vector<SymInt>{2, 3}));
  CHECK(std::get<bool>(values[1]));

  Dict names = keywords();
  names.insert("flag", 3);
  names.insert("x", x);
  const Program keyword = program_with(pickled(pair({}, names)), R"(["x", "flag"])");
  const auto reordered = load_sample_inputs(keyword, keyword.samples.at(0));
  CHECK(std::holds_alternative<Tensor>(reordered.at(0)));
  CHECK(std::get<std::int64_t>(reordered.at(1)) == 3);

  const c10::IValue nested = c10::ivalue::Tuple::create({c10::List<double>({0.5}), c10::IValue()});
  const Program containers = program_with(pickled(pair({nested}, keywords())));
  const auto flat = load_sample_inputs(containers, containers.samples.at(0));
  CHECK(std::get<double>(flat.at(0)) == 0.5);
  CHECK(std::holds_alternative<std::monostate>(flat.at(1)));
}

TEST_CASE(
    "sample-inputs-unreadable: what is no pickle of inputs, or of other inputs than the "
    "program's") {
  CHECK(load_failure("not a pickle").code == "sample-inputs-unreadable");
  CHECK_THAT(load_failure("").text, contains("without sample inputs"));
  CHECK_THAT(load_failure(pickled(1)).text, contains("not a pair"));
  CHECK_THAT(load_failure(pickled(pair({1}, keywords()))).text, contains("has 1 inputs"));
  CHECK_THAT(load_failure(pickled(pair({1}, keywords())), R"(["x"])").text,
             contains("'x' is missing"));
  Dict names = keywords();
  names.insert("y", 1);
  CHECK_THAT(load_failure(pickled(pair({1}, names))).text, contains("other keyword arguments"));
  CHECK_THAT(load_failure(pickled(pair({1, c10::complex<double>(1, 2)}, keywords()))).text,
             contains("sample-inputs-unreadable"));
}

TEST_CASE("archive-json-shape: the inputs' description ends before the keyword arguments") {
  const std::string inputs = pickled(pair({at::zeros({2, 3}), true}, keywords()));
  const auto calls = GENERATE(boost::json::value(boost::json::array()), call_of("[]"),
                              call_of("[1]"), call_of("{}"), call_of(in_spec({})),
                              call_of(in_spec({{{"type", "builtins.tuple"}}})));
  const Program program = program_with_calls(inputs, calls);
  const Failure failure = failure_of([&] { load_sample_inputs(program, program.samples.at(0)); });
  CAPTURE(boost::json::serialize(calls), failure.text);
  CHECK(failure.code == "archive-json-shape");
}

TEST_CASE("sample-inputs-unreadable: a tensor that reaches past its storage") {
  // 2 x 3 floats become 2 x 127.
  std::string bytes = pickled(pair({at::zeros({2, 3}), true}, keywords()));
  const std::string sizes = "K\x02K\x03";  // BININT1 2, BININT1 3
  const std::size_t at = bytes.find(sizes);
  REQUIRE(at != bytes.npos);
  bytes[at + 3] = 127;
  CHECK_THAT(load_failure(bytes).text, contains("storage only has 24 bytes"));
}

TEST_CASE("damaged pickles end in an error or in inputs, never in a crash") {
  const std::string sound = pickled(pair({at::zeros({2, 3}), true}, keywords()));
  const std::size_t step = 7;  // a sample: each try unpickles
  for (std::size_t at = 0; at < sound.size(); at += step) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    const std::string code = load_failure(damaged).code;
    CAPTURE(at, code);
    CHECK((code == "none" || code == "sample-inputs-unreadable"));
  }
}

TEST_CASE("the sample inputs of captured models are read, one for each user input") {
  const char* models = std::getenv("FETTLE_MODELS");
  if (!models) {
    WARN("skipped: FETTLE_MODELS names no folder of captured models; tools/test sets it");
    return;
  }
  for (const char* name : {"resnet18", "mobilenetv2", "bert", "gpt2", "vit", "llama"}) {
    CAPTURE(name);
    const Program program =
        read_program(std::filesystem::path(models) / (std::string(name) + ".pt2"));
    const auto inputs = load_sample_inputs(program, program.samples.at(0));
    REQUIRE_FALSE(inputs.empty());
    CHECK(std::get<Tensor>(inputs[0]).defined());
  }
}
