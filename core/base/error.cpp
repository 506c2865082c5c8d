#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace fettle {
namespace {

struct CodeFacts {
  std::string_view name;
  Blame blame;
  std::string_view summary;
};

constexpr CodeFacts kCodes[] = {
#define FETTLE_CODE(id, text, blame, summary) {text, Blame::blame, summary},
#include "base/codes.def"
#undef FETTLE_CODE
};

const CodeFacts& facts(Code code) {
  return kCodes[static_cast<std::size_t>(code)];
}

std::string_view severity_name(Severity severity) {
  constexpr std::array<std::string_view, 3> names = {"note", "warning", "error"};
  return names[static_cast<std::size_t>(severity)];
}

// Text of files goes into messages: what is in it must neither cut them off nor drive a terminal.
std::string without_controls(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  return text;
}

void append_line(std::string& text, std::string_view label, std::string_view body) {
  if (body.empty()) return;
  text.append("  ").append(label).append(": ").append(body).append("\n");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view code_name(Code code) {
  return facts(code).name;
}
std::string_view code_summary(Code code) {
  return facts(code).summary;
}
Blame code_blame(Code code) {
  return facts(code).blame;
}

std::string format(const Diagnostic& diagnostic) {
  std::string text(severity_name(diagnostic.severity));
  text.append("[").append(code_name(diagnostic.code)).append("]: ").append(diagnostic.what);
  text.append("\n");
  append_line(text, "where", diagnostic.where);
  append_line(text, "why", diagnostic.why);
  append_line(text, "try", diagnostic.hint);
  return without_controls(std::move(text));
}

Error::Error(Diagnostic diagnostic)
    : diagnostic_(std::move(diagnostic)), text_(format(diagnostic_)) {}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kShortest = 4;  // "--ou" may be the beginning of "--output"
  if (name.size() >= kShortest) {
    const auto begun = std::ranges::find_if(
        candidates, [&](const std::string& candidate) { return candidate.starts_with(name); });
    if (begun != candidates.end()) return *begun;
  }
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggest(std::string_view name, const std::vector<std::string>& candidates) {
  if (const std::string best = nearest(name, candidates); !best.empty()) {
    return "did you mean '" + best + "'?";
  }
  if (candidates.empty()) return {};
  std::string text = "known here: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) text += ", ";
    text += candidates[i];
  }
  return text;
}

}  // namespace fettle
