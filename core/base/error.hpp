// One error type for the whole host: a diagnostic with a code, thrown as fettle::Error.
//
// Every mistake that a person, a file or a plugin can make has a Code (codes.def), and a message in
// four parts: what went wrong, where, why, and what to try. The code decides the exit status.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace fettle {

enum class Code : std::uint16_t {
#define FETTLE_CODE(id, text, blame, summary) id,
#include "base/codes.def"
#undef FETTLE_CODE
};

// Who has to act; the command line's exit status follows from it (DESIGN 7).
enum class Blame : std::uint8_t {
  input,   // bad input or usage: exit 2
  check,   // a check said no: exit 1
  plugin,  // a plugin broke its contract: exit 3
  bug,     // a bug in fettle: exit 70
  user,    // nobody: the user asked to stop: exit 130
};

enum class Severity : std::uint8_t { note, warning, error };

// The code's public name, e.g. "archive-truncated". Stable: tests and users rely on it.
std::string_view code_name(Code code);
std::string_view code_summary(Code code);
Blame code_blame(Code code);

struct Diagnostic {
  Code code;
  std::string what;  // what went wrong, one clause, no trailing full stop
  std::string where =
      {};                // file, record, line:column, node or value; empty if nowhere in particular
  std::string why = {};  // the reason, if `what` does not say it
  std::string hint = {};  // the next thing to try
  Severity severity = Severity::error;
};

// "error[archive-truncated]: what\n  where: …\n  why: …\n  try: …\n" without the empty lines.
std::string format(const Diagnostic& diagnostic);

class Error : public std::exception {
 public:
  explicit Error(Diagnostic diagnostic);
  const Diagnostic& diagnostic() const noexcept { return diagnostic_; }
  Code code() const noexcept { return diagnostic_.code; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  Diagnostic diagnostic_;
  std::string text_;
};

// The candidate that `name` begins, or else the nearest by edit distance, or empty when nothing is
// near enough to suggest. O(candidates * length^2).
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

// " (did you mean 'x'?)"-style hint for an unknown name: the nearest candidate, or the list of all.
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace fettle
