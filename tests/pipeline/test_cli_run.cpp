// Pipelines over models from the command line, and what is done with their results: what is kept,
// what is refused, and with which exit status.
#include <algorithm>

#include "cli_fixture.hpp"

using namespace fettle::test;
namespace json = boost::json;

namespace {

std::string wrong_pass(const std::string& rest) {
  return "passes: [cse, relu_to_neg, dce]\nverify: {with: [numeric]}\n" + rest;
}

}  // namespace

TEST_CASE("no passes: the program is copied, and says so") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const fs::path pipeline = folder.write("empty.yaml", "passes: []\n");
  const fs::path out = folder / "out.pt2";
  const Finished done = fettle_command({"run", bert, "-p", pipeline, "-o", out});
  CHECK(done.status == 0);
  CHECK(done.err.empty());
  CHECK_THAT(done.out, contains("the pipeline has no passes"));
  CHECK_THAT(done.out, contains("torch.export.load(\"" + out.string() + "\")"));
  CHECK_THAT(done.out, contains("import transformers.modeling_outputs"));
  const auto nodes = [](const std::string& path) {
    return fettle_command({"inspect", path, "-f", "text"}).out;
  };
  CHECK(nodes(bert) == nodes(out));
}

TEST_CASE("a run, its report and what it leaves in the archive") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const fs::path pipeline =
      folder.write("p.yaml", "name: test\npasses: [cse, dce]\nbenchmark: [memory]\n");
  const Finished done = fettle_command(
      {"run", bert, "-p", pipeline, "-o", folder / "out.pt2", "--report", folder / "r.html",
       "--report-json", folder / "r.json", "--set", "dce.weights=false", "--set",
       "numeric.random_sets=1", "--print-after", "changed", "--print-before", "dce"});
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK_THAT(done.err, contains("# after cse"));
  CHECK_THAT(done.err, contains("# before dce"));
  CHECK_THAT(done.out, contains("Every change was verified; reference: eager outputs"));
  CHECK_THAT(done.out, contains("Measured"));
  const json::value report = json::parse(read_file(folder / "r.json"));
  CHECK(report.at("verified").as_bool());
  CHECK(report.at("passes").as_array().size() == 2);
  CHECK(report.at("nodes_after").to_number<int>() < report.at("nodes_before").to_number<int>());
  CHECK(report.at("pipeline").at("passes").at(1).at("dce").at("weights") == json::value(false));
  CHECK(report.at("pipeline")
            .at("verify")
            .at("with")
            .at(0)
            .at("numeric")
            .at("random_sets")
            .to_number<int>() == 1);
  CHECK(report.at("plugins").as_array().size() == 4);
  CHECK_FALSE(report.at("benchmarks").at(0).at("metrics").as_array().empty());
  CHECK_THAT(read_file(folder / "r.html"), contains("cse"));
  CHECK_THAT(read_file(folder / "out.pt2"), contains("fettle/pipeline.json"));
  CHECK_THAT(read_file(folder / "out.pt2"), contains("\"name\": \"test\""));
}

TEST_CASE("a wrong pass is caught by numeric: exit status 1, and no output") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  const Finished done = fettle_command({"run", resnet, "-p", folder.write("p.yaml", wrong_pass("")),
                                        "-o", folder / "out.pt2", "--report-json",
                                        folder / "r.json", "--plugin-dir", kTestPlugins});
  CHECK(done.status == 1);
  CHECK_THAT(done.err, contains("error[verification-failed]: 'relu_to_neg'"));
  CHECK_FALSE(fs::exists(folder / "out.pt2"));
  const json::value report = json::parse(read_file(folder / "r.json"));
  CHECK_FALSE(report.at("verified").as_bool());
  CHECK(report.at("output").as_string().empty());
  CHECK(report.at("passes").at(1).at("status").as_string() == "rolled back");
  CHECK_THAT(std::string(report.at("error").as_string()), contains("verification-failed"));
}

TEST_CASE("on_failure: skip writes what is left: exit status 1, with an output") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  const Finished done =
      fettle_command({"run", resnet, "-p", folder.write("p.yaml", wrong_pass("on_failure: skip\n")),
                      "-o", folder / "out.pt2", "--plugin-dir", kTestPlugins});
  CHECK(done.status == 1);
  CHECK_THAT(done.out, contains("A pass failed verification"));
  const std::string text = fettle_command({"inspect", folder / "out.pt2", "-f", "text"}).out;
  CHECK_THAT(text, contains("aten.relu"));
  CHECK(text.find("aten.neg") == std::string::npos);
}

TEST_CASE("a pass that changes results needs a budget, and is held to it") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  const auto run = [&](const std::string& accept) {
    const fs::path pipeline = folder.write(
        "p.yaml", "passes:\n  - relu_to_neg_honest\nverify: {with: [numeric]}\n" + accept);
    return fettle_command({"run", resnet, "-p", pipeline, "--plugin-dir", kTestPlugins});
  };
  const Finished without = run("");
  CHECK(without.status == 2);
  CHECK_THAT(without.err, contains("error[pipeline-needs-accept]"));
  CHECK_THAT(without.err, contains("p.yaml:2:5"));
  CHECK(run("accept: {max_abs: 1e-9}\n").status == 1);
  CHECK(run("accept: {max_abs: 1e9}\n").status == 0);
}

TEST_CASE("a third party's verifier and benchmark take the place of ours, by a line each") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  fs::create_directory(folder / "plugins");
  for (const std::string name : {"checksum", "count_nodes"}) {
    fs::copy_file(fs::path(FETTLE_TEST_PLUGINS) / (name + ".so"),
                  folder / "plugins" / (name + ".so"));
  }
  const auto run = [&](const std::string& verifier, const std::string& benchmark) {
    const fs::path pipeline = folder.write("p.yaml", "passes: [dce]\nverify: {with: [" + verifier +
                                                         "]}\nbenchmark: [" + benchmark + "]\n");
    const Finished done = fettle_command({"run", bert, "-p", pipeline, "--plugin-dir",
                                          folder / "plugins", "--report-json", folder / "r.json"});
    INFO(done.err);
    REQUIRE(done.status == 0);
    const json::value report = json::parse(read_file(folder / "r.json"));
    const json::value& verdict = report.at("passes").at(0).at("verification").at(0);
    CHECK(verdict.at("verifier").as_string() == verifier);
    CHECK(verdict.at("verdict").as_string() == "pass");
    CHECK(report.at("benchmarks").at(0).at("name").as_string() == benchmark);
    return std::string(report.at("benchmarks").at(0).at("metrics").at(0).at("name").as_string());
  };
  CHECK(run("numeric", "latency") == "latency");
  CHECK(run("checksum", "count_nodes") == "executed_nodes");
}

TEST_CASE("a plugin that breaks its contract: exit status 3, and no output") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  fs::create_directory(folder / "plugins");
  fs::copy_file(fs::path(FETTLE_TEST_PLUGINS) / "misbehaving_pass.so", folder / "plugins" / "m.so");
  const fs::path pipeline =
      folder.write("p.yaml", "passes: [dce, misbehaving_pass: {how: halfway}]\n");
  const Finished done =
      fettle_command({"run", resnet, "-p", pipeline, "-o", folder / "out.pt2", "--plugin-dir",
                      folder / "plugins", "--report-json", folder / "r.json"});
  CHECK(done.status == 3);
  CHECK_THAT(done.err, contains("misbehaving_pass"));
  CHECK_FALSE(fs::exists(folder / "out.pt2"));
  const json::value report = json::parse(read_file(folder / "r.json"));
  CHECK(report.at("passes").at(0).at("status").as_string() == "changed");
  CHECK(report.at("passes").at(1).at("status").as_string() == "failed");
}

TEST_CASE("a pipeline on one line, from standard input, and up to a pass") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string run = "{fettle} run '" + bert + "' ";
  const std::string line = " --passes 'cse,dce{weights=false}' -v --report-json ";
  const Finished inline_run = shell(run + line + (folder / "a.json").string());
  REQUIRE(inline_run.status == 0);
  CHECK_THAT(inline_run.err, contains("cse: 1"));  // -v
  const json::value a = json::parse(read_file(folder / "a.json"));
  CHECK(a.at("pipeline").at("passes").at(1).at("dce").at("weights") == json::value(false));
  CHECK(a.at("verified").as_bool());
  const Finished piped =
      shell("echo 'passes: [cse, repeat: {passes: [dce, cse]}]' | " + run +
            "-p - --stop-after dce --report-json " + (folder / "b.json").string());
  REQUIRE(piped.status == 0);
  const json::value b = json::parse(read_file(folder / "b.json"));
  CHECK(b.at("passes").as_array().size() == 2);
  CHECK(b.at("passes").at(1).at("name").as_string() == "dce");
}

TEST_CASE("--ir-dir keeps the graph after each change, with its difference") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const fs::path steps = folder / "steps";
  const Finished done = fettle_command(
      {"run", bert, "--passes", "cse,cse,dce", "--ir-dir", steps, "-o", folder / "out.pt2"});
  REQUIRE(done.status == 0);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(steps)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"00-original.txt", "01-cse.diff", "01-cse.txt",
                                          "02-dce.diff", "02-dce.txt"});
  const auto text = [](const std::string& path) {
    return fettle_command({"inspect", path, "-f", "text"}).out;
  };
  CHECK(read_file(steps / "00-original.txt") == text(bert));
  CHECK(read_file(steps / "02-dce.txt") == text(folder / "out.pt2"));
  CHECK_THAT(read_file(steps / "01-cse.diff"), contains("nodes removed"));
  CHECK_THAT(read_file(steps / "01-cse.diff"), contains("@@ graph\n"));
}

TEST_CASE("diff, verify and bench of a program and what a pipeline made of it") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string copy = folder / "copy.pt2", small = folder / "small.pt2";
  REQUIRE(fettle_command({"run", bert, "-p", folder.write("p.yaml", "passes: []\n"), "-o", copy})
              .status == 0);
  REQUIRE(
      fettle_command({"run", bert, "--passes", "cse,constant_folding,dce", "-o", small}).status ==
      0);
  const Finished same = fettle_command({"diff", bert, copy});
  CHECK(same.status == 0);
  CHECK(same.out == "the programs are the same\n");
  const Finished differ = fettle_command({"diff", bert, small});
  CHECK(differ.status == 1);
  CHECK_THAT(differ.out, contains("--- " + bert + "\n+++ " + small + "\n@@ -"));
  CHECK_THAT(differ.out, contains(" nodes removed"));
  const Finished quiet = fettle_command({"diff", "-q", bert, small});
  CHECK(quiet.status == 1);
  CHECK(quiet.out.empty());
  const json::value changes = json::parse(fettle_command({"diff", bert, small, "-f", "json"}).out);
  CHECK_FALSE(changes.at("same").as_bool());
  CHECK(changes.at("nodes").at("removed").to_number<int>() > 0);

  const Finished verified = fettle_command({"verify", bert, small, "--set", "numeric.random_sets=1",
                                            "--report-json", folder / "v.json"});
  CHECK(verified.status == 0);
  CHECK_THAT(verified.out, contains("eager outputs"));
  CHECK_THAT(verified.out, contains("They compute the same"));
  CHECK(json::parse(read_file(folder / "v.json")).at("verified").as_bool());

  const Finished measured = fettle_command({"bench", bert, small, "--with", "latency", "--set",
                                            "latency.runs=3", "--report-json", folder / "b.json"});
  CHECK(measured.status == 0);
  CHECK_THAT(measured.out, contains("small.pt2"));
  CHECK_THAT(measured.out, contains("ratio"));
  const json::value report = json::parse(read_file(folder / "b.json"));
  CHECK(report.at("benchmarks").at(0).at("metrics").at(1).at("program").as_string() == small);
}

TEST_CASE("verify: a wrong program, and one that takes other inputs") {
  NEEDS_MODEL(resnet, "resnet18");
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string wrong = folder / "wrong.pt2";
  const fs::path pipeline =
      folder.write("p.yaml", "passes: [relu_to_neg]\nverify: {after: never}\n");
  REQUIRE(fettle_command({"run", resnet, "-p", pipeline, "-o", wrong, "--plugin-dir", kTestPlugins})
              .status == 0);
  const Finished refused = fettle_command({"verify", resnet, wrong});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.out, contains("They do not compute the same"));
  CHECK(fettle_command({"verify", resnet, wrong, "--max-abs", "1e9"}).status == 0);
  for (const char* command : {"verify", "bench"}) {
    const Finished other = fettle_command({command, resnet, bert});
    CHECK(other.status == 2);
    CHECK_THAT(other.err, contains("error[programs-incomparable]"));
  }
}
