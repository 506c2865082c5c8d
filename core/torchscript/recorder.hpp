// A graph made from calls as they happen. A tensor is known by its identity, not its contents: the
// recorder remembers which value of the graph each TensorImpl is, so that lists, tuples and
// dictionaries of tensors need no representation of their own, and a tensor that was written in place
// is the result of the call that wrote it last.
//
// Needs: the tensors of a call and of its results, in the order of the calls. Knows no TorchScript.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <string>
#include <unordered_map>
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

  void finish(const std::vector<c10::IValue>& outputs);

 private:
  struct Known {
    // Weak: keeps the identity from being given to another tensor, not the data.
    c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> tensor;
    ValueId value;  // none: a number
  };
  ValueId value_of(const at::Tensor& tensor, const std::vector<MetadataEntry>& metadata);
  ValueId add_constant(const at::Tensor& tensor);
  ValueId add_placeholder(const std::string& name, TypeId type, InputSpec spec);
  void know(const at::Tensor& tensor, ValueId value);
  void add_result(const c10::IValue& result, const OperatorSchema& schema, NodeSpec& spec,
                  std::vector<at::Tensor>& tensors) const;

  Graph& graph_;
  Journal journal_;
  NodeId first_input_;  // constants found on the way stand before it
  std::unordered_map<const c10::TensorImpl*, Known> known_;
};

}  // namespace fettle
