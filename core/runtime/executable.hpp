// Runs a graph on libtorch: operators are resolved and their constant arguments boxed once, when the
// executable is made; a run only fills in values, calls through the dispatcher in program order and
// frees each value after its last use. Nested graphs run as ops/higher_order.hpp says.
//
// What a run changes for the caller of the Python program (ops/effects.hpp) is handed out after it,
// as the caller would see it. Nothing outside is written: stored constants and the caller's inputs
// are copied where the program writes them, and each run starts from the stored ones, or from what
// it is given.
//
// The executable keeps what it needs of the graph: later edits of the graph do not reach it.
// Not thread-safe: one run at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.hpp"
#include "ops/effects.hpp"
#include "runtime/leaves.hpp"
#include "runtime/tensor.hpp"

namespace fettle {

// What goes in and comes out of a program: a tensor, a Python scalar, or None.
using RunValue = std::variant<std::monostate, Tensor, std::int64_t, double, bool, std::string>;

struct Partition;  // runtime/offload.hpp

struct CompileOptions {
  Device device;         // "cpu", "cuda", "cuda:1", "mps"; device_unavailable when libtorch lacks it
  bool float64 = false;  // lift floating weights, inputs and explicit dtype arguments to float64
  bool gradients = false;  // for run_backward; not with parts
  const Partition* parts = nullptr;  // of the graph, compiled: who runs what; null: libtorch runs all
};

// Called before and after each node (nested ones too) that libtorch runs. `results` is empty before the
// call.
struct NodeHook {
  std::function<void(NodeId node, std::span<const RunValue> operands)> before;
  std::function<void(NodeId node, std::span<const RunValue> results)> after;
};

struct RunOptions {
  std::optional<std::uint64_t> seed;  // sets torch's generator first
  const NodeHook* hook = nullptr;
  bool measure_memory = false;
  // What memory that nobody initialized holds: 0 whatever it held, other numbers contents of their own.
  std::uint32_t uninitialized = 0;
  // A value for each effect to start from, as an earlier run left it; empty, and None: as stored.
  std::span<const RunValue> start;
  const std::atomic<bool>* cancel = nullptr;  // asked between iterations of loops: run_cancelled
};

struct RunResult {
  std::vector<RunValue> outputs;  // user outputs, in the signature's order
  std::vector<RunValue> effects;  // a value for each effect
  // Measured: the most tensor bytes allocated at one time during the run, weights and inputs not
  // counted; and the most that one call had for itself meanwhile, its results not counted.
  std::int64_t peak_bytes = 0;
  std::int64_t workspace_bytes = 0;
  NodeId workspace_node;  // whose that was; none: no call had any
};

struct BackwardResult {
  std::vector<RunValue> outputs;    // user outputs
  std::vector<RunValue> gradients;  // a value for each leaf; None: no path leads there
  std::string no_derivative;        // operators on the way that have none; empty: all have one
};

class Executable {
 public:
  Executable(const Graph& graph, const CompileOptions& options);
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const std::vector<Effect>& effects() const;

  // `inputs`: the user inputs in the signature's order; never written to. Throws input_count, input_dtype,
  // input_shape, input_size, input_range and input_guard before anything runs, and operator_failed (with
  // node, operator and source line) when libtorch throws.
  RunResult run(std::span<const RunValue> inputs, const RunOptions& options = {});
  void synchronize();  // waits for the device

  // Compiled with `gradients`: runs forwards, then backwards from the user outputs that have a
  // cotangent (None: has none). Also throws operator_failed for what libtorch refuses on the way back.
  const std::vector<Leaf>& leaves() const;
  BackwardResult run_backward(std::span<const RunValue> inputs, std::span<const RunValue> cotangents,
                              const RunOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Evaluates one call of the graph on given operand values (constant folding).
std::vector<RunValue> evaluate_call(const Graph& graph, NodeId node, std::span<const RunValue> operands);

// Whether this libtorch has the device, with the reason when not.
bool device_available(const Device& device, std::string* why);

}  // namespace fettle
