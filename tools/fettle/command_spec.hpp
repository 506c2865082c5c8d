// A command as data: what it is given and what it says of itself. Parsing, -h, --help, man pages
// and shell completion are all made from this one description.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fettle {

class Arguments;

// What a shell offers for a value.
enum class Completes {
  nothing,
  file,
  folder,
  choice,  // one of `choices`
  pass,    // names of components, as `fettle plugins list` has them
  verifier,
  benchmark,
  analysis,
  backend,
  component,  // of any kind
  setting,    // COMPONENT.OPTION=
  command,
};

struct OptionSpec {
  std::string name;                       // "pipeline": --pipeline
  std::string letter = {};                // "p": -p
  std::string value = {};                 // what stands for the value ("FILE.yaml"); empty: a flag
  std::string help = {};                  // the first sentence alone is what -h shows
  std::string otherwise = {};             // the default, as --help names it
  std::vector<std::string> choices = {};  // all; the first is the default where `otherwise` is empty
  bool repeatable = false;
  Completes completes = Completes::nothing;
};

struct PositionalSpec {
  std::string name;  // "MODEL.pt2"
  std::string help = {};
  bool required = true;
  bool repeatable = false;  // the last one only: takes all that remain
  std::vector<std::string> choices = {};
  Completes completes = Completes::file;
};

struct Example {
  std::string command, meaning;
};

struct Invocation {
  std::filesystem::path executable;  // absolute: plugins and configs are found beside it
};

struct CommandSpec {
  std::string name;                   // "run"
  std::string summary;                // half a line
  std::vector<std::string> synopsis;  // without "fettle"
  std::vector<std::string> description =
      {};  // paragraphs; one that starts with a space stays as it is
  std::vector<PositionalSpec> positionals = {};
  std::vector<OptionSpec> options = {};
  std::vector<std::pair<std::string, std::string>> statuses = {};  // of the exit status, if special
  std::vector<Example> examples = {};
  std::vector<std::string> see_also = {};  // other commands
  // Reads its arguments, prints results on stdout, answers an exit status (DESIGN 7); what goes
  // wrong is thrown as fettle::Error.
  int (*run)(const Invocation&, const Arguments&) = nullptr;
};

}  // namespace fettle
