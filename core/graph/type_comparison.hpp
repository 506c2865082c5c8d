// Whether two types say the same, where sizes may be written differently: by normal form, and where
// that does not decide, at assignments of the symbols over their ranges.
#pragma once

#include "graph/size_algebra.hpp"

namespace fettle {

class TypeComparison {
 public:
  explicit TypeComparison(SizeAlgebra& algebra) : algebra_(algebra) {}
  // requires_grad and hints are not compared, nor are strides of dimensions of one element: they
  // address nothing, and export's Python computes them otherwise than libtorch.
  bool same(const Type& a, const Type& b);

 private:
  bool same(const SymInt& a, const SymInt& b);
  bool same(const std::vector<SymInt>& a, const std::vector<SymInt>& b);

  SizeAlgebra& algebra_;
};

}  // namespace fettle
