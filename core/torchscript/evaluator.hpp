// Runs a TorchScript function as its interpreter would, and records what it does to tensors.
//
// Calls of functions and methods are followed, so that the recorded graph is inlined; attributes of
// modules are read, so that it is frozen; branches are taken and loops unrolled by the numbers that
// this run sees, which follow from sizes, attributes and constants alone. A number that is read out of
// a tensor's data is where that ends: what would depend on it is refused, with its source line.
//
// Operators that libtorch registers are recorded; TorchScript's own (on lists, strings, numbers) are
// run and leave no trace. Linear in the number of operators run.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "archive/program.hpp"
#include "torchscript/last_uses.hpp"
#include "torchscript/recorder.hpp"
#include "torchscript/source_frames.hpp"

namespace fettle {

using ModulePaths = std::unordered_map<const c10::ivalue::Object*, std::string>;

class Evaluator {
 public:
  Evaluator(Recorder& recorder, const ModulePaths& paths, std::string file)
      : recorder_(recorder), paths_(paths), file_(std::move(file)) {}

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
  bool run_control(Node& node, Frame& frame);    // branches, loops, calls
  bool run_container(Node& node, Frame& frame);  // what the interpreter builds without an operator
  void set_attribute(Node& node, Frame& frame);
  void write_assigned();
  void run_operator(Node& node, Frame& frame);
  void run_loop(Node& node, Frame& frame);
  Values call_torch(const torch::jit::Operator& op, Node& node, const Values& arguments,
                    const Frame& frame);
  void keep(const OperatorSchema& schema, Node& node, const Values& arguments,
            const Values& results, const Frame& frame);
  void check_unrecorded(Node& node, const Values& arguments, const Values& results,
                        const Frame& frame);

  Values inputs_of(const Node& node, const Frame& frame) const;
  static void store(const Node& node, Values results, Frame& frame);
  [[noreturn]] void unsupported(const Node& node, const Frame& frame, std::string what,
                                std::string why, std::string hint) const;
  [[noreturn]] void failed(const Node& node, const Frame& frame, std::string what,
                           std::string why) const;

  Recorder& recorder_;
  const ModulePaths& paths_;
  std::string file_;
  LastUses last_uses_;
  std::vector<Assigned> assigned_;
  std::vector<Diagnostic> dropped_;
  std::uint64_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace fettle
