// What an expression comes to under values of its symbols, and how large it may be under their ranges.
//
// Rationals stay exact where they cancel: half of an even size is a whole number, half of an odd
// one a float.
#include <fmt/format.h>

#include <cmath>

#include "graph/symbolic.hpp"
#include "graph/symbolic_functions.hpp"

namespace fettle {
namespace {

struct Undetermined : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Recursion is bounded by Expressions::kDeepest; shared parts are computed once.
class Evaluator {
 public:
  Evaluator(const Expressions& all, const SymbolValues& values) : all_(all), values_(values) {}

  ScalarValue value(ExprId id) {
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
    const ScalarValue result = compute(id);
    known_.emplace(id, result);
    return result;
  }

 private:
  ScalarValue compute(ExprId id) {
    const Expressions::Node& node = all_.node(id);
    const std::string_view text = all_.text(node.text);
    switch (node.kind) {
      case Expressions::Kind::integer: return node.value;
      case Expressions::Kind::rational:
        return static_cast<double>(node.value) / static_cast<double>(node.denominator);
      case Expressions::Kind::real: return real(text);
      case Expressions::Kind::symbol: {
        const auto found = values_.find(text);
        if (found == values_.end()) throw Undetermined(fmt::format("'{}' has no value", text));
        return found->second;
      }
      case Expressions::Kind::constant:
        if (text == "true" || text == "false") return text == "true";
        throw Undetermined(fmt::format("the constant '{}' is not known", text));
      case Expressions::Kind::opaque:
        throw Undetermined(fmt::format("'{}' is not understood", text.substr(0, 80)));
      case Expressions::Kind::call: break;
    }
    return text == "Mul" ? product(id) : call(id, text);
  }

  ScalarValue real(std::string_view text) const {
    try {
      return std::stod(std::string(text));
    } catch (const std::logic_error&) {
      throw Undetermined(fmt::format("'{}' is no number", text));
    }
  }

  ScalarValue call(ExprId id, std::string_view name) {
    const SymbolicFunction* function = find_symbolic_function(name);
    if (!function) throw Undetermined(fmt::format("the function '{}' is not known", name));
    const auto children = all_.children(id);
    const auto count = static_cast<int>(children.size());
    if (count < function->least || count > function->most) {
      throw Undetermined(fmt::format("'{}' has {} arguments", name, count));
    }
    if (name == "Where" || name == "ITE") {  // the branch not taken may not be defined
      return value(children[python::truth(value(children[0])) ? 1 : 2]);
    }
    std::vector<ScalarValue> values;
    for (const ExprId child : children) values.push_back(value(child));
    return function->evaluate(values);
  }

  ScalarValue product(ExprId id) {
    ScalarValue result = std::int64_t{1}, denominator = std::int64_t{1};
    const auto times = [](ScalarValue& into, ScalarValue by) {
      const ScalarValue pair[] = {into, by};
      into = python::mul(pair);
    };
    for (const ExprId child : all_.children(id)) {
      const Expressions::Node& node = all_.node(child);
      const bool rational = node.kind == Expressions::Kind::rational;
      times(result, rational ? ScalarValue(node.value) : value(child));
      if (rational) times(denominator, node.denominator);
    }
    const ScalarValue pair[] = {result, denominator};
    const bool whole = !std::holds_alternative<double>(result) &&
                       !python::truth(python::mod(pair));
    return whole ? python::floordiv(pair) : python::truediv(pair);
  }

  const Expressions& all_;
  const SymbolValues& values_;
  std::unordered_map<ExprId, ScalarValue> known_;
};

class Bounder {
 public:
  Bounder(const Expressions& all, const SymbolRanges& ranges) : all_(all), ranges_(ranges) {}

  Interval of(ExprId id) {
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
    const Interval result = compute(id);
    known_.emplace(id, result);
    return result;
  }

 private:
  Interval compute(ExprId id) {
    const Expressions::Node& node = all_.node(id);
    const std::string_view text = all_.text(node.text);
    if (node.kind == Expressions::Kind::integer) return {node.value, node.value};
    if (node.kind == Expressions::Kind::symbol) {
      const auto found = ranges_.find(text);
      return found == ranges_.end() ? Interval{} : found->second;
    }
    if (node.kind != Expressions::Kind::call) return {};
    const SymbolicFunction* function = find_symbolic_function(text);
    const auto count = static_cast<int>(node.child_count);
    if (!function || !function->bounds || count < function->least || count > function->most) {
      return {};
    }
    std::vector<Interval> arguments;
    for (const ExprId child : all_.children(id)) arguments.push_back(of(child));
    return function->bounds(arguments);
  }

  const Expressions& all_;
  const SymbolRanges& ranges_;
  std::unordered_map<ExprId, Interval> known_;
};

}  // namespace

Evaluation Expressions::evaluate(ExprId id, const SymbolValues& values) const {
  try {
    return {Evaluator(*this, values).value(id), {}};
  } catch (const std::runtime_error& error) {  // Undetermined, ScalarError
    return {std::nullopt, error.what()};
  }
}

std::optional<std::int64_t> Expressions::evaluate_size(ExprId id,
                                                       const SymbolValues& values) const {
  const Evaluation result = evaluate(id, values);
  if (!result.value) return std::nullopt;
  if (const auto* real = std::get_if<double>(&*result.value)) {
    if (std::trunc(*real) != *real || std::abs(*real) >= 0x1p53) return std::nullopt;
  }
  return python::integer(*result.value);
}

Interval Expressions::bounds(ExprId id, const SymbolRanges& ranges) const {
  return Bounder(*this, ranges).of(id);
}

}  // namespace fettle
