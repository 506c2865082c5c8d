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

// Reads the columns of one block once.
class Reader {
 public:
  Reader(const fettle::Graph& graph, const fettle_columns& columns,
         const fettle::AliasClasses& classes, const fettle::Liveness& live)
      : graph_(graph), columns_(columns), classes_(classes) {
    for (const fettle_storage& storage : live.storages()) allocated_[storage.value] = storage.bytes;
    for (std::uint64_t at = 0; at < live.live_bytes().size(); ++at)
      if (live.nested_bytes()[at] > 0) inside_[live.node(at).id()] = live.nested_bytes()[at];
  }

  void read(fettle_block block) {
    task_of_.assign(columns_.n_values, kNoTask);
    for (std::uint64_t i = 0; i < columns_.n_nodes; ++i) {
      if (columns_.blocks[i] != block) continue;
      if (columns_.opcodes[i] == FETTLE_OPCODE_OUTPUT) {
        for_each_operand(i, [&](fettle_value v) { returned_[unit_of(v)] = true; });
      } else if (columns_.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION) {
        add_call(i);
      }
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
  template <class Visit>
  void for_each_operand(std::uint64_t i, Visit visit) const {
    for (auto k = columns_.operand_offsets[i]; k < columns_.operand_offsets[i + 1]; ++k)
      visit(columns_.operands[k]);
  }
  std::uint32_t unit_of(fettle_value value) {
    const auto [found, added] = units_.try_emplace(classes_.of(graph_.value(value)),
                                                   static_cast<std::uint32_t>(bytes_.size()));
    if (added) {
      bytes_.push_back(0);
      returned_.push_back(false);
    }
    return found->second;
  }

  void add_call(std::uint64_t i) {
    const auto task = static_cast<std::uint32_t>(nodes_.size());
    const fettle::Node call = graph_.node(columns_.nodes[i]);
    nodes_.push_back(call.id());
    const auto inside = inside_.find(call.id());
    nested_.push_back(inside == inside_.end() ? 0 : inside->second);
    bool in_order = !call.facts().pure();
    const auto touch = [&](fettle_value value) {
      touches_.emplace_back(task, unit_of(value));
      in_order = in_order || classes_.written(graph_.value(value));
    };
    for_each_operand(i, [&](fettle_value value) {
      touch(value);
      if (task_of_[value] != kNoTask) waits_.emplace_back(task, task_of_[value]);
    });
    for (std::uint32_t k = 0; k < columns_.result_counts[i]; ++k) {
      const fettle_value result = columns_.first_results[i] + k;
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
  const fettle_columns& columns_;
  const fettle::AliasClasses& classes_;
  std::unordered_map<fettle_value, std::int64_t> allocated_;
  std::unordered_map<fettle_node, std::int64_t> inside_;
  std::vector<std::uint32_t> task_of_;                      // by value: what makes it
  std::unordered_map<std::uint32_t, std::uint32_t> units_;  // by alias class
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

Tasks tasks_of(const fettle::Graph& graph, const fettle_columns& columns,
               const fettle::AliasClasses& classes, const fettle::Liveness& live,
               fettle::Block block) {
  Reader reader(graph, columns, classes, live);
  reader.read(block.id);
  return reader.tasks();
}
