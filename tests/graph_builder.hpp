// Small graphs for tests of what runs or reads calls: builds through the journal as the archive's
// reader does, and binds calls to their schemas.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "graph/journal.hpp"
#include "ops/registry.hpp"

namespace fettle::test {

// The code of the error that fn throws, or nullopt-like -1.
template <class Fn>
std::string error_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline Type tensor_type(std::vector<std::int64_t> sizes, DType dtype = DType::float32) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = dtype;
  type.sizes.assign(sizes.begin(), sizes.end());
  type.strides.assign(sizes.size(), SymInt(1));
  for (std::size_t i = sizes.size(); i-- > 1;) {
    type.strides[i - 1] = type.strides[i].value * sizes[i];
  }
  return type;
}

inline Type kind_type(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

template <class T>
TensorData tensor_data(std::vector<std::int64_t> sizes, std::vector<T> values, DType dtype) {
  return {make_storage(values.data(), values.size() * sizeof(T)), tensor_type(std::move(sizes), dtype)};
}
inline TensorData floats(std::vector<std::int64_t> sizes, std::vector<float> values) {
  return tensor_data(std::move(sizes), std::move(values), DType::float32);
}

// One argument of a call under construction: a value, several values, or anything constant.
struct Given {
  std::string name;
  Argument value;
  std::vector<ValueId> operands;
};

inline Given arg(std::string name, ValueId value) {
  return {std::move(name), {ArgKind::tensor, Operand{0}}, {value}};
}
inline Given arg_number(std::string name, ArgKind kind, ValueId value) {
  return {std::move(name), {kind, Operand{0}}, {value}};
}
inline Given arg(std::string name, std::vector<ValueId> values) {
  std::vector<Argument> elements;
  for (std::uint32_t i = 0; i < values.size(); ++i) elements.push_back({ArgKind::tensor, Operand{i}});
  return {std::move(name), {ArgKind::tensors, std::move(elements)}, std::move(values)};
}
inline Given arg(std::string name, int value) {
  return {std::move(name), {ArgKind::integer, std::int64_t{value}}, {}};
}
inline Given arg(std::string name, double value) {
  return {std::move(name), {ArgKind::real, value}, {}};
}
inline Given arg(std::string name, bool value) {
  return {std::move(name), {ArgKind::boolean, value}, {}};
}
inline Given arg(std::string name, std::vector<std::int64_t> value) {
  return {std::move(name), {ArgKind::integers, std::move(value)}, {}};
}
inline Given arg(std::string name, Argument value) { return {std::move(name), std::move(value), {}}; }
inline Given arg_dtype(std::string name, DType dtype) {
  return {std::move(name), {ArgKind::dtype, static_cast<std::int64_t>(dtype)}, {}};
}

class GraphBuilder {
 public:
  GraphBuilder() : graph_(std::make_unique<Graph>()), journal_(*graph_, Journal::Recording::off) {}

  Graph& graph() { return *graph_; }
  Journal& journal() { return journal_; }

  ValueId input(std::string_view name, Type type, BlockId block = kRootBlock) {
    return placeholder(name, std::move(type), {}, block);
  }
  ValueId constant(const std::string& name, TensorData data, InputKind kind = InputKind::parameter) {
    const Type type = data.type;
    journal_.add_constant(name, std::move(data));
    InputSpec spec;
    spec.kind = kind;
    spec.target = name;
    return placeholder("p_" + name, type, spec, kRootBlock);
  }

  NodeId call_node(std::string_view op, std::vector<Given> given, std::vector<Type> types = {Type{}},
                   ResultForms forms = {}, BlockId block = kRootBlock) {
    NodeSpec spec;
    spec.op = graph_->intern(op);
    for (Given& g : given) {
      const auto base = static_cast<std::uint32_t>(spec.operands.size());
      for_each_operand(g.value, [&](Operand& operand) { operand.index += base; });
      spec.operands.insert(spec.operands.end(), g.operands.begin(), g.operands.end());
      spec.arguments.push_back({graph_->intern(g.name), ArgForm::positional, std::move(g.value)});
    }
    for (Type& type : types) spec.result_types.push_back(graph_->intern(std::move(type)));
    if (forms.empty()) forms.assign(types.size(), ResultForm{});
    spec.result_forms = std::move(forms);
    if (bind_) bind_call(*graph_, spec.op, spec.arguments, spec.operands, "test");
    return journal_.create_node(std::move(spec), {block, {}});
  }
  ValueId call(std::string_view op, std::vector<Given> given, Type type = any_tensor(),
               BlockId block = kRootBlock) {
    return graph_->result(call_node(op, std::move(given), {std::move(type)}, {}, block));
  }

  void output(std::vector<ValueId> values, BlockId block = kRootBlock) {
    NodeSpec spec;
    spec.opcode = Opcode::output;
    spec.name = graph_->intern("output");
    for (ValueId value : values) spec.add_tensor(graph_->intern(""), value);
    journal_.create_node(std::move(spec), {block, {}});
    if (block == kRootBlock) journal_.set_output_specs(std::vector<OutputSpec>(values.size()));
  }

  // Calls keep their arguments as given: for tests of binding and checking themselves.
  void leave_unbound() { bind_ = false; }

  static Type any_tensor() { return kind_type(TypeKind::tensor); }

 private:
  ValueId placeholder(std::string_view name, Type type, InputSpec input, BlockId block) {
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.name = graph_->intern(name);
    spec.result_forms = {ResultForm{}};
    spec.result_types = {graph_->intern(std::move(type))};
    const NodeId node = journal_.create_node(std::move(spec), {block, {}});
    if (block == kRootBlock) journal_.set_input_spec(node, std::move(input));
    return graph_->result(node);
  }

  std::unique_ptr<Graph> graph_;
  Journal journal_;
  bool bind_ = true;
};

}  // namespace fettle::test
