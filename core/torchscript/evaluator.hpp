// Runs a TorchScript function as its interpreter would, and records what it does to tensors.
//
// Calls of functions and methods are followed, so that the recorded graph is inlined; attributes of
// modules are read, so that it is frozen; branches are taken and loops unrolled by the numbers that
// this run sees, which follow from sizes, attributes and constants alone. A number that is read out
// of a tensor's data is where that ends (data_numbers.hpp): a branch on it becomes a cond, both
// sides of which are run and recorded, a loop a while_loop, one iteration of which is; what else
// depends on it is refused, with its source line.
//
// Operators that libtorch registers are recorded; TorchScript's own (on lists, strings, numbers)
// are run and leave no trace. Linear in the number of operators run.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "archive/program.hpp"
#include "torchscript/data_numbers.hpp"
#include "torchscript/last_uses.hpp"
#include "torchscript/recorder.hpp"
#include "torchscript/source_frames.hpp"

namespace fettle {

using ModulePaths = std::unordered_map<const c10::ivalue::Object*, std::string>;

class Evaluator {
 public:
  Evaluator(Recorder& recorder, const ModulePaths& paths, std::string file)
      : recorder_(recorder), numbers_(recorder), paths_(paths), file_(std::move(file)) {}

  // The function's result. Throws torchscript_unsupported, torchscript_failed.
  c10::IValue call(torch::jit::Function& function, std::vector<c10::IValue> arguments);

  const std::vector<Diagnostic>& dropped() const { return dropped_; }  // prints and warnings

 private:
  using Node = torch::jit::Node;
  using Block = torch::jit::Block;
  using Values = std::vector<c10::IValue>;
  struct Frame {
    SourceFrames source;
    std::unordered_map<const torch::jit::Value*, c10::IValue> values;
  };

  struct Assigned {  // an attribute that was given another tensor
    const c10::ivalue::Object* object;
    std::size_t slot;
    at::Tensor buffer;
    std::vector<MetadataEntry> metadata;
  };

  c10::IValue call(torch::jit::Function& function, Values arguments, const Frame* caller,
                   const Node* site);
  Values run_block(const Block& block, Values inputs, Frame& frame);
  void run_node(Node& node, Frame& frame);
  void step(Node& node, Frame& frame);
  bool run_control(Node& node, Frame& frame);  // branches, loops, calls
  void run_loop(Node& node, Frame& frame);

  // evaluator_values.cpp: what the interpreter builds without an operator
  bool run_container(Node& node, Frame& frame);
  void set_attribute(Node& node, Frame& frame);
  void write_assigned();

  // evaluator_calls.cpp
  void run_operator(Node& node, Frame& frame);
  Values call_torch(const torch::jit::Operator& op, Node& node, const Values& arguments,
                    const Frame& frame);
  void keep(const OperatorSchema& schema, Node& node, const Values& arguments,
            const Values& results, const Frame& frame);
  void check_unrecorded(Node& node, const Values& arguments, Values& results, const Frame& frame);
  void check_container_writes(const torch::jit::Operator& op, Node& node, const Values& arguments,
                              const Frame& frame) const;

  // evaluator_numbers.cpp: calls that take numbers which depend on the data
  bool takes_data_number(const Node& node, const Frame& frame) const;
  void run_on_numbers(Node& node, Frame& frame);
  std::optional<c10::IValue> call_on_numbers(const torch::jit::Operator& op, Node& node,
                                             const Values& arguments, const Frame& frame);
  bool read_number(Node& node, const Values& arguments, Values& results, const Frame& frame);
  [[noreturn]] void refuse_number(const Node& node, const Frame& frame,
                                  const std::string& origin) const;

  // data_branches.cpp
  struct Side {
    Recorder::Nested graph;
    Values results;
  };
  struct Choice {  // a leaf that is not the same on both sides
    Values sides;
    bool number;
  };
  void run_data_branch(Node& node, Frame& frame);
  bool run_assertion(Node& node, Frame& frame);
  std::vector<const torch::jit::Value*> dying_at(const Node& node, const Frame& frame);
  Side run_side(const Block& block, Frame& frame, const std::string& name,
                const std::vector<const torch::jit::Value*>& dying,
                const std::vector<MetadataEntry>& metadata);
  bool differs(const Node& node, const Frame& frame, const c10::IValue& first,
               const c10::IValue& second) const;
  std::vector<at::Tensor> finish_side(Side& side, const std::vector<Choice>& choices,
                                      std::size_t which,
                                      const std::vector<MetadataEntry>& metadata);
  void note_copies(const std::vector<Choice>& choices, std::size_t side,
                   const std::vector<at::Tensor>& outputs, const std::vector<at::Tensor>& results);
  std::vector<at::Tensor> record_branches(const at::Tensor& predicate, Side (&sides)[2],
                                          const std::vector<Choice>& choices,
                                          const std::vector<MetadataEntry>& metadata);
  // `tensor`, or a copy where a nested graph may not return it itself.
  at::Tensor returnable(const at::Tensor& tensor, bool contiguous,
                        const std::vector<at::Tensor>& returned,
                        const std::vector<MetadataEntry>& metadata);

  // data_loops.cpp
  struct DataLoop;
  void run_data_loop(Node& node, Frame& frame, std::int64_t trip, Values carried);
  void add_start(DataLoop& loop, const c10::IValue& leaf);
  void start(DataLoop& loop, std::int64_t trip);
  bool writes_to_own(const DataLoop& loop, std::size_t k, std::int64_t trip);
  Values body_results(DataLoop& loop, const Values& inside);
  void note_copies(const DataLoop& loop, const Values& outputs);
  void record_body(DataLoop& loop);
  at::Tensor next_of(const DataLoop& loop, std::size_t slot, const c10::IValue& value,
                     const std::vector<at::Tensor>& returned);
  Recorder::Nested record_condition(const DataLoop& loop);
  void carry_starts(const DataLoop& loop, Values& inside);

  Values inputs_of(const Node& node, const Frame& frame) const;
  static void store(const Node& node, Values results, Frame& frame);
  [[noreturn]] void unsupported(const Node& node, const Frame& frame, std::string what,
                                std::string why, std::string hint) const;
  [[noreturn]] void failed(const Node& node, const Frame& frame, std::string what,
                           std::string why) const;

  Recorder& recorder_;
  DataNumbers numbers_;
  std::vector<Values>
      made_;  // containers, by open nested graph: the others may not be written in it
  const ModulePaths& paths_;
  std::string file_;
  LastUses last_uses_;
  std::vector<Assigned> assigned_;
  std::vector<Diagnostic> dropped_;
  std::uint64_t steps_ = 0, assertions_ = 0, branches_ = 0, loops_ = 0;
  int depth_ = 0;
};

}  // namespace fettle
