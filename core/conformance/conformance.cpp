#include "conformance/conformance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "conformance/child.hpp"
#include "conformance/process.hpp"

namespace fettle::conformance {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

std::string text_of(const json::object& line, std::string_view key) {
  return std::string(line.at(key).as_string());
}

// Between checks, and until the first: a busy machine may take its time to start a process.
constexpr std::chrono::duration<double> kStart = std::chrono::minutes(5);

class Parent {
 public:
  Parent(const Settings& settings, const ChildCommand& child, std::chrono::duration<double> limit,
         const std::function<void(const Line&)>& tell)
      : plan_{.settings = settings, .failed = {}}, child_(child), limit_(limit), tell_(tell) {
    // Only the others can bring this one about.
    if (settings.only == kExceptions) plan_.settings.only.clear();
    only_ = settings.only;
  }

  Report run() {
    while (!run_a_child()) {
    }
    add_exceptions();
    return std::move(report_);
  }

 private:
  // Whether it came to the end.
  bool run_a_child() {
    std::vector<std::string> command = {child_.executable.string()};
    std::ranges::copy(child_.arguments, std::back_inserter(command));
    std::ranges::move(arguments_of(plan_), std::back_inserter(command));
    Process process(command);
    begun_.reset();
    for (;;) {
      const auto time = begun_ ? limit_ : std::max(limit_, kStart);
      const std::optional<std::string> line =
          process.line(Clock::now() + std::chrono::ceil<Clock::duration>(time));
      if (!line) break;
      if (!hear(json::parse(*line).as_object())) return true;
    }
    if (!begun_) {
      throw Error({.code = Code::internal_error,
                   .what = "the process that runs a plugin's checks ended before it began one",
                   .where = plan_.settings.file.string(),
                   .why = process.ending()});
    }
    std::string how = process.ending();
    if (how == Process::kTimedOut)
      how = fmt::format("it did not come back within {} s", limit_.count());
    settle(failed(std::move(how),
                  "run the plugin under a debugger with what the check does: see its name in "
                  "sdk/README.md"),
           begun_vital_);
    return false;
  }

  // False: the child is done.
  bool hear(const json::object& line) {
    if (line.contains("done")) return false;
    if (line.contains("plugin")) {
      report_.plugin = text_of(line, "plugin");
      report_.version = text_of(line, "version");
    } else if (line.contains("begin")) {
      begun_ = Line{text_of(line, "check"), text_of(line, "component"), {}};
      begun_vital_ = line.at("vital").as_bool();
      plan_.first = static_cast<std::size_t>(line.at("begin").as_int64()) + 1;
    } else if (begun_) {
      if (const std::string threw = text_of(line, "threw"); !threw.empty()) {
        threw_.push_back({begun_->check, begun_->component, failed(threw)});
      }
      settle({static_cast<Result>(line.at("result").as_int64()), text_of(line, "text"),
              text_of(line, "hint")},
             begun_vital_);
    }
    return true;
  }

  void settle(Finding finding, bool vital) {
    if (finding.result == Result::fail && vital) {
      plan_.failed.push_back(begun_->component.empty() ? begun_->check
                                                       : begun_->check + "@" + begun_->component);
    }
    begun_->finding = std::move(finding);
    add(std::move(*begun_));
    begun_.reset();
  }

  void add(Line line) {
    const bool asked = only_.empty() || line.check == only_;
    if (!asked && line.finding.result != Result::fail) return;
    report_.lines.push_back(std::move(line));
    if (tell_) tell_(report_.lines.back());
  }

  void add_exceptions() {
    Line line{std::string(kExceptions), {}, passed()};
    if (!threw_.empty()) {
      const Line& first = threw_.front();
      line.finding =
          failed(fmt::format("in {}{}{}: {}", first.check, first.component.empty() ? "" : " of ",
                             first.component, first.finding.text),
                 "catch everything at the boundary and answer a status; fettle.hpp does so");
    }
    add(std::move(line));
  }

  ChildPlan plan_;
  const ChildCommand& child_;
  std::chrono::duration<double> limit_;
  const std::function<void(const Line&)>& tell_;
  std::string only_;
  std::optional<Line> begun_;
  bool begun_vital_ = false;
  std::vector<Line> threw_;
  Report report_;
};

}  // namespace

std::string_view result_name(Result result) {
  constexpr std::string_view kNames[] = {"pass", "FAIL", "skip"};
  return kNames[static_cast<std::size_t>(result)];
}

std::size_t Report::count(Result result) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      lines, [&](const Line& line) { return line.finding.result == result; }));
}

std::vector<std::string_view> check_names() {
  std::vector<std::string_view> names;
  for (const Check& check : checks()) names.push_back(check.name);
  names.push_back(kExceptions);
  return names;
}

std::string_view check_holds(std::string_view name) {
  for (const Check& check : checks()) {
    if (check.name == name) return check.holds;
  }
  return kExceptionsHold;
}

Report check_plugin(const Settings& settings, const ChildCommand& child,
                    std::chrono::duration<double> limit,
                    const std::function<void(const Line&)>& tell) {
  return Parent(settings, child, limit, tell).run();
}

}  // namespace fettle::conformance
