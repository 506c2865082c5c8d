#include "tasks.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
constexpr std::uint32_t kNoTask = ~0u;

Pairs swapped(Pairs pairs) {
  for (auto& [a, b] : pairs) std::swap(a, b);
  return pairs;
}

void make_unique(Pairs& pairs) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

// Reads the nodes of one block once.
class Reader {
 public:
  Reader(const fettle::Graph& graph, const fettle::AliasClasses& classes,
         const fettle::Liveness& live)
      : graph_(graph), classes_(classes) {
    for (const fettle_storage& storage : live.storages()) allocated_[storage.value] = storage.bytes;
    for (std::uint64_t at = 0; at < live.live_bytes().size(); ++at)
      if (live.nested_bytes()[at] > 0) inside_[live.node(at).id()] = live.nested_bytes()[at];
  }

  void read(fettle::Node node) {
    const fettle_node_info info = node.info();
    if (info.opcode == FETTLE_OPCODE_OUTPUT) {
      for (const fettle_value v : std::span(info.operands, info.n_operands))
        returned_[unit_of(v)] = true;
    } else if (info.opcode == FETTLE_OPCODE_CALL_FUNCTION) {
      add_call(node, info);
    }
  }

  Tasks tasks() {
    make_unique(waits_);
    make_unique(touches_);
    const std::size_t n = nodes_.size(), units = bytes_.size();
    return {nodes_,        nested_,
            bytes_,        returned_,
            {n, waits_},   {n, swapped(waits_)},
            {n, touches_}, {units, swapped(touches_)}};
  }

 private:
  std::uint32_t unit_of(fettle_value value) {
    const auto [found, added] = units_.try_emplace(classes_.of(graph_.value(value)),
                                                   static_cast<std::uint32_t>(bytes_.size()));
    if (added) {
      bytes_.push_back(0);
      returned_.push_back(false);
    }
    return found->second;
  }

  void add_call(fettle::Node call, const fettle_node_info& info) {
    const auto task = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(call.id());
    const auto inside = inside_.find(call.id());
    nested_.push_back(inside == inside_.end() ? 0 : inside->second);
    bool in_order = !call.facts().pure();
    const auto touch = [&](fettle_value value) {
      touches_.emplace_back(task, unit_of(value));
      in_order = in_order || classes_.written(graph_.value(value));
    };
    for (const fettle_value value : std::span(info.operands, info.n_operands)) {
      touch(value);
      if (const auto made = task_of_.find(value); made != task_of_.end())
        waits_.emplace_back(task, made->second);
    }
    for (std::uint32_t k = 0; k < info.n_results; ++k) {
      const fettle_value result = info.first_result + k;
      touch(result);
      task_of_[result] = task;
      if (const auto made = allocated_.find(result); made != allocated_.end())
        bytes_[unit_of(result)] += made->second;
    }
    if (!in_order) return;
    if (last_in_order_ != kNoTask) waits_.emplace_back(task, last_in_order_);
    last_in_order_ = task;
  }

  const fettle::Graph& graph_;
  const fettle::AliasClasses& classes_;
  std::unordered_map<fettle_value, std::int64_t> allocated_;
  std::unordered_map<fettle_node, std::int64_t> inside_;
  std::unordered_map<fettle_value, std::uint32_t> task_of_;  // what makes a value
  std::unordered_map<std::uint32_t, std::uint32_t> units_;   // by alias class
  std::vector<fettle_node> nodes_;
  std::vector<std::int64_t> nested_, bytes_;
  std::vector<bool> returned_;
  Pairs waits_, touches_;  // (task, the task before it), (task, unit)
  std::uint32_t last_in_order_ = kNoTask;
};

}  // namespace

Lists::Lists(std::size_t count, const Pairs& pairs) : begin_(count + 1, 0), items_(pairs.size()) {
  for (const auto& [whose, what] : pairs) ++begin_[whose + 1];
  for (std::size_t k = 0; k < count; ++k) begin_[k + 1] += begin_[k];
  std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (const auto& [whose, what] : pairs) items_[next[whose]++] = what;
}

Tasks tasks_of(const fettle::Graph& graph, const fettle::AliasClasses& classes,
               const fettle::Liveness& live) {
  Reader reader(graph, classes, live);
  for (std::uint64_t at = 0; at < live.live_bytes().size(); ++at) reader.read(live.node(at));
  return reader.tasks();
}
