// Pass tests as data: a graph before, options, and the graph after, as text. One file holds the
// cases of one topic; README.md in this folder shows the form.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fettle::test {

struct PassCase {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
  std::string before;
  std::string after;      // empty: nothing may change, and analyze says `unchanged`
  std::string unchanged;  // the reason
};

struct CaseFile {
  std::string head;  // comments before the first case, kept
  std::vector<PassCase> cases;
};

// Throws std::runtime_error naming file and line.
CaseFile read_cases(const std::filesystem::path& path);
void write_cases(const std::filesystem::path& path, const CaseFile& file);

}  // namespace fettle::test
