// A graph made from calls as they happen. A tensor is known by its identity, not its contents: the
// recorder remembers which value of the graph each TensorImpl is, so that lists, tuples and
// dictionaries of tensors need no representation of their own, and a tensor that was written in place
// is the result of the call that wrote it last.
//
// Nested graphs: what is recorded goes into the graph opened last. A nested graph sees its own values
// alone, so a tensor from outside is given to it by a placeholder, made when it is first asked for.
//
// Needs: the tensors of a call and of its results, in the order of the calls. Knows no TorchScript.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/journal.hpp"
#include "ops/registry.hpp"

namespace fettle {

class Recorder {
 public:
  explicit Recorder(Graph& graph) : graph_(graph), journal_(graph, Journal::Recording::off) {}

  const Graph& graph() const { return graph_; }

  // Placeholders: weights first, then inputs. `tensor` is what stands for the constant in this run.
  void add_weight(const InputSpec& spec, TensorData data, const at::Tensor& tensor);
  void same_as(const at::Tensor& tensor, const at::Tensor& known);  // tied: one value for both
  void add_input(const std::string& name, const c10::IValue& leaf);

  bool tracked(const at::Tensor& tensor) const;  // depends on weights, inputs or recorded calls

  // 0-dim tensors that are numbers in disguise (a size that a trace made a tensor of): not recorded
  // until a recorded call takes one.
  void mark_number(const at::Tensor& tensor);
  bool is_number(const at::Tensor& tensor) const;

  // One call. Tensors among the arguments that are not known become constants of the program.
  void record(const OperatorSchema& schema, const std::vector<c10::IValue>& arguments,
              const std::vector<c10::IValue>& results, const std::vector<MetadataEntry>& metadata);

  // The same, run too: for operators that the model does not call. Arguments with defaults may be
  // left out; the operator has one result.
  at::Tensor call(std::string_view op, std::vector<c10::IValue> arguments,
                  const std::vector<MetadataEntry>& metadata);

  void finish(const std::vector<c10::IValue>& outputs);

 private:
  enum class Is : std::uint8_t {
    value,      // of the graph
    number,     // not recorded until a call takes it
    constant,   // of the program; each graph that uses it makes its own copy
    elsewhere,  // made in a nested graph that is closed
  };
  struct Known {
    // Weak: keeps the identity from being given to another tensor, not the data.
    c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> tensor;
    Is is = Is::value;
    ValueId value;
    at::Tensor original;  // of a constant: what its placeholder is
  };

 public:
  // -- nested graphs (recorder_nested.cpp)
  struct Nested {
    BlockId block;
    std::uint32_t carried = 0;         // placeholders that are given from one iteration to the next
    std::vector<NodeId> placeholders;  // those first …
    std::vector<ValueId> captured;     // … then one for each of these values of the graph around
    std::unordered_map<ValueId, std::size_t> known;             // captured, by value
    std::unordered_set<const c10::StorageImpl*> outside;        // what must not be written
    std::vector<at::Tensor> held;                               // … alive for as long
    std::vector<std::pair<const c10::TensorImpl*, Known>> hidden;  // knowledge that is not valid now
  };
  bool nested() const { return !open_.empty(); }
  void open(const std::string& name, bool single_result);
  Nested close();  // what was made inside is not known outside
  void reopen(Nested nested);
  void carry(const at::Tensor& tensor);  // before anything else is recorded in the open graph
  void protect(const at::Tensor& tensor);  // may not be written in the open graph
  // Whether it shares storage with what the open graph is given from outside.
  bool is_outside(const at::Tensor& tensor);
  bool known_outside(const at::Tensor& tensor) const;  // when no graph that knows more is open
  void finish_nested(const std::vector<at::Tensor>& outputs);
  void discard(Nested nested);
  // Calls of nested graphs that are closed. Their placeholders are made alike.
  void record_cond(const at::Tensor& predicate, Nested first, Nested second,
                   const std::vector<at::Tensor>& results,
                   const std::vector<MetadataEntry>& metadata);
  void record_while(Nested condition, Nested body, const std::vector<at::Tensor>& carried,
                    const std::vector<at::Tensor>& results,
                    const std::vector<MetadataEntry>& metadata);
  // `copy` stands for what in the model may be `original` itself: neither may be written from now on
  // while the other is there.
  void note_copy(const at::Tensor& copy, const at::Tensor& original);

 private:
  using WeakStorage = c10::weak_intrusive_ptr<c10::StorageImpl>;
  struct Copy {
    WeakStorage copy, original;
  };
  ValueId value_of(const at::Tensor& tensor, const std::vector<MetadataEntry>& metadata);
  ValueId add_constant(const at::Tensor& tensor);
  NodeSpec placeholder_spec(const std::string& name, TypeId type);  // with a fresh name
  ValueId add_placeholder(const std::string& name, TypeId type, InputSpec spec);
  void know(const at::Tensor& tensor, Known known);
  void know(const at::Tensor& tensor, ValueId value);
  Known known_as(const at::Tensor& tensor, Is is) const;
  BlockId block() const { return open_.empty() ? kRootBlock : open_.back().block; }
  ValueId inside(ValueId value, std::size_t depth, const at::Tensor& tensor);
  NodeId add_nested_placeholder(Nested& nested, const std::string& name, TypeId type);
  void align(const std::vector<Nested*>& graphs);
  void capture_in(Nested& nested, ValueId value);
  void record_nested(std::string_view op, NodeSpec spec, const Nested& any,
                     const std::vector<at::Tensor>& results,
                     const std::vector<MetadataEntry>& metadata);
  void check_writes(const OperatorSchema& schema, const std::vector<c10::IValue>& arguments) const;
  void check_write(const at::Tensor& tensor) const;
  void add_result(const c10::IValue& result, const OperatorSchema& schema, NodeSpec& spec,
                  std::vector<at::Tensor>& tensors) const;

  Graph& graph_;
  Journal journal_;
  NodeId first_input_;  // constants found on the way stand before it
  std::unordered_map<const c10::TensorImpl*, Known> known_;
  std::vector<Nested> open_;
  std::vector<Copy> copies_;
};

}  // namespace fettle
