// A check: one thing that a plugin is held to, by a name that people see, and what it came to.
//
// Checks run in a child process (child.hpp), one after another. A check may crash, hang or end the
// process: that is its result, found out by the parent (conformance.hpp), and the next checks run
// in a new child. Each begins with a plugin that is loaded and not initialized.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fettle::conformance {

class Subject;  // subject.hpp: the plugin under test

enum class Result : std::uint8_t { pass, fail, skip };
std::string_view result_name(Result result);

struct Finding {
  Result result = Result::pass;
  std::string text = {};  // what happened
  std::string hint = {};  // what to do about it
};

inline Finding passed(std::string text = {}) {
  return {Result::pass, std::move(text)};
}
inline Finding failed(std::string text, std::string hint = {}) {
  return {Result::fail, std::move(text), std::move(hint)};
}
inline Finding skipped(std::string text) {
  return {Result::skip, std::move(text)};
}

// What a check is about: the library as a whole, or each of its components (of that kind).
enum class Scope : std::uint8_t {
  library, component, pass, verifier, benchmark, analysis, backend
};

struct Check {
  std::string_view name;
  std::string_view holds;  // what it holds a plugin to, in one clause
  Scope scope;
  bool vital;  // when it fails, what stands behind it is not asked (of that component)
  // What it throws as fettle::Error is a failure; an exception of the plugin's that crossed the
  // boundary (plugin_threw) is told by the check kExceptions alone.
  Finding (*run)(Subject&);
};

// All of them, in the order in which they run.
std::span<const Check> checks();

// Told by the parent: it sees what the other checks brought about.
inline constexpr std::string_view kExceptions = "exceptions-kept-inside";
inline constexpr std::string_view kExceptionsHold = "no C++ exception crosses the C boundary";

}  // namespace fettle::conformance
