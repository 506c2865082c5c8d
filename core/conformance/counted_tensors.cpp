#include "conformance/counted_tensors.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle::conformance {
namespace {

// Stands for a tensor of the host, with a deleter of its own; kept, so that a second call is seen.
struct Counted {
  DLManagedTensorVersioned outer{};
  DLManagedTensorVersioned* inner = nullptr;
  const char* by = "";
  std::atomic<int> released = 0;
};

// Plain functions have nowhere else to keep it.
std::mutex mutex;
std::deque<Counted>* tensors = nullptr;  // never freed: tensors may outlive their check
std::map<const fettle_bound*, int>* bound = nullptr;

void release(DLManagedTensorVersioned* outer) {
  auto& counted = *static_cast<Counted*>(outer->manager_ctx);
  if (++counted.released > 1) return;
  std::thread([&] {
    if (counted.inner->deleter) counted.inner->deleter(counted.inner);
  }).join();
}

DLManagedTensorVersioned* counted(DLManagedTensorVersioned* tensor, const char* by) {
  if (!tensor) return nullptr;
  const std::lock_guard lock(mutex);
  Counted& kept = tensors->emplace_back();
  kept.outer = *tensor;
  kept.outer.manager_ctx = &kept;
  kept.outer.deleter = release;
  kept.inner = tensor;
  kept.by = by;
  return &kept.outer;
}

void count_data(fettle_datum* data, std::uint64_t n, const char* by) {
  for (std::uint64_t i = 0; data && i < n; ++i) {
    if (data[i].kind == FETTLE_DATUM_TENSOR) data[i].tensor = counted(data[i].tensor, by);
  }
}

fettle_status constant(fettle_ctx* ctx, const fettle_graph* g, fettle_value value,
                       DLManagedTensorVersioned** out) {
  const fettle_status status = kEvaluateTable.constant(ctx, g, value, out);
  if (status == FETTLE_OK) *out = counted(*out, "constant");
  return status;
}

fettle_status call(fettle_ctx* ctx, const fettle_graph* g, fettle_node node, std::uint64_t n,
                   const DLTensor* const* operands, std::uint64_t n_results,
                   DLManagedTensorVersioned** results) {
  const fettle_status status = kEvaluateTable.call(ctx, g, node, n, operands, n_results, results);
  for (std::uint64_t i = 0; status == FETTLE_OK && i < n_results; ++i) {
    results[i] = counted(results[i], "call");
  }
  return status;
}

fettle_status sample_inputs(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                            fettle_datum* out) {
  const fettle_status status = kProgramTable.sample_inputs(ctx, p, sample, out);
  if (status == FETTLE_OK) count_data(out, kProgramTable.input_count(p), "sample_inputs");
  return status;
}

fettle_status eager_outputs(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                            fettle_datum* out) {
  const fettle_status status = kProgramTable.eager_outputs(ctx, p, sample, out);
  if (status == FETTLE_OK) count_data(out, kProgramTable.output_count(p), "eager_outputs");
  return status;
}

fettle_status eager_effect(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                           std::uint64_t index, fettle_effect* out, fettle_datum* value) {
  const fettle_status status = kProgramTable.eager_effect(ctx, p, sample, index, out, value);
  if (status == FETTLE_OK) count_data(value, 1, "eager_effect");
  return status;
}

fettle_status run(fettle_ctx* ctx, const fettle_program* p, const fettle_run_options* options,
                  const fettle_datum* inputs, fettle_datum* outputs, fettle_run_stats* stats) {
  const fettle_status status = kProgramTable.run(ctx, p, options, inputs, outputs, stats);
  if (status != FETTLE_OK) return status;
  count_data(outputs, kProgramTable.output_count(p), "run");
  if (usable(options)) {
    count_data(read_struct(options).effects, kProgramTable.effect_count(p), "run");
  }
  return status;
}

fettle_status run_backward(fettle_ctx* ctx, const fettle_program* p,
                           const fettle_run_options* options, const fettle_datum* inputs,
                           const fettle_datum* cotangents, fettle_datum* outputs,
                           fettle_datum* gradients, fettle_str* no_derivative) {
  const fettle_status status = kGradientsTable.run(ctx, p, options, inputs, cotangents, outputs,
                                                   gradients, no_derivative);
  if (status != FETTLE_OK) return status;
  if (outputs) count_data(outputs, kProgramTable.output_count(p), "run");
  count_data(gradients, kGradientsTable.leaf_count(p), "run");
  return status;
}

fettle_status bind(fettle_ctx* ctx, const fettle_program* p, const fettle_datum* inputs,
                   fettle_bound** out) {
  const fettle_status status = kProgramTable.bind(ctx, p, inputs, out);
  const std::lock_guard lock(mutex);
  if (status == FETTLE_OK) bound->emplace(*out, 0);
  return status;
}

// What was released stays where it is, so that no other gets its address.
void release_bound(fettle_bound* program) {
  const std::lock_guard lock(mutex);
  if (const auto found = bound->find(program); found != bound->end()) ++found->second;
}

}  // namespace

void install_counted_tensors(AlteredHost& host) {
  tensors = new std::deque<Counted>;
  bound = new std::map<const fettle_bound*, int>;
  auto* evaluate = new fettle_evaluate_v1(kEvaluateTable);
  evaluate->constant = constant;
  evaluate->call = call;
  host.replace(FETTLE_EVALUATE_ID, evaluate);
  auto* program = new fettle_program_v1(kProgramTable);
  program->sample_inputs = sample_inputs;
  program->eager_outputs = eager_outputs;
  program->eager_effect = eager_effect;
  program->run = run;
  program->bind = bind;
  program->release = release_bound;
  host.replace(FETTLE_PROGRAM_ID, program);
  auto* gradients = new fettle_gradients_v1(kGradientsTable);
  gradients->run = run_backward;
  host.replace(FETTLE_GRADIENTS_ID, gradients);
}

std::vector<HandedOver> handed_over() {
  const std::lock_guard lock(mutex);
  std::vector<HandedOver> all;
  for (const Counted& kept : *tensors) all.push_back({kept.by, kept.released});
  for (const auto& [program, released] : *bound) all.push_back({"bind", released});
  return all;
}

}  // namespace fettle::conformance
