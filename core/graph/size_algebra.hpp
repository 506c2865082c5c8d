// Arithmetic on sizes that may be symbolic, in one normal form: what rules of shapes compute with.
//
// A size is a number, or a polynomial with whole coefficients over atoms: symbols, and calls that
// are no polynomial (FloorDiv, Max, Min, whatever sympy has). Two sizes of one normal form are
// equal for all values of their symbols. A quotient gives what divides exactly (s0*s1 // s1 is s0,
// and (2*s0 + 3) // 2 is s0 + 1), Mod is expressed by it, and Max and Min drop what ranges decide.
// What is not proved here is not said: `less` and `same` answer nothing then.
//
// Ranges are the program's; as in PyTorch, symbols of inputs (s77) are taken to be at least 2.
// Results are kept for each distinct expression, so that asking again is a look-up.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"
#include "graph/symbolic.hpp"

namespace fettle {

struct Size {
  std::int64_t value = 0;  // of a number
  ExprId expression;       // in normal form; none: a number

  Size() = default;
  Size(std::int64_t number) : value(number) {}  // NOLINT: a number is a size
  explicit Size(ExprId id) : expression(id) {}
  bool symbolic() const { return static_cast<bool>(expression); }
  bool is(std::int64_t number) const { return !symbolic() && value == number; }
  friend bool operator==(const Size&, const Size&) = default;  // the same for all values
};
using Sizes = std::vector<Size>;

// Thrown by arithmetic whose result does not fit 64 bits, or divides by zero.
struct SizeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class SizeAlgebra {
 public:
  explicit SizeAlgebra(const Graph& graph);  // the graph must outlive it
  ~SizeAlgebra();

  Size size(const SymInt& size);
  Sizes sizes(const std::vector<SymInt>& sizes);
  // With the value at export as hint, where all symbols have one.
  SymInt sym_int(const Size& size);
  std::vector<SymInt> sym_ints(std::span<const Size> sizes);

  Size add(const Size& a, const Size& b);
  Size sub(const Size& a, const Size& b) { return add(a, mul(b, -1)); }
  Size mul(const Size& a, const Size& b);
  Size floordiv(const Size& a, const Size& b);
  Size mod(const Size& a, const Size& b) { return sub(a, mul(b, floordiv(a, b))); }
  Size max(const Size& a, const Size& b) { return extreme("Max", a, b); }
  Size min(const Size& a, const Size& b) { return extreme("Min", a, b); }
  Size product(std::span<const Size> sizes);
  // A function of sympy's on sizes, for what has no arithmetic here: a comparison, a true quotient.
  Size call(std::string_view function, std::span<const Size> arguments);
  // Strides of a dense tensor whose last dimension is the innermost.
  Sizes contiguous(std::span<const Size> sizes);

  Interval bounds(const Size& size);
  // a < b and a <= b, where the ranges prove it or its contrary.
  std::optional<bool> less(const Size& a, const Size& b);
  std::optional<bool> same(const Size& a, const Size& b);

  std::optional<std::int64_t> evaluate(const Size& size, const SymbolValues& values);
  std::vector<std::string> symbols(const Size& size);
  Interval range(const std::string& symbol);

 private:
  using Monomial = std::vector<ExprId>;  // atoms, sorted; empty for the constant
  using Polynomial = std::map<Monomial, std::int64_t>;
  struct Facts {
    SymbolRanges ranges;
    SymbolValues hints;
  };

  const Facts& facts();
  Polynomial polynomial(const Size& size) const;
  Size of(const Polynomial& polynomial);
  Size atom(ExprId id);
  Size normal(ExprId id);
  Size normal_call(ExprId id);
  ExprId expression(const Size& size);
  Size extreme(std::string_view function, const Size& a, const Size& b);
  static void add_to(Polynomial& sum, const Monomial& monomial, std::int64_t coefficient);

  const Graph& graph_;
  Expressions expressions_;
  std::unique_ptr<Facts> facts_;
  std::unordered_map<ExprId, Polynomial> polynomials_;  // of expressions in normal form
  std::unordered_map<ExprId, Size> normal_;             // by expression as it was written
  std::unordered_map<ExprId, SymInt> written_;
};

}  // namespace fettle
