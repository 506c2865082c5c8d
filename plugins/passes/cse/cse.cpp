// Common subexpression elimination: of two calls that must give the same, the second goes.
//
//   %a = aten.relu.default(%x)
//   %b = aten.relu.default(%x)     # the same call on the same values: its users get %a
//   %c = aten.add.Tensor(%a, %b)   # becomes aten.add.Tensor(%a, %a)
//
// The idea: walk each block in program order with a hash table of the calls seen. As operands are
// replaced on the way, chains of equal calls merge in one walk. The first of equals leads; it comes
// before all users of the others, so that order stays valid.
//
// Exact: merged calls have the same operator, operands, arguments (bit for bit and by type: 1 is
// not 1.0) and result types, and are pure. Factories (arange, zeros …) merge too, having no
// operands. Refused: what draws random numbers or has side effects; calls whose operands or results
// share storage with something that is written (the values differ, or the copies must not be one);
// merges that would make an output share storage with an input, a weight or another output, which
// nobody who compares numbers would see; calls that own nested graphs (their insides are merged,
// block by block).
#include <fettle/fettle.hpp>

#include "leaders.hpp"
#include "merged_classes.hpp"

namespace {

// Walks all blocks; calls merge(call, leader) for each call that may be merged. Stops when it is
// false. Both are positions in the columns.
class Duplicates {
 public:
  explicit Duplicates(const fettle::Graph& graph)
      : graph_(graph),
        columns_(graph.columns()),
        classes_(graph),
        leaders_(columns_.n_nodes) {}

  template <class Merge>
  void for_each(Merge merge) {
    for (std::uint64_t i = 0; i < columns_.n_nodes; ++i) {
      if (columns_.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION || !touches_nothing_written(i))
        continue;
      const std::uint64_t leader = leader_of(i);
      // Equal calls have equal facts: asking about duplicates alone is enough, and cheaper.
      if (leader == i || !node(i).facts().pure() || !may_merge(leader, i)) continue;
      if (!merge(i, leader)) return;
    }
  }

  fettle::Node node(std::uint64_t i) const { return graph_.node(columns_.nodes[i]); }
  std::uint32_t result_count(std::uint64_t i) const { return columns_.result_counts[i]; }
  fettle::Value result(std::uint64_t i, std::uint32_t k) const {
    return graph_.value(columns_.first_results[i] + k);
  }

  void merged(std::uint64_t call, std::uint64_t leader) {
    for (std::uint32_t k = 0; k < result_count(call); ++k)
      classes_.merge(result(leader, k), result(call, k));
  }

 private:
  // The columns have operands as they were: merging joined their classes with those of what
  // replaced them.
  bool touches_nothing_written(std::uint64_t i) {
    if (result_count(i) == 0) return false;
    for (std::uint64_t k = columns_.operand_offsets[i]; k < columns_.operand_offsets[i + 1]; ++k)
      if (classes_.written(graph_.value(columns_.operands[k]))) return false;
    for (std::uint32_t k = 0; k < result_count(i); ++k)
      if (classes_.written(result(i, k))) return false;
    return true;
  }

  // The first call of its block that is the same, which may be the call itself.
  std::uint64_t leader_of(std::uint64_t i) {
    const fettle_block block = columns_.blocks[i];
    const std::uint64_t hash = fettle::call_hash(node(i)) ^ (block * 0x9e3779b97f4a7c15ull);
    return leaders_.find_or_add(hash, i, [&](std::uint64_t leader) {
      return columns_.blocks[leader] == block && fettle::same_call(node(leader), node(i));
    });
  }

  bool may_merge(std::uint64_t leader, std::uint64_t call) {
    for (std::uint32_t k = 0; k < result_count(call); ++k)
      if (!classes_.may_merge(result(leader, k), result(call, k))) return false;
    return true;
  }

  const fettle::Graph& graph_;
  const fettle_columns columns_;
  MergedClasses classes_;
  Leaders leaders_;
};

class Cse : public fettle::Pass {
 public:
  static constexpr const char* name = "cse";
  static constexpr const char* summary = "Merges calls that compute the same from the same.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;
  static constexpr bool idempotent = true;

  // The first merge, if there is any, needs no other before it.
  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    bool found = false;
    Duplicates(graph).for_each([&](auto, auto) { return !(found = true); });
    if (found) return std::nullopt;
    return "no two pure calls compute the same from the same";
  }

  void transform(fettle::MutableGraph& graph) override {
    Duplicates duplicates(graph);
    duplicates.for_each([&](std::uint64_t call, std::uint64_t leader) {
      const fettle::Node node = duplicates.node(call);
      fettle::Rewrite rewrite(graph, node,
                              "same as " + std::string(duplicates.node(leader).name()));
      if (!rewrite) return false;
      duplicates.merged(call, leader);
      for (std::uint32_t k = 0; k < duplicates.result_count(call); ++k)
        rewrite.replace(duplicates.result(call, k), duplicates.result(leader, k));
      rewrite.erase(node);
      rewrite.commit();
      graph.context().statistic("calls_merged", 1);
      return true;
    });
  }
};

}  // namespace

FETTLE_PLUGIN("fettle.cse", "1.0.0", Cse)
