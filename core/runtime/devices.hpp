// Where a program runs, and in which precision: devices by name to c10's and back, and how constants,
// inputs and the device and dtype arguments of calls are moved there.
#pragma once

#include <ATen/core/Tensor.h>

#include "graph/graph.hpp"
#include "runtime/executable.hpp"

namespace fettle {

Device device_of(const c10::Device& device);

class Placement {
 public:
  // As the graph was exported: everything stays where and what it is.
  Placement() = default;
  // Throws device_unavailable.
  Placement(const Graph& graph, const CompileOptions& options);

  c10::Device target() const { return target_; }
  bool moves() const { return target_ != exported_; }
  bool float64() const { return float64_; }

  // A program of one accelerator may name the CPU too, and means it: only what was on the exported
  // device moves to the target, except that a program run on the CPU is all there.
  c10::Device device(const Device& recorded) const;
  // Of a mode, which a program may name without having tensors there.
  c10::DeviceType device_type(c10::DeviceType recorded) const {
    return recorded == exported_.type() ? target_.type() : recorded;
  }
  c10::ScalarType dtype(c10::ScalarType recorded) const;  // floating and complex ones lifted
  at::Tensor place(const at::Tensor& tensor, const Device& recorded) const;

 private:
  c10::Device exported_{c10::kCPU};
  c10::Device target_{c10::kCPU};
  bool float64_ = false;
};

}  // namespace fettle
