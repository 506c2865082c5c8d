#include "evaluation.hpp"

#include <algorithm>

namespace {

// The recorded type's dtype and sizes; dense in memory if it is to be stored.
bool as_recorded(const fettle::Type& type, fettle::TensorView tensor, bool dense) {
  if (tensor.dtype() != type.dtype() || tensor.rank() != type.sizes().size()) return false;
  for (std::size_t d = 0; d < tensor.rank(); ++d)
    if (tensor.size(d) != type.sizes()[d].value) return false;
  return !dense || tensor.contiguous();
}

class Evaluator {
 public:
  Evaluator(const fettle::Graph& graph, Candidates& candidates)
      : graph_(graph), candidates_(candidates) {
    for (const Candidate& call : candidates.all())
      if (call.wanted)
        for (const fettle_value operand : call.operands) ++pending_uses_[operand];
  }

  Evaluation run() {
    for (const Candidate& call : candidates_.all()) {
      if (!call.wanted) continue;
      graph_.context().stop_if_cancelled();
      if (!step(call)) result_.failed.insert(call.node.id());
      for (const fettle_value operand : call.operands)
        if (--pending_uses_[operand] == 0) values_.erase(operand);
    }
    return std::move(result_);
  }

 private:
  // False: this call failed. What depends on one that failed is left out silently.
  bool step(const Candidate& call) {
    std::vector<const DLTensor*> operands;
    for (const fettle_value operand : call.operands) {
      const fettle::Tensor* tensor = value(operand);
      if (tensor == nullptr) return true;
      operands.push_back(tensor->dlpack());
    }
    auto results = graph_.evaluate(call.node, operands);
    if (!results) return false;
    if (call.assertion) result_.settled.insert(call.node.id());
    for (std::uint32_t k = 0; k < call.results; ++k) {
      const bool store = std::find(call.store.begin(), call.store.end(), k) != call.store.end();
      const fettle_value id = call.first_result + k;
      if (!as_recorded(graph_.value(id).type(), (*results)[k].view(), store)) return false;
    }
    for (std::uint32_t k = 0; k < call.results; ++k) {
      const fettle_value id = call.first_result + k;
      if (std::find(call.store.begin(), call.store.end(), k) != call.store.end())
        result_.stored.emplace(id, std::move((*results)[k]));
      else if (pending_uses_.count(id) != 0)
        values_.emplace(id, std::move((*results)[k]));
    }
    return true;
  }

  const fettle::Tensor* value(fettle_value id) {
    if (const auto stored = result_.stored.find(id); stored != result_.stored.end())
      return &stored->second;
    if (const auto held = values_.find(id); held != values_.end()) return &held->second;
    if (!candidates_.is_source(id)) return nullptr;
    fettle::Tensor constant = graph_.constant(graph_.value(candidates_.root_source(id)));
    if (!constant) return nullptr;
    return &values_.emplace(id, std::move(constant)).first->second;
  }

  const fettle::Graph& graph_;
  Candidates& candidates_;
  std::map<fettle_value, fettle::Tensor> values_;
  std::map<fettle_value, std::uint64_t> pending_uses_;
  Evaluation result_;
};

}  // namespace

Evaluation evaluate(const fettle::Graph& graph, Candidates& candidates) {
  return Evaluator(graph, candidates).run();
}
