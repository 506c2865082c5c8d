// A backend: runs parts of a program in place of libtorch (fettle.h, "fettle.backend/1").
//
//   struct Mine : fettle::Backend {
//     static constexpr const char* name = "mine";
//     static constexpr const char* summary = "…";
//     bool claims(fettle::Node call, std::string_view device) override {
//       return device == "cpu" && call.op() == "aten.relu.default";
//     }
//     std::unique_ptr<Compiled> compile(const fettle::Subgraph& part) override { … }
//   };
//
// The graph is there during claims and compile only: what launch needs, compile copies.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fettle/cpp/boundary.hpp"
#include "fettle/cpp/graph.hpp"
#include "fettle/cpp/tensor.hpp"

#if FETTLE_TARGET_MINOR >= 1

namespace fettle {
inline namespace sdk {

// Claimed calls between which nothing else has to run, in an order in which they can.
struct Subgraph {
  const Graph& graph;
  std::string_view device;
  std::vector<Node> nodes;
  std::vector<Value> inputs;   // from outside, weights included, each once
  std::vector<Value> outputs;  // used outside
};

// What a part is launched on: borrowed, not to be written.
class RunInputs {
 public:
  RunInputs(const fettle_datum* data, std::size_t n) : data_(data, n) {}
  std::size_t size() const { return data_.size(); }
  const fettle_datum& operator[](std::size_t k) const { return data_[k]; }
  bool is_tensor(std::size_t k) const { return data_[k].kind == FETTLE_DATUM_TENSOR; }
  TensorView tensor(std::size_t k) const { return TensorView(&data_[k].tensor->dl_tensor); }

 private:
  std::span<const fettle_datum> data_;
};

class Backend {
 public:
  class Compiled {
   public:
    virtual ~Compiled() = default;
    // A tensor for each output of the part, in memory of its own.
    virtual std::vector<Tensor> launch(const RunInputs& inputs) = 0;
  };

  virtual ~Backend() = default;
  // Whether this backend runs the call, in whichever part it comes to lie.
  virtual bool claims(Node call, std::string_view device) = 0;
  virtual std::unique_ptr<Compiled> compile(const Subgraph& part) = 0;
};

namespace detail __attribute__((visibility("hidden"))) {

  inline std::vector<Node> nodes_of(const Graph& graph, const fettle_node* ids, std::uint64_t n) {
    std::vector<Node> nodes;
    for (std::uint64_t k = 0; k < n; ++k) nodes.emplace_back(&graph, ids[k]);
    return nodes;
  }
  inline std::vector<Value> values_of(const Graph& graph, const fettle_value* ids,
                                      std::uint64_t n) {
    std::vector<Value> values;
    for (std::uint64_t k = 0; k < n; ++k) values.emplace_back(&graph, ids[k]);
    return values;
  }

  template <class T>
  const void* backend_interface() {
    static const fettle_backend_v1 table = {
        sizeof(fettle_backend_v1), 0,
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw,
           const fettle_claim* claim) noexcept {
          return guarded(context, [&] {
            const Graph graph(context, raw);
            for (std::uint64_t k = 0; k < claim->n_nodes; ++k)
              claim->claimed[k] =
                  self<T>(instance).claims(Node(&graph, claim->nodes[k]), text(claim->device));
          });
        },
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw,
           const fettle_subgraph* part, fettle_compiled** out) noexcept {
          return guarded(context, [&] {
            const Graph graph(context, raw);
            const Subgraph given{graph, text(part->device),
                                 nodes_of(graph, part->nodes, part->n_nodes),
                                 values_of(graph, part->inputs, part->n_inputs),
                                 values_of(graph, part->outputs, part->n_outputs)};
            std::unique_ptr<Backend::Compiled> compiled = self<T>(instance).compile(given);
            *out = reinterpret_cast<fettle_compiled*>(compiled.release());
          });
        },
        [](fettle_instance*, fettle_ctx* context, fettle_compiled* compiled, std::uint64_t n_inputs,
           const fettle_datum* inputs, std::uint64_t n_outputs,
           DLManagedTensorVersioned** outputs) noexcept {
          return guarded(context, [&] {
            std::vector<Tensor> made = reinterpret_cast<Backend::Compiled*>(compiled)->launch(
                RunInputs(inputs, n_inputs));
            if (made.size() != n_outputs)
              throw Failure("launch made another number of tensors than the part has outputs");
            for (std::uint64_t k = 0; k < n_outputs; ++k) outputs[k] = made[k].release();
          });
        },
        [](fettle_instance*, fettle_compiled* compiled) noexcept {
          delete reinterpret_cast<Backend::Compiled*>(compiled);
        }};
    return &table;
  }

}  // namespace )
}  // namespace sdk
}  // namespace fettle

#endif
