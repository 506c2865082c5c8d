// Parts of the command line that need no process: exit statuses, arguments, tables.
#include <sstream>
#include <stdexcept>

#include "arguments.hpp"
#include "catch.hpp"
#include "commands.hpp"
#include "completion_scripts.hpp"
#include "failure.hpp"
#include "manual.hpp"
#include "numbers.hpp"
#include "table.hpp"

using namespace fettle;
using fettle::test::contains;

namespace {

template <class Exception>
std::pair<int, std::string> described(Exception exception) {
  std::ostringstream messages;
  const int status = describe_failure(std::make_exception_ptr(exception), messages);
  return {status, messages.str()};
}

const CommandSpec kExample = {
    .name = "example",
    .summary = "show what a command may say of itself",
    .synopsis = {"example FILE [OPTION...]"},
    .description = {"A paragraph that is long enough to be wrapped when the terminal is narrow."},
    .positionals = {{.name = "FILE", .help = "A file."}},
    .options = {{.name = "format",
                 .letter = "f",
                 .value = "FORMAT",
                 .help = "How. In more words.",
                 .choices = {"text", "json"},
                 .completes = Completes::choice},
                {.name = "count", .value = "N", .help = "How many.", .otherwise = "1"},
                {.name = "place",
                 .value = "PLACE",
                 .help = "Where.",
                 .otherwise = "as the file says",
                 .choices = {"here", "there"},
                 .completes = Completes::choice},
                {.name = "quiet", .letter = "q", .help = "Says nothing."},
                {.name = "set", .value = "NAME=VALUE", .help = "Sets.", .repeatable = true}},
    .examples = {{"fettle example -q a.b", "Quietly"}}};

std::pair<std::string, std::string> mistake(const std::vector<std::string>& given) {
  Arguments arguments(kExample);
  try {
    arguments.parse(given);
    arguments.whole_number("count", 1, 1, 9);
  } catch (const Error& error) {
    return {std::string(code_name(error.code())), error.what()};
  }
  return {};
}

}  // namespace

TEST_CASE("the exit status follows from who has to act") {
  CHECK(described(Error({Code::pipeline_empty, "x"})).first == 2);
  CHECK(described(Error({Code::verification_failed, "x"})).first == 1);
  CHECK(described(Error({Code::graph_bad_edit, "x"})).first == 3);
  CHECK(described(Error({Code::graph_corrupt, "x"})).first == 70);
  CHECK(described(Error({Code::interrupted, "x"})).first == 130);
}

TEST_CASE("an exception that nobody expected is called a bug") {
  for (const auto& [status, text] :
       {described(std::runtime_error("what it said")), described(42)}) {
    CHECK(status == 70);
    CHECK_THAT(text, contains("error[internal-error]"));
    CHECK_THAT(text, contains("this is a bug in fettle"));
  }
  CHECK_THAT(described(std::runtime_error("what it said")).second, contains("what it said"));
}

TEST_CASE("arguments are read strictly") {
  Arguments arguments(kExample);
  REQUIRE(arguments.parse({"m.pt2", "--set", "a=1", "-f", "json", "--set=b=2"}) == HelpAsked::no);
  CHECK(arguments.text("FILE") == "m.pt2");
  CHECK(arguments.choice("format") == "json");
  CHECK(arguments.list("set") == std::vector<std::string>{"a=1", "b=2"});
  CHECK(arguments.whole_number("count", 5, 1, 9) == 5);
  CHECK_FALSE(arguments.flag("quiet"));
  Arguments others(kExample);
  REQUIRE(others.parse({"-q", "-"}) == HelpAsked::no);  // "-" is a value
  CHECK(others.flag("quiet"));
  CHECK(others.text("FILE") == "-");
  CHECK(others.choice("format") == "text");
}

// What a command line is told, without a process: "code: message".
std::string told(std::vector<std::string> words) {
  try {
    const CommandSpec& command = find_command(words.at(0));
    words.erase(words.begin());
    Arguments arguments(command);
    if (arguments.parse(words) != HelpAsked::no) return "help";
    return "exit status " + std::to_string(command.run({FETTLE_EXECUTABLE}, arguments));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("mistakes in the commands' own arguments, with the nearest name") {
  struct {
    std::vector<std::string> line;
    const char *code, *says;
  } const mistakes[] = {
      {{"help", "rnu"}, "usage-unknown-command", "did you mean 'run'?"},
      {{"run"}, "usage-bad-argument", "MODEL.pt2 is missing"},
      {{"run", "a", "b"}, "usage-bad-argument", "too many arguments"},
      {{"run", "a", "-p", "/nowhere.yaml"}, "pipeline-unreadable", "no such file"},
      {{"run", "a", "--set", "dce"}, "pipeline-bad-override", "PASS.OPTION=VALUE"},
      {{"run", "a", "--print-before", "dec"}, "usage-bad-argument", "did you mean 'dce'?"},
      {{"run", "a", "--print-after", "chnged"}, "usage-bad-argument", "did you mean 'changed'?"},
      {{"run", "a", "--device", "gpu"}, "usage-bad-argument", "'gpu'"},
      {{"run", "a", "--device", "cuda:77"}, "usage-bad-argument", "leave --device out"},
      {{"run", "--out", "x", "m"}, "usage-unknown-option", "did you mean '--output'?"},
      {{"run", "a", "-o", ""}, "usage-bad-argument", "--output is given without a value"},
      {{"run", "a", "-o"}, "usage-bad-argument", "--output"},
      {{"run", "a", "-o", "b", "-o", "c"}, "usage-bad-argument", "--output is given twice"},
      {{"run", "a", "--report", "a"}, "usage-bad-argument", "--report and MODEL.pt2 name"},
      {{"run", "a", "-o", "b", "--report-json", "./b"},
       "usage-bad-argument",
       "--report-json and --output name the same file"},
      {{"run", "a", "-p", "b", "--passes", "c"}, "usage-bad-argument", "leave one of them out"},
      {{"run", "a", "--passes", "cse,dec"}, "component-unknown", "did you mean 'dce'?"},
      {{"run", "a", "--passes", "dce{wieghts=1}"}, "option-unknown", "did you mean 'weights'?"},
      {{"run", "a", "--passes", "dce", "--stop-after", "cse"},
       "usage-bad-argument",
       "does not run"},
      {{"run", "a", "--passes", "dce", "--ir-dir", "/tmp"}, "usage-bad-argument", "empty folder"},
      {{"run", "/nowhere.pt2"}, "archive-open", "/nowhere.pt2"},
      {{"run", "/tmp"}, "archive-open", "/tmp"},
      {{"inspect", FETTLE_EXECUTABLE}, "archive-not-zip", "fettle"},
      {{"inspect"}, "usage-bad-argument", "MODEL.pt2 is missing"},
      {{"inspect", "a", "--format", "jsn"}, "usage-bad-argument", "did you mean 'json'?"},
      {{"inspect", "a", "--top", "0"}, "usage-bad-argument", "--top must be a whole number"},
      {{"inspect", "a", "--top", "5", "--runs", "0"}, "usage-bad-argument", "--runs must be"},
      {{"inspect", "a", "--top", "5", "-f", "dot"}, "usage-bad-argument", "no format 'dot'"},
      {{"inspect", "a", "--runs", "5"}, "usage-bad-argument", "nothing is measured"},
      {{"inspect", "a", "--device", "cpu"}, "usage-bad-argument", "nothing is measured"},
      {{"inspect", "--purity", "aten.sigmod.default"},
       "operator-unknown",
       "'aten.sigmoid.default'"},
      {{"diff", "a"}, "usage-bad-argument", "B.pt2 is missing"},
      {{"verify", "a", "b", "--with", "numerc"}, "component-unknown", "did you mean 'numeric'?"},
      {{"verify", "a", "b", "--promise", "exct"}, "usage-bad-argument", "did you mean 'exact'?"},
      {{"verify", "a", "b", "--max-abs", "-1"}, "usage-bad-argument", "not negative"},
      {{"verify", "a", "b", "--max-abs", "1", "--promise", "exact"},
       "usage-bad-argument",
       "leave one"},
      {{"bench"}, "usage-bad-argument", "MODEL.pt2 is missing"},
      {{"bench", "a", "--set", "latency.rnus=1"}, "option-unknown", "did you mean 'runs'?"},
      {{"plugins", "lst"}, "usage-bad-argument", "did you mean 'list'?"},
      {{"plugins", "info"}, "usage-bad-argument", "plugins info NAME"},
      {{"plugins", "list", "dce"}, "usage-bad-argument", "takes no name"},
      {{"plugins", "info", "dec"}, "usage-bad-argument", "did you mean 'dce'?"},
      {{"completion", "tcsh"}, "usage-bad-argument", "must be one of bash, zsh, fish"},
  };
  for (const auto& mistake : mistakes) {
    const std::string text = told(mistake.line);
    INFO(text);
    CHECK_THAT(text, contains("error[" + std::string(mistake.code) + "]"));
    CHECK_THAT(text, contains(mistake.says));
  }
}

TEST_CASE("help is asked for in two ways, and nothing else is checked then") {
  CHECK(Arguments(kExample).parse({"-h"}) == HelpAsked::brief);
  CHECK(Arguments(kExample).parse({"--help", "--format", "nonsense"}) == HelpAsked::full);
}

TEST_CASE("mistakes in arguments") {
  CHECK(mistake({"m", "--formt", "x"}).first == "usage-unknown-option");
  CHECK_THAT(mistake({"m", "--formt", "x"}).second, contains("did you mean '--format'?"));
  CHECK(mistake({"m", "--for", "json"}).first == "usage-unknown-option");  // no guessing
  CHECK(mistake({}).first == "usage-bad-argument");
  CHECK_THAT(mistake({}).second, contains("FILE is missing"));
  CHECK(mistake({"m", "n"}).first == "usage-bad-argument");
  CHECK(mistake({"m", "--format"}).first == "usage-bad-argument");
  CHECK(mistake({"m", "--format", "--quiet"}).first == "usage-bad-argument");
  CHECK_THAT(mistake({"m", "-f", "json", "-f", "json"}).second,
             contains("--format is given twice"));
  CHECK_THAT(mistake({"m", "--set", ""}).second, contains("--set is given without a value"));
  CHECK(mistake({"m", "--format", "text", "--format", "json"}).first == "usage-bad-argument");
  CHECK_THAT(mistake({"m", "--format", "jsn"}).second, contains("did you mean 'json'?"));
  for (const char* count : {"0", "10", "x", "", "1x", "99999999999999999999"}) {
    CHECK(mistake({"m", "--count", count}).first == "usage-bad-argument");
  }
}

TEST_CASE("the manual says what the command declares, within the terminal's width") {
  const std::string text = manual_text(manual_of(kExample), Terminal(40, false));
  for (const char* part :
       {"NAME\n    fettle-example - show what a command\n    may say of itself\n",
        "SYNOPSIS\n    fettle example FILE [OPTION...]\n", "    -f FORMAT, --format FORMAT\n",
        "Default: 1.", "May be given several", "EXIT STATUS", "NO_COLOR",
        "    fettle example -q a.b\n", "fettle(1)"}) {
    INFO(text);
    CHECK_THAT(text, contains(part));
  }
  const std::string wide = manual_text(manual_of(kExample), Terminal(80, true));
  CHECK_THAT(wide, contains("\x1b[1mNAME\x1b[0m"));
  CHECK_THAT(wide, contains("One of text, json; default: text."));
  CHECK_THAT(wide, contains("One of here, there; default: as the file says."));
  const std::string brief = brief_help(kExample, Terminal(80, false));
  CHECK_THAT(brief, contains("usage: fettle example FILE [OPTION...]\n"));
  CHECK_THAT(brief, contains("  -f FORMAT, --format FORMAT      How.\n"));
}

TEST_CASE("the page for man: sections, options, and no text that roff would take for a request") {
  CommandSpec spec = kExample;
  spec.description = {".hidden is a file's name, and C:\\x a path"};
  const std::string page = manual_roff(manual_of(spec));
  for (const char* part :
       {".TH \"FETTLE\\-EXAMPLE\" \"1\"", ".SH \"OPTIONS\"\n", "\\&.hidden", "C:\\ex",
        "fettle\\-example \\- show", ".TP\n\\fB\\-f FORMAT, \\-\\-format FORMAT\\fR\n"}) {
    INFO(page);
    CHECK_THAT(page, contains(part));
  }
}

TEST_CASE("every command says all that a manual needs") {
  for (const CommandSpec& command : all_commands()) {
    INFO(command.name);
    CHECK(command.run);
    CHECK_FALSE(command.summary.empty());
    CHECK_FALSE(command.synopsis.empty());
    CHECK_FALSE(command.description.empty());
    CHECK_FALSE(command.examples.empty());
    for (const std::string& other : command.see_also) CHECK(find_command(other).name == other);
    for (const std::string& line : command.synopsis) CHECK(line.starts_with(command.name));
    for (const Example& example : command.examples) {
      CHECK_THAT(example.command, contains("fettle " + command.name));
    }
    for (const OptionSpec& option : command.options) {
      INFO(option.name);
      CHECK(option.help.ends_with('.'));
      CHECK(option.choices.empty() == (option.completes != Completes::choice));
    }
  }
}

TEST_CASE("scripts for shells name every command, option and choice") {
  for (const std::string& script : {bash_completion(all_commands()), zsh_completion(all_commands()),
                                    fish_completion(all_commands())}) {
    for (const CommandSpec& command : all_commands()) {
      CHECK_THAT(script, contains(command.name));
      for (const OptionSpec& option : command.options) {
        CHECK_THAT(script, contains(option.name));
        for (const std::string& choice : option.choices) CHECK_THAT(script, contains(choice));
      }
    }
  }
  CHECK_THAT(fish_completion({kExample}), contains("-l format -s f -x -a 'text json' -d 'How'\n"));
}

TEST_CASE("words are wrapped by characters, and long ones stand alone") {
  CHECK(wrapped("aa bb cc", 7, 2) == "  aa bb\n  cc\n");
  CHECK(wrapped("→→ →→", 5, 0) == "→→ →→\n");
  CHECK(wrapped("a longer-than-the-line b", 8, 0) == "a\nlonger-than-the-line\nb\n");
  CHECK(wrapped("", 8, 0).empty());
  CHECK(columns("→x") == 2);
}

TEST_CASE("tables line up, whatever characters they hold") {
  Table table({"pass", ">nodes"});
  table.add({"dce", "10 → 9"});
  table.add({"constant_folding", "9"});
  CHECK(table.text("") ==
        "pass               nodes\n"
        "dce               10 → 9\n"
        "constant_folding       9\n");
}

TEST_CASE("numbers for people") {
  CHECK(human_bytes(12) == "12 bytes");
  CHECK(human_bytes(1500) == "1.50 kB");
  CHECK(human_bytes(44'700'000) == "44.7 MB");
  CHECK(human_bytes(123e9) == "123 GB");
  CHECK(human_seconds(0.0123) == "12.30 ms");
  CHECK(human_seconds(1.5) == "1.50 s");
  CHECK(error_size(0) == "0");
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1'234'567) == "1,234,567");
}
