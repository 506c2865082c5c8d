#include "case.hpp"

#include <boost/dll/runtime_symbol_info.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "archive/program.hpp"
#include "archive/zip_reader.hpp"
#include "arguments.hpp"
#include "commands.hpp"

namespace fettle::soak {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPipelines[] = {
    "passes: []\nverify: {after: never}\n",
    "passes:\n  - repeat: {until: unchanged, limit: 3, passes: [cse, constant_folding, dce]}\n"
    "verify: {after: never}\n",
    "passes: [dce, cse]\nverify: {after: each, with: [numeric]}\n",
    "name: all\npasses:\n  - dce\n  - constant_folding: {max_bytes: 1048576}\n  - cse\n"
    "verify:\n  after: end\n  with:\n    - numeric\n  unable: pass\non_failure: skip\n"
    "accept: {max_abs: 0.01, max_rel: 0.1}\n",
};

const std::vector<std::string_view> kYamlTokens = {"passes",
                                                   "repeat",
                                                   "limit",
                                                   "until",
                                                   "verify",
                                                   "after",
                                                   "with",
                                                   "accept",
                                                   "dce",
                                                   "cse",
                                                   "numeric",
                                                   "constant_folding",
                                                   "max_bytes",
                                                   "each",
                                                   "never",
                                                   "skip",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ": ",
                                                   ":",
                                                   "- ",
                                                   "-",
                                                   ",",
                                                   "&a ",
                                                   "*a",
                                                   "&a [*a, *a]",
                                                   "!!int ",
                                                   "!!binary ",
                                                   "!<x> ",
                                                   "|\n",
                                                   ">-\n",
                                                   "'",
                                                   "\"",
                                                   "#",
                                                   "99999999999999999999",
                                                   "-1",
                                                   "0",
                                                   "1e999",
                                                   ".nan",
                                                   "null",
                                                   "~",
                                                   "<<: *a",
                                                   "\t",
                                                   "%YAML 1.2\n",
                                                   "---\n",
                                                   "...\n",
                                                   "? ",
                                                   "\n",
                                                   "\n  ",
                                                   "\xef\xbb\xbf",
                                                   "\xff",
                                                   "\\x00",
                                                   "[[",
                                                   "{a: "};

std::string read_bytes(const ZipRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

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

constexpr const char* kOutput = "out.pt2";

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

Corpus make_corpus(const fs::path& archives) {
  Corpus corpus{{test::small_program()}, {std::begin(kPipelines), std::end(kPipelines)}};
  if (archives.empty()) return corpus;
  for (const auto& file : fs::directory_iterator(archives)) {
    if (file.path().extension() != ".pt2") continue;
    try {
      test::Records records;
      const ZipReader zip(file.path());
      for (const ZipRecord& record : zip.records())
        records.push_back({std::string(record.path), read_bytes(record)});
      corpus.programs.push_back(std::move(records));
    } catch (const Error& error) {
      std::cerr << file.path() << " is left out: " << error.what();
    }
  }
  return corpus;
}

Case make_case(const Corpus& corpus, std::uint64_t seed) {
  Random random(seed);
  Case made;
  made.archive = below(random, 10) < 7;
  const std::string pipeline =
      "sound" + std::to_string(below(random, std::size(kPipelines) - 1)) + ".yaml";
  if (!made.archive) {
    made.bytes = one_of(random, corpus.pipelines);
    damage_text(random, made.bytes, kYamlTokens);
    made.command = {"run", "sound.pt2", "-p", "case.yaml", "-o", kOutput};
    return made;
  }
  made.bytes = damaged_archive(random, one_of(random, corpus.programs));
  constexpr const char* formats[] = {"summary", "text", "json", "dot"};
  switch (below(random, 8)) {
    case 0:
      made.command = {"inspect", "case.pt2", "--format", one_of(random, formats)};
      break;
    case 1:
      made.command = {"diff", "sound.pt2", "case.pt2"};
      break;
    case 2:
      made.command = {"verify", "sound.pt2", "case.pt2"};
      break;
    default:
      made.command = {"run", "case.pt2", "-p", pipeline, "-o", kOutput};
      break;
  }
  return made;
}

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
