#include "pipeline/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace fettle {
namespace {

template <class Steps, class Fn>
void for_each_pass(Steps& steps, const Fn& fn) {
  for (auto& step : steps) {
    if (auto* use = std::get_if<ComponentUse>(&step.what)) {
      fn(*use);
    } else {
      for_each_pass(std::get<Repeat>(step.what).passes, fn);
    }
  }
}

// Cuts the list behind the pass's first use; groups around it run once, so they are unfolded.
bool cut_after(std::vector<Step>& steps, std::string_view pass) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (const auto* use = std::get_if<ComponentUse>(&steps[i].what)) {
      if (use->name != pass) continue;
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i) + 1, steps.end());
      return true;
    }
    std::vector<Step> inner = std::get<Repeat>(steps[i].what).passes;
    if (!cut_after(inner, pass)) continue;
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i), steps.end());
    std::ranges::move(inner, std::back_inserter(steps));
    return true;
  }
  return false;
}

void give(ComponentUse& use, const Host::GivenOption& option) {
  const auto same = [&](const Host::GivenOption& o) { return o.name == option.name; };
  if (auto found = std::ranges::find_if(use.options, same); found != use.options.end()) {
    *found = option;
  } else {
    use.options.push_back(option);
  }
}

}  // namespace

std::string_view verify_after_name(VerifyAfter after) {
  constexpr std::string_view names[] = {"each", "end", "never"};
  return names[static_cast<std::size_t>(after)];
}

std::string_view on_failure_name(OnFailure on_failure) {
  return on_failure == OnFailure::stop ? "stop" : "skip";
}

std::vector<std::string> pass_names(const Pipeline& pipeline) {
  std::vector<std::string> names;
  for_each_pass(pipeline.passes, [&](const ComponentUse& use) {
    if (std::ranges::find(names, use.name) == names.end()) names.push_back(use.name);
  });
  return names;
}

bool stop_after(Pipeline& pipeline, std::string_view pass) {
  return cut_after(pipeline.passes, pass);
}

void apply_override(Pipeline& pipeline, std::string_view text) {
  const std::string where = fmt::format("--set {}", text);
  const std::size_t equals = text.find('=');
  const std::size_t dot = text.substr(0, equals).find('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos || dot == 0 ||
      dot + 1 == equals) {
    throw Error({Code::pipeline_bad_override,
                 "an override is PASS.OPTION=VALUE",
                 where,
                 {},
                 "--set constant_folding.max_bytes=4096"});
  }
  const std::string name(text.substr(0, dot));
  const Host::GivenOption option{std::string(text.substr(dot + 1, equals - dot - 1)),
                                 std::string(text.substr(equals + 1)), where};
  bool used = false;
  std::vector<std::string> known;
  const auto apply = [&](ComponentUse& use) {
    known.push_back(use.name);
    if (use.name != name) return;
    used = true;
    give(use, option);
  };
  for_each_pass(pipeline.passes, apply);
  if (pipeline.verifiers) std::ranges::for_each(*pipeline.verifiers, apply);
  std::ranges::for_each(pipeline.benchmarks, apply);
  if (pipeline.backends.given) for_each_backend(pipeline.backends, apply);
  if (used) return;
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  throw Error({Code::pipeline_bad_override,
               fmt::format("the pipeline does not use '{}'", name),
               where,
               {},
               suggest(name, known)});
}

}  // namespace fettle
