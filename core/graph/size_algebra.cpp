#include "graph/size_algebra.hpp"

#include <algorithm>

#include "graph/program_shapes.hpp"

namespace fettle {
namespace {

[[noreturn]] void overflow() {
  throw SizeError("a size does not fit 64 bits");
}

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) overflow();
  return sum;
}
std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) overflow();
  return product;
}
std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  if (b == 0) throw SizeError("a size is divided by zero");
  if (b == -1) return checked_mul(a, -1);
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// What is left of a monomial when those of another are taken out; nothing if they are not all
// there.
std::optional<std::vector<ExprId>> without(const std::vector<ExprId>& all,
                                           const std::vector<ExprId>& out) {
  if (!std::ranges::includes(all, out)) return std::nullopt;
  std::vector<ExprId> left;
  std::ranges::set_difference(all, out, std::back_inserter(left));
  return left;
}

}  // namespace

SizeAlgebra::SizeAlgebra(const Graph& graph) : graph_(graph) {}
SizeAlgebra::~SizeAlgebra() = default;

const SizeAlgebra::Facts& SizeAlgebra::facts() {
  if (facts_) return *facts_;
  facts_ = std::make_unique<Facts>();
  for (const SizeRange& range : graph_.shape_constraints().ranges) {
    facts_->ranges[range.expression] = {range.low, range.high};
  }
  const ProgramShapes shapes(graph_);
  for (const ProgramShapes::Symbol& symbol : shapes.symbols()) {
    if (symbol.hint) facts_->hints[symbol.name] = *symbol.hint;
    Interval& range = facts_->ranges[symbol.name];
    if (!symbol.name.starts_with('s')) continue;
    if (range.low.value_or(0) < 2 && range.high.value_or(2) >= 2) range.low = 2;
  }
  return *facts_;
}

Interval SizeAlgebra::range(const std::string& symbol) {
  const auto found = facts().ranges.find(symbol);
  return found == facts().ranges.end() ? Interval{} : found->second;
}

// -- in and out

Size SizeAlgebra::size(const SymInt& size) {
  return size.symbolic() ? normal(expressions_.parse(size.expression)) : Size(size.value);
}

Sizes SizeAlgebra::sizes(const std::vector<SymInt>& given) {
  Sizes out;
  out.reserve(given.size());
  for (const SymInt& one : given) out.push_back(size(one));
  return out;
}

SymInt SizeAlgebra::sym_int(const Size& size) {
  if (!size.symbolic()) return size.value;
  const auto [at, added] = written_.try_emplace(size.expression);
  if (added) {
    at->second.expression = expressions_.srepr(size.expression);
    const auto hint = evaluate(size, facts().hints);
    at->second.has_hint = hint.has_value();
    at->second.value = hint.value_or(0);
  }
  return at->second;
}

std::vector<SymInt> SizeAlgebra::sym_ints(std::span<const Size> given) {
  std::vector<SymInt> out;
  out.reserve(given.size());
  for (const Size& one : given) out.push_back(sym_int(one));
  return out;
}

ExprId SizeAlgebra::expression(const Size& size) {
  return size.symbolic() ? size.expression : expressions_.integer(size.value);
}

// -- polynomials

void SizeAlgebra::add_to(Polynomial& sum, const Monomial& monomial, std::int64_t coefficient) {
  const auto at = sum.try_emplace(monomial, 0).first;
  at->second = checked_add(at->second, coefficient);
  if (at->second == 0) sum.erase(at);
}

SizeAlgebra::Polynomial SizeAlgebra::polynomial(const Size& size) const {
  if (size.symbolic()) return polynomials_.at(size.expression);
  if (size.value == 0) return {};
  return {{{}, size.value}};
}

// The one expression for a polynomial, as sympy would write it but for the order of terms.
Size SizeAlgebra::of(const Polynomial& polynomial) {
  if (polynomial.empty()) return 0;
  if (polynomial.size() == 1 && polynomial.begin()->first.empty())
    return polynomial.begin()->second;
  std::vector<ExprId> terms;
  for (const auto& [monomial, coefficient] : polynomial) {
    std::vector<ExprId> factors;
    if (coefficient != 1 || monomial.empty()) factors.push_back(expressions_.integer(coefficient));
    for (std::size_t i = 0; i < monomial.size();) {
      std::size_t end = i + 1;
      while (end < monomial.size() && monomial[end] == monomial[i]) ++end;
      const auto power = static_cast<std::int64_t>(end - i);
      const ExprId pair[] = {monomial[i], expressions_.integer(power)};
      factors.push_back(power == 1 ? monomial[i] : expressions_.call("Pow", pair));
      i = end;
    }
    terms.push_back(factors.size() == 1 ? factors[0] : expressions_.call("Mul", factors));
  }
  const ExprId id = terms.size() == 1 ? terms[0] : expressions_.call("Add", terms);
  polynomials_.try_emplace(id, polynomial);
  normal_.try_emplace(id, Size(id));
  return Size(id);
}

Size SizeAlgebra::atom(ExprId id) {
  return of({{{id}, 1}});
}

Size SizeAlgebra::add(const Size& a, const Size& b) {
  if (!a.symbolic() && !b.symbolic()) return checked_add(a.value, b.value);
  Polynomial sum = polynomial(a);
  for (const auto& [monomial, coefficient] : polynomial(b)) add_to(sum, monomial, coefficient);
  return of(sum);
}

Size SizeAlgebra::mul(const Size& a, const Size& b) {
  if (!a.symbolic() && !b.symbolic()) return checked_mul(a.value, b.value);
  if (a.is(1)) return b;
  if (b.is(1)) return a;
  Polynomial all;
  for (const auto& [left, by] : polynomial(a)) {
    for (const auto& [right, times] : polynomial(b)) {
      Monomial both;
      std::ranges::merge(left, right, std::back_inserter(both));
      add_to(all, both, checked_mul(by, times));
    }
  }
  return of(all);
}

Size SizeAlgebra::product(std::span<const Size> sizes) {
  Size all = 1;
  for (const Size& size : sizes) all = mul(all, size);
  return all;
}

// What divides exactly leaves the quotient: floor(q + r/b) is q + floor(r/b) for whole q.
Size SizeAlgebra::floordiv(const Size& a, const Size& b) {
  if (!a.symbolic() && !b.symbolic()) return floor_quotient(a.value, b.value);
  if (b.is(0)) throw SizeError("a size is divided by zero");
  if (b.is(1)) return a;
  Polynomial quotient, rest;
  const Polynomial divisor = polynomial(b);
  if (divisor.size() == 1) {
    const auto& [by, count] = *divisor.begin();
    for (const auto& [monomial, coefficient] : polynomial(a)) {
      const auto left = without(monomial, by);
      const std::int64_t times = left ? floor_quotient(coefficient, count) : 0;
      if (times != 0) add_to(quotient, *left, times);
      const std::int64_t remaining = checked_add(coefficient, -checked_mul(times, count));
      if (remaining != 0) add_to(rest, monomial, remaining);
    }
  } else if (a == b) {
    return 1;
  } else {
    rest = polynomial(a);
  }
  const Size remainder = of(rest);
  if (remainder.is(0)) return of(quotient);
  const Interval low = bounds(remainder), high = bounds(b);
  if (low.low && *low.low >= 0 && low.high && high.low && *low.high < *high.low)
    return of(quotient);
  const ExprId pair[] = {expression(remainder), expression(b)};
  return add(of(quotient), atom(expressions_.call("FloorDiv", pair)));
}

Size SizeAlgebra::extreme(std::string_view function, const Size& a, const Size& b) {
  const bool largest = function == "Max";
  if (!a.symbolic() && !b.symbolic()) {
    return largest ? std::max(a.value, b.value) : std::min(a.value, b.value);
  }
  if (a == b) return a;
  if (const auto smaller = less(a, b)) return *smaller == largest ? b : a;
  if (const auto smaller = less(b, a)) return *smaller == largest ? a : b;
  ExprId pair[] = {expression(a), expression(b)};
  std::ranges::sort(pair);
  return atom(expressions_.call(function, pair));
}

Size SizeAlgebra::call(std::string_view function, std::span<const Size> arguments) {
  std::vector<ExprId> ids;
  for (const Size& argument : arguments) ids.push_back(expression(argument));
  return normal(expressions_.call(function, ids));
}

Sizes SizeAlgebra::contiguous(std::span<const Size> sizes) {
  Sizes strides(sizes.size(), Size(1));
  for (std::size_t d = sizes.size(); d-- > 1;) {
    strides[d - 1] = mul(strides[d], max(sizes[d], 1));
  }
  return strides;
}

// -- normal form of what somebody wrote

Size SizeAlgebra::normal(ExprId id) {
  if (const auto found = normal_.find(id); found != normal_.end()) return found->second;
  const Size made = normal_call(id);
  normal_.insert_or_assign(id, made);
  return made;
}

Size SizeAlgebra::normal_call(ExprId id) {
  const Expressions::Node node = expressions_.node(id);
  if (node.kind == Expressions::Kind::integer) return node.value;
  if (node.kind != Expressions::Kind::call) return atom(id);
  const std::string function(expressions_.text(node.text));
  const auto children = expressions_.children(id);
  const std::vector<ExprId> given(children.begin(), children.end());
  Sizes arguments;
  for (const ExprId child : given) arguments.push_back(normal(child));
  const auto folded = [&](auto&& two) {
    Size all = arguments[0];
    for (std::size_t i = 1; i < arguments.size(); ++i) all = two(all, arguments[i]);
    return all;
  };
  const bool pair = arguments.size() == 2;
  if (!arguments.empty()) {
    if (function == "Add") return folded([&](const Size& a, const Size& b) { return add(a, b); });
    if (function == "Mul") return folded([&](const Size& a, const Size& b) { return mul(a, b); });
    if (function == "Max") return folded([&](const Size& a, const Size& b) { return max(a, b); });
    if (function == "Min") return folded([&](const Size& a, const Size& b) { return min(a, b); });
  }
  if (pair && (function == "FloorDiv" || function == "CleanDiv") && !arguments[1].is(0)) {
    return floordiv(arguments[0], arguments[1]);
  }
  if (pair && (function == "Mod" || function == "PythonMod") && !arguments[1].is(0)) {
    return mod(arguments[0], arguments[1]);
  }
  const bool power = pair && (function == "Pow" || function == "PowByNatural");
  if (power && !arguments[1].symbolic() && arguments[1].value >= 1 && arguments[1].value <= 8) {
    return product(Sizes(static_cast<std::size_t>(arguments[1].value), arguments[0]));
  }
  std::vector<ExprId> ids;
  for (const Size& argument : arguments) ids.push_back(expression(argument));
  return atom(expressions_.call(function, ids));
}

// -- what is known

Interval SizeAlgebra::bounds(const Size& size) {
  if (!size.symbolic()) return {size.value, size.value};
  return expressions_.bounds(size.expression, facts().ranges);
}

std::optional<bool> SizeAlgebra::less(const Size& a, const Size& b) {
  if (!a.symbolic() && !b.symbolic()) return a.value < b.value;
  if (a == b) return false;
  const Interval left = bounds(a), right = bounds(b);
  if (left.high && right.low && *left.high < *right.low) return true;
  if (left.low && right.high && *left.low >= *right.high) return false;
  const Interval gap = bounds(sub(b, a));
  if (gap.low && *gap.low > 0) return true;
  if (gap.high && *gap.high <= 0) return false;
  // b is a times something: a < b if that is 2 or more, as sizes are not negative.
  const auto multiple = [&](const Size& whole, const Size& part) {
    if (!part.symbolic() && part.value <= 0) return false;
    const Interval low = bounds(part);
    if (!low.low || *low.low < 1) return false;
    const Size times = floordiv(whole, part);
    if (mul(times, part) != whole) return false;
    const Interval count = bounds(times);
    return count.low && *count.low >= 2;
  };
  if (multiple(b, a)) return true;
  if (multiple(a, b)) return false;
  return std::nullopt;
}

std::optional<bool> SizeAlgebra::same(const Size& a, const Size& b) {
  if (a == b) return true;
  if (!a.symbolic() && !b.symbolic()) return false;
  if (less(a, b).value_or(false) || less(b, a).value_or(false)) return false;
  const Size gap = sub(a, b);
  if (!gap.symbolic()) return gap.is(0);
  return std::nullopt;
}

std::optional<std::int64_t> SizeAlgebra::evaluate(const Size& size, const SymbolValues& values) {
  if (!size.symbolic()) return size.value;
  return expressions_.evaluate_size(size.expression, values);
}

std::vector<std::string> SizeAlgebra::symbols(const Size& size) {
  return size.symbolic() ? expressions_.symbols(size.expression) : std::vector<std::string>{};
}

}  // namespace fettle
