// The command line, run as a person runs it: what it tells of itself, of plugins and of programs,
// and what it says to mistakes.
#include "cli_fixture.hpp"

using namespace fettle::test;
namespace json = boost::json;

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
  CHECK(complete({"verify", "--with", ""}) == "equivalence gradient numeric\n");
  CHECK(complete({"plugins", "in"}) == "info\n");
  CHECK(complete({"plugins", "info", "lat"}) == "latency\n");
  CHECK(complete({"run", "mod"}) == "\n");  // files are the shell's own business
}
