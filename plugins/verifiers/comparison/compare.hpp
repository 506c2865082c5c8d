// Compares two tensors element by element, and remembers the worst.
//
// Integers and booleans must be equal. Floating numbers, by the rule that decides:
//   bitwise      the same bits;
//   noise floor  what the original computes in float64 is taken for the truth, and the original's own
//                distance from it for the noise that its dtype makes. The other's distance may be
//                `factor` times that: factor * max(rms of the noise + epsilon * |truth|, the noise
//                there). An ill-conditioned model is allowed what it does to itself, a
//                well-conditioned one next to nothing.
//   tolerance    atol + rtol * |expected|, by dtype: where there is no float64 run to go by.
// NaN must meet NaN and an infinity the same infinity, in place; a NaN's payload is not compared.
// Complex numbers are compared part by part.
#pragma once

#include <fettle/fettle.hpp>
#include <string>
#include <vector>

struct Tolerance {
  double rtol = 0, atol = 0;
};

// By dtype. A whole model is compared, not one operator, so these are wider than those of
// torch.testing.assert_close (in brackets):
//   float64   rtol 1e-7 atol 1e-7   (1e-7, 1e-7)        float32   rtol 1e-4 atol 1e-5 (1.3e-6,
//   1e-5) float16   rtol 1e-2 atol 1e-4   (1e-3, 1e-5)        bfloat16  rtol 3e-2 atol 1e-3
//   (1.6e-2, 1e-5) float8    rtol 0.25 atol 1e-2   (none)              integers and booleans: none
// Complex dtypes have those of their parts.
Tolerance default_tolerance(fettle::Dtype dtype);
// That of the coarsest floating dtype among the program's values: for what went through all of it.
Tolerance widest_tolerance(const fettle::Graph& graph);

// What decides about floating numbers.
struct Rule {
  bool bitwise = false;
  Tolerance tolerance = {};
  const fettle_datum* truth = nullptr;  // of the original in float64; null: tolerance decides
  double factor = 16;                   // of the noise floor
};

struct Comparison {
  bool passed = true;
  const char* rule = "bitwise";  // what decided
  std::string mismatch;  // dtype, shape or kind: nothing could be compared
  double max_abs = 0, max_rel = 0;
  double allowed = 0;               // at the worst element
  std::uint64_t element = 0;        // the worst, flat and row-major
  double expected = 0, actual = 0;  // there
  std::uint64_t failing = 0, elements = 0;
  std::uint64_t ignored = 0;  // elements that were not looked at
};

// By element, flat and row-major; empty: none.
using Ignored = std::vector<bool>;
// The elements in which two values differ by a bit.
Ignored differing(const fettle_datum& a, const fettle_datum& b);

Comparison compare(fettle::TensorView expected, fettle::TensorView actual, const Rule& rule,
                   const Ignored& ignored = {});
// An output that may be a Python scalar or None.
Comparison compare(const fettle_datum& expected, const fettle_datum& actual, const Rule& rule,
                   const Ignored& ignored = {});
// Same kind, dtype, shape and bits; NaN equals the same NaN only.
bool same_bits(const fettle_datum& a, const fettle_datum& b);

std::string shape_text(fettle::TensorView tensor);
