#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "archive/program.hpp"
#include "arguments.hpp"
#include "case.hpp"
#include "commands.hpp"

namespace fettle::soak {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// What a command prints must go nowhere while a case runs.
class Silence {
 public:
  Silence() : out_(std::cout.rdbuf(text_.rdbuf())), err_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~Silence() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
    std::cout.clear();
    std::cerr.clear();
  }

 private:
  std::ostringstream text_;
  std::streambuf *out_, *err_;
};

std::string file_name(const Case& which) {
  return which.archive ? "case.pt2" : "case.yaml";
}

Outcome execute(const Case& which, const fs::path& folder, const fs::path& executable) {
  std::vector<std::string> words(which.command.begin() + 1, which.command.end());
  for (std::string& argument : words) {
    if (argument.ends_with(".pt2") || argument.ends_with(".yaml"))
      argument = (folder / argument).string();
  }
  const Silence silence;
  return outcome_of([&] {
    const CommandSpec& command = find_command(which.command[0]);
    Arguments arguments(command);
    arguments.parse(words);
    return command.run({executable}, arguments);
  });
}

// Every file below the folder but the output, and what it holds.
using Snapshot = std::map<std::string, std::string>;
Snapshot snapshot(const fs::path& folder) {
  Snapshot files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder);
    if (name != kOutput) files[name] = entry.is_regular_file() ? test::read_file(entry.path()) : "";
  }
  return files;
}

// An output is there only if the command ended well, and can be read.
void check_output(const fs::path& output, Outcome& outcome) {
  if (!fs::exists(output)) return;
  if (outcome.code != "done" && outcome.code != "check")
    outcome.finding = "an error left an output";
  try {
    read_program(output);
  } catch (const std::exception& error) {
    outcome.finding = std::string("the output cannot be read: ") + error.what();
  }
  fs::remove(output);
}

// Besides its output a command leaves everything as it was: nothing new, nothing changed or gone.
void check_others(const Snapshot& before, const fs::path& folder, Outcome& outcome) {
  const Snapshot after = snapshot(folder);
  for (const auto& [name, bytes] : after) {
    if (!before.contains(name)) {
      outcome.finding = "left over: " + name;
      fs::remove_all(folder / name);
    } else if (bytes != before.at(name)) {
      outcome.finding = "changed: " + name;
    }
  }
  for (const auto& [name, bytes] : before)
    if (!after.contains(name)) outcome.finding = "gone: " + name;
}

}  // namespace

void prepare(const Corpus& corpus, const fs::path& folder) {
  write(folder / "sound.pt2", test::zip(corpus.programs.front()).bytes);
  for (std::size_t i = 0; i < corpus.pipelines.size(); ++i)
    write(folder / ("sound" + std::to_string(i) + ".yaml"), corpus.pipelines[i]);
}

Outcome run_case(const Case& which, const fs::path& folder, const fs::path& executable) {
  write(folder / file_name(which), which.bytes);
  const Snapshot before = snapshot(folder);
  Outcome outcome = execute(which, folder, executable);
  check_output(folder / kOutput, outcome);
  check_others(before, folder, outcome);
  fs::remove(folder / file_name(which));
  return outcome;
}

}  // namespace fettle::soak
