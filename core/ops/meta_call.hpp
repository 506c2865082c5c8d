// One call on tensors that have a type and no values: what libtorch's C++ meta kernels make of it.
// Composite operators expand into others on the way. Concrete sizes only: C++ kernels refuse
// symbols.
//
// Nothing is computed or allocated, no generator advances and no operand is touched. Where Python's
// torch would use a meta kernel written in Python, or another backend than for meta tensors, the
// answer is missing or different: ops/type_table.cpp has those operators.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// A call that need not be in a graph: arguments in schema order, operands by type.
struct TypedCall {
  const Graph& graph;  // whose strings the arguments use
  StringId op;
  const std::vector<NamedArgument>& arguments;
  std::span<const Type* const> operands;
};

struct CallTypes {
  bool known = false;
  std::vector<Type> types;  // of the flat results
  ResultForms forms;        // which belong to which return
  std::string rule;         // which rule said so
  std::string why;          // known is false: what was missing

  static CallTypes none(std::string why) {
    CallTypes types;
    types.why = std::move(why);
    return types;
  }
};

class MetaCalls {
 public:
  MetaCalls();
  ~MetaCalls();

  // Whether there is a kernel to try; false for operators of which libtorch's C++ has none.
  bool has_kernel(const Graph& graph, StringId op);
  // Operands have plain numbers for sizes. `known` is false where a kernel is missing, or refuses.
  CallTypes call(const TypedCall& call);

 private:
  struct Operators;
  std::unique_ptr<Operators> operators_;
};

}  // namespace fettle
