// Workers that cannot do what they are for, and pipelines that ask for isolation wrongly.
#include <random>

#include "fixture.hpp"
#include "host/host.hpp"
#include "isolation/messages.hpp"
#include "pipeline/resolve.hpp"
#include "pipeline/runner.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr const char* kPipeline =
    "passes: [cse]\nverify: {after: never}\nisolation: {mode: process, seconds: 60}\n";

Host plugins() {
  return Host(Search::standard(FETTLE_EXECUTABLE));
}

// What a run comes to whose workers are started by `command`.
std::string outcome_of(const fs::path& model, const std::vector<std::string>& command) {
  const Host host = plugins();
  Program program = read_program(model);
  const std::string before = print(*program.graph, PrintOptions::exact());
  ResolvedPipeline pipeline = resolve(parse_pipeline(kPipeline, "test"), host, command);
  RunObserver observer;
  RunReport report;
  std::string outcome = "no error";
  try {
    run_pipeline(program, pipeline, Device{}, observer, report);
  } catch (const Error& error) {
    outcome = error.what();
    CHECK(print(*program.graph, PrintOptions::exact()) == before);
  }
  return outcome;
}

std::string refusal_of(const std::string& text) {
  try {
    parse_pipeline(text, "p.yaml");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an embedder that names an executable gets isolated passes") {
  const Folder folder;
  const fs::path model = small_model(folder);
  CHECK(outcome_of(model, {FETTLE_EXECUTABLE, "worker", model.string()}) == "no error");
}

TEST_CASE("without a worker that serves, isolated passes are not run here in silence") {
  const Folder folder;
  const fs::path model = small_model(folder);
  CHECK_THAT(outcome_of(model, {}), contains("isolation-unavailable"));
  CHECK_THAT(outcome_of(model, {"/nowhere/fettle"}), contains("isolation-unavailable"));
  CHECK_THAT(outcome_of(model, {"/bin/false"}), contains("isolation-unavailable"));
  // One that cannot load the model says why.
  const std::string said =
      outcome_of(model, {FETTLE_EXECUTABLE, "worker", (folder / "none.pt2").string()});
  CHECK_THAT(said, contains("isolation-unavailable"));
  CHECK_THAT(said, contains("archive-open"));
}

TEST_CASE("a worker that has loaded another program is found out") {
  const Folder folder;
  const fs::path model = small_model(folder);
  Records other = small_program();
  edit_json(other, kModel, [](json::value& document) {
    json::array& nodes = document.at_pointer("/graph_module/graph/nodes").as_array();
    nodes[0].as_object()["target"] = "torch.ops.aten.sub.Tensor";
  });
  const fs::path another = folder.write("other.pt2", zip(other).bytes);
  const std::string said = outcome_of(model, {FETTLE_EXECUTABLE, "worker", another.string()});
  CHECK_THAT(said, contains("isolation-out-of-step"));
}

// A worker whose memory was overwritten may answer anything.
TEST_CASE("damaged answers are refused or read, and do no worse") {
  Answer answer;
  answer.error = Diagnostic{Code::plugin_failed, "what", "where", "why", "try"};
  answer.nothing_to_do = "nothing matched";
  answer.notes = {{Code::plugin_message, "said"}, {Code::plugin_message, "and said"}};
  answer.statistics = {{"merged", 3}, {"kept", -1}};
  answer.edits = "edits are checked when they are replayed";
  const std::string whole = to_bytes(answer);
  const Answer again = read_answer(whole);
  CHECK(again.error->hint == "try");
  CHECK(again.nothing_to_do == answer.nothing_to_do);
  CHECK(again.notes.size() == 2);
  CHECK(again.statistics == answer.statistics);
  CHECK(again.edits == answer.edits);

  std::mt19937 random(1);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  std::size_t refused = 0, read = 0;
  for (int turn = 0; turn < 5000; ++turn) {
    std::string bytes = whole;
    switch (below(3)) {
      case 0:
        bytes.resize(below(bytes.size()));
        break;
      case 1:
        bytes.erase(below(bytes.size()), 1 + below(9));
        break;
      default:
        bytes[below(bytes.size())] = static_cast<char>(below(256));
    }
    try {
      read_answer(bytes);
      ++read;
    } catch (const Error& error) {
      CHECK(code_name(error.code()) == "isolation-bad-answer");
      ++refused;
    }
  }
  CHECK(refused > 1000);
  CHECK(read > 100);
}

TEST_CASE("isolation in a pipeline's text") {
  const auto use = [](const std::string& text) {
    return parse_pipeline("passes: [cse, dce]\n" + text, "p.yaml").isolation;
  };
  CHECK_FALSE(use(""));
  CHECK_FALSE(use("isolation: none"));
  CHECK_FALSE(use("isolation: {mode: none, seconds: 3}"));
  REQUIRE(use("isolation: process"));
  CHECK_FALSE(use("isolation: process")->passes);
  const auto limited =
      use("isolation: {mode: process, seconds: 1.5, memory: 2 GiB, passes: [dce]}");
  REQUIRE(limited);
  CHECK(limited->limits.seconds == 1.5);
  CHECK(limited->limits.memory == std::uint64_t{2} << 30);
  CHECK(limited->passes == std::vector<std::string>{"dce"});

  const auto refused = [](const std::string& text) {
    return refusal_of("passes: [cse, dce]\n" + text);
  };
  CHECK_THAT(refused("isolation: proces"), contains("p.yaml:2:12"));
  CHECK_THAT(refused("isolation: proces"), contains("did you mean 'process'?"));
  CHECK_THAT(refused("isolation: {seconds: 3}"), contains("pipeline-missing-key"));
  CHECK_THAT(refused("isolation: {mode: process, second: 3}"), contains("did you mean 'seconds'?"));
  CHECK_THAT(refused("isolation: {mode: process, memory: much}"), contains("512 MiB"));
  CHECK_THAT(refused("isolation: {mode: process, memory: 0}"), contains("pipeline-bad-value"));
  CHECK_THAT(refused("isolation: {mode: process, seconds: -1}"), contains("pipeline-bad-value"));
  CHECK_THAT(refused("isolation: {mode: process, passes: [dcee]}"),
             contains("did you mean 'dce'?"));
  CHECK_THAT(refused("on_fault: go"), contains("pipeline-bad-value"));
}

TEST_CASE("the resolved pipeline says where its passes run, and reads back") {
  const Host host = plugins();
  for (const char* text :
       {"isolation: none\non_fault: stop\n",
        "isolation: {mode: process, seconds: 2.5, memory: 300 MiB, passes: [dce]}\n"
        "on_fault: skip\n"}) {
    const std::string rest = "passes: [cse, dce]\nverify: {after: never}\n" + std::string(text);
    const std::string resolved = to_yaml(resolve(parse_pipeline(rest, "first"), host));
    INFO(resolved);
    CHECK(to_yaml(resolve(parse_pipeline(resolved, "second"), host)) == resolved);
    CHECK_THAT(resolved, contains("on_fault: "));
  }
}
