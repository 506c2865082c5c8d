// Which registered operator was meant: another overload of the same one, else the nearest name.
// Only asked when something is wrong, so that going through the whole registry is affordable.

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>

#include "base/error.hpp"
#include "ops/higher_order.hpp"
#include "ops/operator_name.hpp"
#include "ops/registry.hpp"
#include "ops/scalar.hpp"

namespace fettle {
namespace {

std::string graph_name(const c10::OperatorName& registered) {
  std::string name = registered.name;
  if (const std::size_t colons = name.find("::"); colons != name.npos) name.replace(colons, 2, ".");
  return name + "." + (registered.overload_name.empty() ? "default" : registered.overload_name);
}

std::string joined(std::vector<std::string> names) {
  constexpr std::size_t kShown = 8;
  std::sort(names.begin(), names.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  if (names.size() > kShown) text += " …";
  return text;
}

}  // namespace

std::string suggest_operator(std::string_view name) {
  const auto parts = split_operator_name(name);
  std::vector<std::string> overloads, everything;
  for (const HigherOrderOperator& op : higher_order_operators()) everything.emplace_back(op.name);
  for (const ScalarOperator& op : scalar_operators()) everything.emplace_back(op.name);
  for (const c10::OperatorName& registered : c10::Dispatcher::singleton().getAllOpNames()) {
    std::string candidate = graph_name(registered);
    if (parts && registered.name == parts->qualified) overloads.push_back(candidate);
    everything.push_back(std::move(candidate));
  }
  if (!overloads.empty()) return "it has these overloads: " + joined(std::move(overloads));
  const std::string best = nearest(name, everything);
  return best.empty() ? std::string{} : "did you mean '" + best + "'?";
}

}  // namespace fettle
