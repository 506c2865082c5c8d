#include "graph/type_comparison.hpp"

#include <algorithm>

#include "graph/size_fit.hpp"

namespace fettle {

bool TypeComparison::same(const SymInt& a, const SymInt& b) {
  if (a.expression == b.expression && (a.symbolic() || a.value == b.value)) return true;
  if (!a.symbolic() && !b.symbolic()) return false;
  try {
    const Size one = algebra_.size(a), other = algebra_.size(b);
    if (one == other) return true;
    std::vector<std::string> symbols = algebra_.symbols(one);
    for (std::string& name : algebra_.symbols(other)) symbols.push_back(std::move(name));
    std::ranges::sort(symbols);
    symbols.erase(std::ranges::unique(symbols).begin(), symbols.end());
    bool asked = false;
    for (const SizeProbe& probe : size_probes(algebra_, symbols, {}, false)) {
      const auto left = algebra_.evaluate(one, probe.values);
      const auto right = algebra_.evaluate(other, probe.values);
      if (!left && !right) continue;
      if (left != right) return false;
      asked = true;
    }
    return asked;
  } catch (const SizeError&) {
    return false;
  }
}

bool TypeComparison::same(const std::vector<SymInt>& a, const std::vector<SymInt>& b) {
  return std::ranges::equal(a, b, [&](const SymInt& x, const SymInt& y) { return same(x, y); });
}

bool TypeComparison::same(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.dtype != b.dtype || a.layout != b.layout || a.device != b.device) {
    return false;
  }
  if (!same(a.sizes, b.sizes) || a.strides.size() != b.strides.size()) return false;
  for (std::size_t d = 0; d < a.strides.size(); ++d) {
    const bool one = d < a.sizes.size() && a.sizes[d] == SymInt(1);
    if (!one && !same(a.strides[d], b.strides[d])) return false;
  }
  return same(a.storage_offset, b.storage_offset) && same(a.scalar, b.scalar) && a.text == b.text;
}

}  // namespace fettle
