// A backend across the boundary. What a part's launch hands out is taken over tensor by tensor, so that
// each is released exactly once whatever fails; each part is released once, by the last that holds it.
#include <fmt/format.h>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/datum.hpp"
#include "host/instance.hpp"
#include "runtime/offload.hpp"

namespace fettle {
namespace {

template <class Id>
const std::uint32_t* ids(fettle_ctx& ctx, const std::vector<Id>& list) {
  auto* copy = ctx.allocate<std::uint32_t>(list.size());
  std::ranges::transform(list, copy, [](Id id) { return id.index; });
  return copy;
}

class CompiledPart final : public OffloadedCall {
 public:
  CompiledPart(std::shared_ptr<Instance> instance, fettle_compiled* compiled, std::size_t outputs)
      : instance_(std::move(instance)),
        table_(*instance_->table<fettle_backend_v1>()),
        compiled_(compiled),
        outputs_(outputs) {}
  CompiledPart(const CompiledPart&) = delete;
  CompiledPart& operator=(const CompiledPart&) = delete;
  ~CompiledPart() override {
    try {
      table_.release(instance_->state(), compiled_);
    } catch (...) {
      // A destructor has nobody to tell.
    }
  }

  std::vector<Tensor> launch(std::span<const RunValue> inputs,
                             const std::atomic<bool>* cancel) override {
    Outcome outcome{.cancel = cancel, .notes = {}, .statistics = {}};
    fettle_ctx ctx(outcome, instance_->info().name);
    const DatumArray given(&ctx, inputs);
    std::vector<DLManagedTensorVersioned*> answered(outputs_, nullptr);
    call_plugin(ctx, instance_->what("launch"), [&] {
      return table_.launch(instance_->state(), &ctx, compiled_, given.size(), given.data(),
                           answered.size(), answered.data());
    });
    return taken_over(std::move(answered));
  }

 private:
  std::vector<Tensor> taken_over(std::vector<DLManagedTensorVersioned*> answered) const {
    std::vector<OwnedTensor> owned;
    for (DLManagedTensorVersioned* tensor : answered) owned.emplace_back(tensor);
    std::vector<Tensor> tensors;
    for (std::size_t k = 0; k < owned.size(); ++k) {
      if (!owned[k].get()) {
        bad_answer(instance_->what("launch") + " gave no tensor",
                   fmt::format("output {} of {} is null", k, owned.size()));
      }
      tensors.push_back(Tensor::adopt_dlpack(owned[k].release()));
    }
    return tensors;
  }

  std::shared_ptr<Instance> instance_;
  const fettle_backend_v1& table_;
  fettle_compiled* compiled_;
  std::size_t outputs_;
};

class LoadedBackend final : public Backend {
 public:
  explicit LoadedBackend(std::shared_ptr<Instance> instance)
      : instance_(std::move(instance)), table_(*instance_->table<fettle_backend_v1>()) {}

  const ComponentInfo& info() const override { return instance_->info(); }
  const ResolvedOptions& options() const override { return instance_->options(); }

  std::vector<bool> claim(AnalysisManager& analyses, const std::string& device,
                          const std::vector<NodeId>& candidates, Outcome& outcome) override {
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph graph(analyses);
    std::vector<std::uint8_t> claimed(candidates.size(), 0);
    fettle_claim request{};
    request.size = sizeof(request);
    request.device = to_abi(device);
    request.n_nodes = candidates.size();
    request.nodes = ids(ctx, candidates);
    request.claimed = claimed.data();
    call_plugin(ctx, instance_->what("claim"),
                [&] { return table_.claim(instance_->state(), &ctx, &graph, &request); });
    note_dropped(ctx);
    for (std::size_t k = 0; k < claimed.size(); ++k) {
      if (claimed[k] > 1) {
        bad_answer(instance_->what("claim") + " made no sense",
                   fmt::format("it answered {} for '{}'", claimed[k],
                               graph.graph.text(graph.graph.node(candidates[k]).name)));
      }
    }
    return {claimed.begin(), claimed.end()};
  }

  std::shared_ptr<OffloadedCall> compile(AnalysisManager& analyses, const std::string& device,
                                         const OffloadedPart& part, Outcome& outcome) override {
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph graph(analyses);
    fettle_subgraph request{};
    request.size = sizeof(request);
    request.device = to_abi(device);
    request.n_nodes = part.nodes.size();
    request.nodes = ids(ctx, part.nodes);
    request.n_inputs = part.inputs.size();
    request.inputs = ids(ctx, part.inputs);
    request.n_outputs = part.outputs.size();
    request.outputs = ids(ctx, part.outputs);
    fettle_compiled* compiled = nullptr;
    call_plugin(ctx, instance_->what("compile"), [&] {
      return table_.compile(instance_->state(), &ctx, &graph, &request, &compiled);
    });
    note_dropped(ctx);
    return std::make_shared<CompiledPart>(instance_, compiled, part.outputs.size());
  }

 private:
  std::shared_ptr<Instance> instance_;
  const fettle_backend_v1& table_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(std::unique_ptr<Instance> instance) {
  return std::make_unique<LoadedBackend>(std::move(instance));
}

}  // namespace fettle
