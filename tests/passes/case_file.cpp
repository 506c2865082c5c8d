#include "case_file.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fettle::test {
namespace {

constexpr std::string_view kCase = "=== ", kOptions = "options: ", kUnchanged = "unchanged: ";

bool starts(const std::string& line, std::string_view with) {
  return line.rfind(with, 0) == 0;
}

std::vector<std::pair<std::string, std::string>> read_options(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> options;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) throw std::runtime_error("an option is name=value: " + word);
    options.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return options;
}

std::string indented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    out += line.empty() ? "\n" : "  " + line + "\n";
  return out;
}

}  // namespace

CaseFile read_cases(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  CaseFile file;
  std::string* graph = nullptr;  // where indented lines go
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto fail = [&](const char* what) {
      throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": " + what);
    };
    if (starts(line, kCase)) {
      file.cases.emplace_back().name = line.substr(kCase.size());
      graph = nullptr;
    } else if (file.cases.empty()) {
      file.head += line + "\n";
    } else if (starts(line, kOptions)) {
      file.cases.back().options = read_options(line.substr(kOptions.size()));
    } else if (line == "before:") {
      graph = &file.cases.back().before;
    } else if (line == "after:") {
      graph = &file.cases.back().after;
    } else if (starts(line, kUnchanged)) {
      file.cases.back().unchanged = line.substr(kUnchanged.size());
      graph = nullptr;
    } else if (starts(line, "  ")) {
      if (graph == nullptr) fail("indented lines belong to 'before:' or 'after:'");
      *graph += line.substr(2) + "\n";
    } else if (!line.empty()) {
      fail("expected '=== name', 'options: ', 'before:', 'after:' or 'unchanged: '");
    }
  }
  return file;
}

void write_cases(const std::filesystem::path& path, const CaseFile& file) {
  std::ofstream out(path);
  out << file.head;
  for (const PassCase& test : file.cases) {
    if (&test != &file.cases.front()) out << "\n";
    out << kCase << test.name << "\n";
    if (!test.options.empty()) {
      out << "options:";
      for (const auto& [name, value] : test.options) out << " " << name << "=" << value;
      out << "\n";
    }
    out << "before:\n" << indented(test.before);
    if (test.after.empty())
      out << kUnchanged << test.unchanged << "\n";
    else
      out << "after:\n" << indented(test.after);
  }
}

}  // namespace fettle::test
