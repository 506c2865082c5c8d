// A run whose passes have a process of their own comes to the very same as one without; and it can
// be interrupted, or killed, without leaving a process behind.
#include <algorithm>
#include <chrono>
#include <thread>

#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// What passes did, without how long it took and where they ran.
std::string accounts(const json::value& report) {
  std::string out;
  for (json::value record : report.at("passes").as_array()) {
    json::object& fields = record.as_object();
    for (const char* own : {"seconds", "check_seconds", "verify_seconds", "isolation"}) {
      fields.erase(own);
    }
    out += json::serialize(record) + "\n";
  }
  return out + json::serialize(report.at("notes"));
}

// The small program, whose samples are none, and models of tools/test where they are.
struct Case {
  fs::path model;
  const char* rest;  // of the pipeline
};
std::vector<Case> cases(const Folder& folder) {
  std::vector<Case> found = {{small_model(folder), "verify: {after: never}\n"}};
  for (const char* name : {"mobilenetv2", "llama"}) {
    if (const std::string path = model(name); !path.empty()) found.push_back({path, ""});
  }
  if (found.size() == 1) WARN("FETTLE_MODELS is not set: the small program alone");
  return found;
}

bool runs(const std::string& argument) {
  for (const auto& process : fs::directory_iterator("/proc")) {
    const std::string line = read_file(process.path() / "cmdline");
    if (line.find("worker") != line.npos && line.find(argument) != line.npos) return true;
  }
  return false;
}

// Whether it comes to that within a minute: a loaded machine has its own pace.
bool ends(const std::string& argument) {
  for (int i = 0; i < 600 && runs(argument); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return !runs(argument);
}

// Starts a run that spins in its worker, and sends the host a signal once the worker is there.
Finished interrupted(const Folder& folder, const fs::path& model, const char* signal) {
  const std::string pipeline = folder.write(
      "p.yaml", "passes: [faulty_pass: {how: spin}]\nverify: {after: never}\nisolation: process\n");
  const std::string run = "{fettle} run '" + model.string() + "' -p '" + pipeline +
                          "' --plugin-dir " FETTLE_ISOLATION_PLUGINS " -o '" +
                          (folder / "out.pt2").string() + "'";
  const fs::path script = folder.write("run.sh", expanded("set -m\n" + run + R"( &
host=$!
until pgrep -P $host >/dev/null || ! kill -0 $host; do sleep 0.1; done
sleep 2
kill -$1 $host
wait $host
exit $?
)"));
  return shell("bash '" + script.string() + "' " + signal);
}

}  // namespace

TEST_CASE("shipped passes do the same in a process of their own") {
  const Folder folder;
  const std::string passes =
      "passes:\n"
      "  - repeat: {until: unchanged, limit: 8, passes: [cse, constant_folding, dce]}\n"
      "  - reorder_for_memory\n";
  for (const auto& [path, rest] : cases(folder)) {
    INFO(path);
    const std::string pipeline = passes + rest;
    const Ran here = run_model(folder, "here", path, pipeline);
    const Ran there = run_model(folder, "there", path, pipeline, {"--isolation", "process"});
    INFO(here.err << there.err);
    REQUIRE(here.status == 0);
    REQUIRE(there.status == 0);
    CHECK(program_text(there.output) == program_text(here.output));
    CHECK(accounts(there.report()) == accounts(here.report()));
    CHECK_THAT(there.out, contains("cse (round 1) [own process]"));
    CHECK(text_at(there.report().at("pipeline").at("isolation"), "mode") == "process");
  }
}

// Ids of what was rolled back are used up, and names once made stay taken: on both sides.
TEST_CASE("passes here and there take turns, and one is rolled back") {
  const std::string path = model("resnet18");
  if (path.empty()) return;
  const Folder folder;
  const std::string pipeline =
      "passes: [faulty_pass, relu_to_neg, cse, faulty_pass, constant_folding, dce, faulty_pass]\n"
      "on_failure: skip\n";
  const std::vector<std::string> plugins = {"--plugin-dir", FETTLE_PIPELINE_PLUGINS};
  const Ran here = run_model(folder, "here", path, pipeline, plugins);
  const Ran there = run_model(
      folder, "there", path,
      pipeline + "isolation: {mode: process, passes: [relu_to_neg, faulty_pass, dce]}\n", plugins);
  INFO(here.err << there.err);
  CHECK(here.status == there.status);
  CHECK(program_text(there.output) == program_text(here.output));
  CHECK(accounts(there.report()) == accounts(here.report()));
  CHECK(text_at(there.report().at("passes").at(2), "isolation") == "none");
}

TEST_CASE("Ctrl-C ends a run and its worker") {
  const Folder folder;
  const fs::path model = small_model(folder);
  const Finished done = interrupted(folder, model, "INT");
  INFO(done.err);
  CHECK(done.status == 130);
  CHECK_THAT(done.err, contains("error[interrupted]"));
  CHECK_FALSE(fs::exists(folder / "out.pt2"));
  CHECK(ends(model.string()));
}

TEST_CASE("a worker does not outlive a host that is killed") {
  const Folder folder;
  const fs::path model = small_model(folder);
  CHECK(interrupted(folder, model, "KILL").status == 137);
  CHECK(ends(model.string()));
}
