// A part of a program that a backend runs, ready to be launched: what is known of its outputs is
// checked in each run, before libtorch computes on with them.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "runtime/devices.hpp"
#include "runtime/offload.hpp"

namespace fettle {

struct ExpectedOutput {
  std::string name;
  std::optional<c10::ScalarType> dtype;
  c10::Device device{c10::kCPU};
  std::size_t rank = 0;
  std::vector<std::optional<std::int64_t>> sizes;
  std::vector<std::int64_t> strides;  // empty: not all of sizes and strides are known
};

struct OffloadedPlan {
  std::shared_ptr<OffloadedCall> call;
  std::string backend;
  std::vector<ExpectedOutput> outputs;
};

std::shared_ptr<const OffloadedPlan> plan_of(const OffloadedPart& part, const Graph& graph,
                                             const Placement& placement);

// Throws plugin_bad_answer when an output is not what the graph says, and what the call throws.
std::vector<at::Tensor> launch(const OffloadedPlan& plan, std::span<const RunValue> inputs,
                               const std::atomic<bool>* cancel);

}  // namespace fettle
