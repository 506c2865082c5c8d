// The sizes of a graph's tensor types as plain numbers, for what counts elements and bytes.
//
// Symbolic sizes stand at export's hints, or at the values of symbols that are given. What neither
// tells, and what does not fit into 63 bits, is unknown. Each type is looked at once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.hpp"
#include "graph/symbolic.hpp"

namespace fettle {

class EvaluatedSizes {
 public:
  struct Tensor {
    bool tensor = false;      // false: a number, a token … all else is then empty
    bool known = false;       // false: sizes or the dtype are not known
    bool arithmetic = false;  // floating or complex
    std::vector<std::int64_t> sizes;
    std::int64_t elements = 0;
    std::int64_t bytes = 0;  // of the elements that lie in memory: expanded dimensions count once
  };

  // `values` of symbols; none: export's hints.
  explicit EvaluatedSizes(const Graph& graph, std::optional<SymbolValues> values = std::nullopt)
      : graph_(graph), values_(std::move(values)) {}

  // Borrowed until the next call for a type that was not asked for before.
  const Tensor& of(TypeId type);
  const Tensor& of(ValueId value) { return of(graph_.value(value).type); }
  // Whether a hint stood for a symbolic size so far.
  bool by_hints() const { return by_hints_; }

 private:
  Tensor evaluate(const Type& type);
  std::optional<std::int64_t> number(const SymInt& size);

  const Graph& graph_;
  std::optional<SymbolValues> values_;
  Expressions expressions_;
  std::vector<std::optional<Tensor>> types_;  // by type id
  bool by_hints_ = false;
};

// A count that remembers that it was not known, or that it did not fit.
class Count {
 public:
  Count(std::int64_t value) : value_(value) {}  // NOLINT: a number is a count
  static Count unknown() { return Count(kUnknown); }
  bool known() const { return value_ >= 0; }
  std::int64_t value_or(std::int64_t otherwise) const { return known() ? value_ : otherwise; }

  friend Count operator*(Count a, Count b) {
    std::int64_t product = 0;
    if (!a.known() || !b.known() || __builtin_mul_overflow(a.value_, b.value_, &product))
      return unknown();
    return product;
  }
  friend Count operator+(Count a, Count b) {
    std::int64_t sum = 0;
    if (!a.known() || !b.known() || __builtin_add_overflow(a.value_, b.value_, &sum))
      return unknown();
    return sum;
  }

 private:
  static constexpr std::int64_t kUnknown = -1;
  std::int64_t value_;
};

}  // namespace fettle
