// Whether a plugin keeps the rules of the ABI (`fettle plugins check`): checks by name, run in
// child processes under a time limit, so that a crash, a hang or an exit is a result like any
// other.
//
// A child runs one check after another. When one takes the child with it, that check has failed,
// and a new child goes on with the next.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/check.hpp"
#include "conformance/subject.hpp"

namespace fettle::conformance {

// How to start a process that calls child_main (child.hpp) with what follows these arguments.
struct ChildCommand {
  std::filesystem::path executable;
  std::vector<std::string> arguments;
};

struct Line {
  std::string check, component;  // component is empty for checks of the library
  Finding finding;
};

struct Report {
  std::string plugin, version;  // empty when the plugin did not come so far
  std::vector<Line> lines;
  std::size_t count(Result result) const;
};

// The names of all checks, in the order in which their lines come.
std::vector<std::string_view> check_names();
std::string_view check_holds(std::string_view name);

// `tell` is called for each line as it comes. `limit` is each check's.
Report check_plugin(const Settings& settings, const ChildCommand& child,
                    std::chrono::duration<double> limit,
                    const std::function<void(const Line&)>& tell = {});

}  // namespace fettle::conformance
