#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "noise_floor.hpp"

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ElementError float_error(double expected, double actual, bool same_bits, bool bitwise,
                         Tolerance tolerance) {
  if (const auto special = special_error(expected, actual)) return *special;
  const double error = std::fabs(actual - expected);
  if (bitwise) return {error, 0, same_bits};
  const double allowed = tolerance.atol + tolerance.rtol * std::fabs(expected);
  return {error, allowed, error <= allowed};
}

double integer_error(fettle::Dtype dtype, const std::byte* expected, const std::byte* actual) {
  const std::int64_t x = fettle::decode_integer(dtype, expected);
  const std::int64_t y = fettle::decode_integer(dtype, actual);
  const bool above = dtype == fettle::Dtype::uint64
                         ? static_cast<std::uint64_t>(y) > static_cast<std::uint64_t>(x)
                         : y > x;
  const auto low = static_cast<std::uint64_t>(above ? x : y);
  const auto high = static_cast<std::uint64_t>(above ? y : x);
  return static_cast<double>(high - low);
}

// Adds elements up. A failing element is worse than any that passes; among equals, the one that
// exceeds its allowance most.
class Tally {
 public:
  void count(const ElementError& element, double expected, double actual, std::uint64_t index) {
    const double excess = element.error - element.allowed;
    const bool failed = !element.passed;
    if ((failed && result_.passed) || (failed != result_.passed && excess > worst_excess_)) {
      worst_excess_ = excess;
      result_.element = index;
      result_.expected = expected;
      result_.actual = actual;
      result_.allowed = element.allowed;
    }
    result_.max_abs = std::fmax(result_.max_abs, element.error);
    if (expected != 0 && !std::isnan(expected))
      result_.max_rel = std::fmax(result_.max_rel, element.error / std::fabs(expected));
    if (!failed) return;
    result_.passed = false;
    ++result_.failing;
  }
  void set_rule(const char* rule) { result_.rule = rule; }
  void set_elements(std::uint64_t n) { result_.elements = n; }
  void set_ignored(std::uint64_t n) { result_.ignored = n; }
  const Comparison& result() const { return result_; }

 private:
  Comparison result_;
  double worst_excess_ = -kInfinity;
};

Comparison mismatch(std::string text) {
  Comparison result;
  result.passed = false;
  result.mismatch = std::move(text);
  result.max_abs = result.max_rel = kInfinity;
  return result;
}

const char* kind_name(std::uint32_t kind) {
  switch (kind) {
    case FETTLE_DATUM_NONE:
      return "None";
    case FETTLE_DATUM_TENSOR:
      return "a tensor";
    case FETTLE_DATUM_INT:
      return "an int";
    case FETTLE_DATUM_FLOAT:
      return "a float";
    case FETTLE_DATUM_BOOL:
      return "a bool";
    case FETTLE_DATUM_STRING:
      return "a string";
    default:
      return "something unknown";
  }
}

}  // namespace

Tolerance default_tolerance(fettle::Dtype dtype) {
  switch (fettle::component_dtype(dtype)) {
    case fettle::Dtype::float64:
      return {1e-7, 1e-7};
    case fettle::Dtype::float32:
      return {1e-4, 1e-5};
    case fettle::Dtype::float16:
      return {1e-2, 1e-4};
    case fettle::Dtype::bfloat16:
      return {3e-2, 1e-3};
    case fettle::Dtype::float8_e4m3fn:
    case fettle::Dtype::float8_e5m2:
      return {0.25, 1e-2};
    default:
      return {};
  }
}

Tolerance widest_tolerance(const fettle::Graph& graph) {
  Tolerance widest;
  const fettle_columns columns = graph.columns();
  for (std::uint64_t i = 0; i < columns.n_nodes; ++i) {
    for (std::uint32_t k = 0; k < columns.result_counts[i]; ++k) {
      const fettle::Type type = graph.value(columns.first_results[i] + k).type();
      if (!type.is_tensor()) continue;
      const Tolerance its = default_tolerance(type.dtype());
      widest = {std::max(widest.rtol, its.rtol), std::max(widest.atol, its.atol)};
    }
  }
  return widest;
}

std::string shape_text(fettle::TensorView tensor) {
  std::string text = "[";
  for (const std::int64_t size : tensor.shape())
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

Comparison compare(fettle::TensorView expected, fettle::TensorView actual, const Rule& rule,
                   const Ignored& ignored) {
  const fettle::Dtype dtype = expected.dtype();
  if (actual.dtype() != dtype)
    return mismatch(std::string("dtype ") + fettle::dtype_name(actual.dtype()) + " instead of " +
                    fettle::dtype_name(dtype));
  if (shape_text(expected) != shape_text(actual))
    return mismatch("shape " + shape_text(actual) + " instead of " + shape_text(expected));

  if (dtype == fettle::Dtype::unknown) return mismatch("a dtype that cannot be compared");

  Tally tally;
  const fettle::Dtype part = fettle::component_dtype(dtype);
  const std::uint64_t parts = fettle::is_complex(dtype) ? 2 : 1;
  const bool floating = fettle::is_floating(part), decodable = fettle::can_decode(part);
  const std::size_t width = fettle::dlpack_type(part).bits / 8u;
  const Dense dense_expected(expected), dense_actual(actual);
  const std::byte *e = dense_expected.data(), *a = dense_actual.data();
  const auto elements = static_cast<std::uint64_t>(expected.elements());
  std::optional<NoiseFloor> floor;
  if (!rule.bitwise && floating && decodable) floor.emplace(rule, expected);
  const bool by_floor = floor && floor->usable();
  tally.set_rule(!floating || rule.bitwise ? "bitwise" : by_floor ? "noise floor" : "tolerance");
  tally.set_elements(elements);
  tally.set_ignored(static_cast<std::uint64_t>(std::count(ignored.begin(), ignored.end(), true)));
  std::uint64_t n = elements * parts;
  // The common case: all alike, and the first stands for all.
  if (rule.bitwise && ignored.empty() && n != 0 && std::memcmp(e, a, n * width) == 0) n = 1;
  for (std::uint64_t i = 0; i < n; ++i, e += width, a += width) {
    if (i / parts < ignored.size() && ignored[i / parts]) continue;
    const bool same_bits = std::memcmp(e, a, width) == 0;
    const double x = fettle::decode(part, e), y = fettle::decode(part, a);
    ElementError error{same_bits ? 0 : kInfinity, 0, same_bits};  // formats without a decoder
    std::optional<ElementError> noise;
    if (by_floor && std::isfinite(x) && std::isfinite(y)) noise = floor->error(i, x, y);
    if (noise)
      error = *noise;
    else if (floating && decodable)
      error = float_error(x, y, same_bits, rule.bitwise, rule.tolerance);
    else if (!floating)
      error = {integer_error(part, e, a), 0, same_bits};
    tally.count(error, x, y, i / parts);
  }
  return tally.result();
}

Comparison compare(const fettle_datum& expected, const fettle_datum& actual, const Rule& rule,
                   const Ignored& ignored) {
  if (expected.kind == FETTLE_DATUM_TENSOR && actual.kind == FETTLE_DATUM_TENSOR)
    return compare(fettle::TensorView(&expected.tensor->dl_tensor),
                   fettle::TensorView(&actual.tensor->dl_tensor), rule, ignored);
  if (expected.kind != actual.kind)
    return mismatch(std::string(kind_name(actual.kind)) + " instead of " +
                    kind_name(expected.kind));
  Tally tally;
  tally.set_elements(1);
  if (!ignored.empty() && ignored[0]) {
    tally.set_ignored(1);
    return tally.result();
  }
  if (expected.kind == FETTLE_DATUM_FLOAT) {
    if (!rule.bitwise) tally.set_rule("tolerance");
    const bool same_bits = std::memcmp(&expected.f, &actual.f, sizeof expected.f) == 0;
    tally.count(float_error(expected.f, actual.f, same_bits, rule.bitwise, rule.tolerance), expected.f,
                actual.f, 0);
  } else if (expected.kind == FETTLE_DATUM_INT || expected.kind == FETTLE_DATUM_BOOL) {
    const auto x = static_cast<double>(expected.i), y = static_cast<double>(actual.i);
    tally.count({std::fabs(y - x), 0, expected.i == actual.i}, x, y, 0);
  } else if (expected.kind == FETTLE_DATUM_STRING) {
    if (fettle::text(expected.s) != fettle::text(actual.s)) return mismatch("another string");
  }
  return tally.result();
}

bool same_bits(const fettle_datum& a, const fettle_datum& b) {
  if (a.kind != b.kind) return false;
  if (a.kind != FETTLE_DATUM_TENSOR) return compare(a, b, Rule{.bitwise = true}).passed;
  const fettle::TensorView first(&a.tensor->dl_tensor), second(&b.tensor->dl_tensor);
  return first.dtype() == second.dtype() && shape_text(first) == shape_text(second) &&
         differing(a, b).empty();
}

Ignored differing(const fettle_datum& a, const fettle_datum& b) {
  if (a.kind != FETTLE_DATUM_TENSOR || b.kind != FETTLE_DATUM_TENSOR)
    return compare(a, b, Rule{.bitwise = true}).passed ? Ignored{} : Ignored{true};
  const fettle::TensorView first(&a.tensor->dl_tensor), second(&b.tensor->dl_tensor);
  const auto elements = static_cast<std::size_t>(first.elements());
  if (first.dtype() != second.dtype() || shape_text(first) != shape_text(second))
    return Ignored(std::max<std::size_t>(elements, 1), true);
  const auto width = static_cast<std::size_t>(first.element_bytes());
  const Dense dense_first(first), dense_second(second);
  if (elements == 0 || std::memcmp(dense_first.data(), dense_second.data(), elements * width) == 0)
    return {};
  Ignored differ(elements, false);
  for (std::size_t i = 0; i < elements; ++i)
    differ[i] = std::memcmp(dense_first.data() + i * width, dense_second.data() + i * width,
                            width) != 0;
  return differ;
}
