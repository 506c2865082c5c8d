// The types of a call's results from those of its operands: the rules in their order, and which one
// said so. Needs the operators that libtorch registers; runs no kernel that computes.
//
//   1. arithmetic on sizes, and what returns nothing
//   2. rows of the table that are reviewed against a real device where meta tensors differ
//   3. libtorch's C++ meta kernel, composite operators expanded
//   4. operators tagged pointwise: broadcast, TensorIterator's strides
//   5. the rest of the table
//
// With symbolic sizes, 4 and 5 come before 3 as they are exact on expressions; meta kernels take
// numbers only, so they are asked at many assignments of the symbols, and an expression is answered
// where all of them confirm it (graph/size_fit.hpp). Otherwise there is no rule, and the author of
// the node supplies the type. What depends on data (nonzero) has none either.
#pragma once

#include <memory>

#include "graph/size_algebra.hpp"
#include "ops/meta_call.hpp"
#include "ops/registry.hpp"

namespace fettle {

class TypeInference {
 public:
  explicit TypeInference(const Graph& graph);  // whose symbols and strings calls use; outlives this
  ~TypeInference();

  CallTypes call(const TypedCall& call);
  SizeAlgebra& sizes() { return sizes_; }

 private:
  CallTypes concrete(const TypedCall& call, const OperatorSchema& schema);
  CallTypes symbolic(const TypedCall& call, const OperatorSchema& schema);
  CallTypes by_table(const TypedCall& call, const OperatorSchema& schema, bool before_meta);
  CallTypes by_pointwise(const TypedCall& call, const OperatorSchema& schema);

  SizeAlgebra sizes_;
  MetaCalls meta_;
};

}  // namespace fettle
