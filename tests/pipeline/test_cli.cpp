// The command line, run as a person runs it: exit statuses, what goes to stdout and to stderr, and
// what is left on disk.
#include <algorithm>
#include <boost/json.hpp>

#include "catch.hpp"
#include "process.hpp"

using namespace fettle::test;
namespace json = boost::json;

// Captured models are made by tools/test; without them there is nothing to run on.
#define NEEDS_MODEL(variable, name)            \
  const std::string variable = model(name);    \
  if (variable.empty()) {                      \
    WARN("FETTLE_MODELS is not set: not run"); \
    return;                                    \
  }

namespace {

const std::string kTestPlugins = FETTLE_PIPELINE_PLUGINS;

std::string wrong_pass(const std::string& rest) {
  return "passes: [cse, relu_to_neg, dce]\nverify: {with: [numeric]}\n" + rest;
}

}  // namespace

TEST_CASE("help and version go to stdout, and are no error") {
  struct {
    const char *line, *says;
  } const lines[] = {
      {"{fettle}", "usage: fettle"},
      {"{fettle} --help", "COMMANDS\n"},
      {"{fettle} run --help", "EXIT STATUS\n"},
      {"{fettle} inspect -h", "usage: fettle inspect"},
      {"{fettle} help diff", "fettle-diff - show what changed"},
      {"{fettle} help --man run", ".TH \"FETTLE\\-RUN\""},
  };
  for (const auto& [line, says] : lines) {
    INFO(line);
    const Finished done = shell(line);
    CHECK(done.status == 0);
    CHECK_THAT(done.out, contains(says));
    CHECK(done.err.empty());
    CHECK(done.out.find('\x1b') == std::string::npos);  // no terminal, no colours
  }
  CHECK_THAT(shell("{fettle} --version").out, contains("fettle "));
}

TEST_CASE("mistakes in the command line: exit status 2, and the nearest name") {
  struct {
    const char* line;
    const char* code;
    const char* says;
  } const mistakes[] = {
      {"{fettle} rnu", "usage-unknown-command", "did you mean 'run'?"},
      {"{fettle} run --ouput x m.pt2", "usage-unknown-option", "did you mean '--output'?"},
      {"{fettle} inspect /nowhere.pt2", "archive-open", "/nowhere.pt2"},
      {"{fettle} --version >/dev/full", "output-unwritable", "standard output"},
      {"echo 'passes: [dec]' | {fettle} run a -p -", "component-unknown", "standard input:1:10"},
  };
  for (const auto& mistake : mistakes) {
    INFO(mistake.line);
    const Finished done = shell(mistake.line);
    CHECK(done.status == 2);
    CHECK_THAT(done.err, contains("error[" + std::string(mistake.code) + "]"));
    CHECK_THAT(done.err, contains(mistake.says));
    CHECK(done.out.empty());
  }
}

TEST_CASE("a reader that has seen enough is no error") {
  NEEDS_MODEL(llama, "llama");
  for (const std::string format : {"text", "json"}) {
    const Finished done = shell("{ {fettle} inspect '" + llama + "' --format " + format +
                                "; echo \"exit status $?\" >&2; } | head -n 1");
    CHECK(done.err == "exit status 0\n");
    CHECK_FALSE(done.out.empty());
  }
}

TEST_CASE("plugins list and info") {
  const Finished list = shell("{fettle} plugins list");
  CHECK(list.status == 0);
  for (const char* name : {"dce", "cse", "constant_folding", "numeric", "latency", "memory"}) {
    CHECK_THAT(list.out, contains(name));
  }
  const Finished info = shell("{fettle} plugins info constant_folding");
  CHECK(info.status == 0);
  CHECK_THAT(info.out, contains("max_bytes"));
  CHECK_THAT(info.out, contains("sha256"));
}

TEST_CASE("inspect tells what a program is made of") {
  NEEDS_MODEL(llama, "llama");
  const Finished summary = fettle_command({"inspect", llama});
  CHECK(summary.status == 0);
  for (const char* part : {"nodes", "parameters", "samples: 1", "input_ids", "aten.linear.default",
                           "torch 2.", "import transformers.modeling_outputs"}) {
    CHECK_THAT(summary.out, contains(part));
  }
  const Finished text = fettle_command({"inspect", llama, "--format", "text"});
  CHECK_THAT(text.out, contains("aten.silu.default"));
  const json::value parsed = json::parse(fettle_command({"inspect", llama, "-f", "json"}).out);
  CHECK(parsed.at("nodes").as_array().size() == parsed.at("node_count").to_number<std::size_t>());
  CHECK_THAT(fettle_command({"inspect", llama, "-f", "dot"}).out, contains("digraph"));
}

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

TEST_CASE("without -o nothing is written, and that is said") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const Finished done =
      fettle_command({"run", bert, "-p", folder.write("p.yaml", "passes: [dce]\n")});
  CHECK(done.status == 0);
  CHECK_THAT(done.out, contains("No output was written"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what cannot be written is said before the run") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  struct {
    const char *option, *path, *code;
  } const cases[] = {
      {"-o", "/nowhere/out.pt2", "archive-write"},
      {"--report", "/nowhere/r.html", "report-unwritable"},
      {"--report-json", "/", "report-unwritable"},
  };
  for (const auto& wrong : cases) {
    INFO(wrong.option);
    const Finished done = fettle_command({"run", bert, wrong.option, wrong.path});
    CHECK(done.status == 2);
    CHECK_THAT(done.err, contains("error[" + std::string(wrong.code) + "]"));
    CHECK(done.out.empty());  // no pass ran
  }
  // What can be written is only tried.
  const fs::path out = folder / "out.pt2", report = folder / "r.json";
  CHECK(fettle_command({"run", "/nowhere.pt2", "-o", out, "--report-json", report}).status == 2);
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("a disk that fills up takes neither the old report nor the old output") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder.write("out.pt2", "old output");
  const std::string report = folder.write("r.html", "old report");
  const std::string pipeline = folder.write("p.yaml", "passes: [dce]\n");
  const std::string run = "ulimit -f 1; {fettle} run '" + bert + "' -p '" + pipeline + "' ";
  const Finished output = shell(run + "-o '" + out + "' >/dev/null");
  CHECK(output.status == 2);
  CHECK_THAT(output.err, contains("error[archive-write]"));
  CHECK_THAT(output.err, contains("free some space"));
  const Finished html = shell(run + "--report '" + report + "' >/dev/null");
  CHECK(html.status == 2);
  CHECK_THAT(html.err, contains("error[report-unwritable]"));
  CHECK(read_file(out) == "old output");
  CHECK(read_file(report) == "old report");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 3);
}

TEST_CASE("with stdout closed the results go nowhere, and not into the output") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder / "out.pt2";
  const Finished done =
      shell("{fettle} run '" + bert + "' -p '" + folder.write("p.yaml", "passes: []\n").string() +
            "' -o '" + out + "' <&- >&-");
  CHECK(done.status == 2);
  CHECK_THAT(done.err, contains("error[output-unwritable]"));
  CHECK(fettle_command({"inspect", out}).status == 0);
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

TEST_CASE("components and options that do not exist are told with their place") {
  const Folder folder;
  const auto run = [&](const std::string& text) {
    return fettle_command({"run", "unread.pt2", "-p", folder.write("p.yaml", text)});
  };
  struct {
    const char* text;
    const char* where;
    const char* says;
  } const mistakes[] = {
      {"passes:\n  - dec\n", "p.yaml:2:5", "did you mean 'dce'?"},
      {"passes: []\nverify: {with: [numerc]}\n", "p.yaml:2:17", "did you mean 'numeric'?"},
      {"passes: []\nbenchmark: [latncy]\n", "p.yaml:2:13", "did you mean 'latency'?"},
      {"passes:\n  - dce: {wieghts: true}\n", "p.yaml:2:11", "did you mean 'weights'?"},
      {"passes:\n  - constant_folding: {max_bytes: many}\n", "p.yaml:2:24", "max_bytes"},
      {"passes: [numeric]\n", "p.yaml:1:10", "numeric"},
  };
  for (const auto& mistake : mistakes) {
    INFO(mistake.text);
    const Finished done = run(mistake.text);
    INFO(done.err);
    CHECK(done.status == 2);
    CHECK_THAT(done.err, contains(mistake.where));
    CHECK_THAT(done.err, contains(mistake.says));
  }
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

TEST_CASE("purity of operators, calls and nodes") {
  NEEDS_MODEL(bert, "bert");
  CHECK_THAT(fettle_command({"inspect", "--purity", "aten.dropout.default"}).out,
             contains("with p=0.5, train=True"));
  CHECK_THAT(fettle_command({"inspect", "--purity", "aten.add_.Tensor(x, y)"}).out,
             contains("it writes"));
  CHECK_THAT(fettle_command({"inspect", bert, "--purity", "gather"}).out, contains("move: yes"));
  CHECK_THAT(fettle_command({"inspect", bert, "--purity", "gathre"}).err,
             contains("did you mean 'gather'?"));
}

TEST_CASE("bash completes commands, options, values and what the plugins have") {
  const auto complete = [](std::vector<std::string> words) {
    std::string line = "source <({fettle} completion bash); COMP_WORDS=({fettle}";
    for (const std::string& word : words) line += " '" + word + "'";
    line += "); COMP_CWORD=" + std::to_string(words.size()) + "; _fettle; echo \"${COMPREPLY[*]}\"";
    const Folder folder;
    const Finished done = shell("bash " + folder.write("c.sh", expanded(line)).string());
    INFO(done.err);
    CHECK(done.status == 0);
    return done.out;
  };
  CHECK(complete({"in"}) == "inspect\n");
  CHECK_THAT(complete({""}), contains("run inspect diff verify"));
  CHECK(complete({"run", "m.pt2", "--repor"}) == "--report --report-json\n");
  CHECK(complete({"diff", "a", "--format", ""}) == "text json\n");
  CHECK(complete({"inspect", "--format", "=", "js"}) == "json\n");
  CHECK(complete({"inspect", "-f", "d"}) == "dot\n");
  CHECK(complete({"inspect", "m.pt2", "--to"}) == "--top\n");
  CHECK(complete({"run", "--passes", "cse,dc"}) == "cse,dce\n");
  CHECK(complete({"run", "--print-after", "ch"}) == "changed\n");
  CHECK(complete({"run", "--set", "dce."}) == "dce.weights=\n");
  CHECK(complete({"verify", "--with", ""}) == "numeric\n");
  CHECK(complete({"plugins", "in"}) == "info\n");
  CHECK(complete({"plugins", "info", "lat"}) == "latency\n");
  CHECK(complete({"run", "mod"}) == "\n");  // files are the shell's own business
}

TEST_CASE("Ctrl-C stops at a safe point, with nothing written") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  const std::string pipeline =
      folder.write("p.yaml", "passes: [dce]\nbenchmark: [latency: {runs: 1000000}]\n");
  const std::string out = folder / "out.pt2";
  // With job control (set -m) a background job listens to SIGINT. The line that -v prints says that
  // the run is under way; measuring is what then takes for ever.
  const std::string run = "{fettle} run '" + resnet + "' -p '" + pipeline + "' -o '" + out + "' -v";
  const fs::path script = folder.write("run.sh", expanded("set -m\n" + run + R"( 2>"$1" &
until grep -q '^dce:' "$1" || ! kill -0 $!; do sleep 0.1; done
kill -INT $!
wait $!
status=$?
cat "$1" >&2
rm "$1"
exit $status
)"));
  const Finished done =
      shell("bash '" + script.string() + "' '" + (folder / "errors").string() + "'");
  INFO(done.err);
  CHECK(done.status == 130);
  CHECK_THAT(done.err, contains("error[interrupted]"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("a report that finds no room is told, with what was written before it") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder / "out.pt2";
  const Finished done =
      shell("{fettle} run '" + bert + "' --passes dce -o '" + out + "' --report-json /dev/full");
  CHECK(done.status == 2);
  CHECK_THAT(done.err, contains("error[report-unwritable]"));
  CHECK_THAT(done.err, contains("the output '" + out + "' is whole"));
  CHECK(fettle_command({"diff", "-q", bert, out}).status == 1);
}

TEST_CASE("an output may replace its model") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string model = folder / "m.pt2";
  fs::copy_file(bert, model);
  CHECK(fettle_command({"run", model, "--passes", "dce", "-o", model}).status == 0);
  CHECK(fettle_command({"verify", bert, model, "--set", "numeric.random_sets=0"}).status == 0);
}
