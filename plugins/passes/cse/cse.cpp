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
#include <unordered_map>

#include "merged_classes.hpp"

namespace {

// Walks all blocks; calls merge(call, leader) for each call that may be merged. Stops when it is
// false.
class Duplicates {
 public:
  explicit Duplicates(const fettle::Graph& graph) : graph_(graph), classes_(graph) {}

  template <class Merge>
  void for_each(Merge merge) {
    const fettle_columns columns = graph_.columns();
    for (std::uint64_t i = 0; i < columns.n_nodes; ++i) {
      if (columns.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION) continue;
      const fettle::Node call = graph_.node(columns.nodes[i]);
      if (!touches_nothing_written(call)) continue;
      const fettle::Node leader = leader_of(call, columns.blocks[i]);
      // Equal calls have equal facts: asking about duplicates alone is enough, and cheaper.
      if (leader == call || !call.facts().pure() || !may_merge(leader, call)) continue;
      if (!merge(call, leader)) return;
    }
  }

  void merged(fettle::Node call, fettle::Node leader) {
    for (std::uint32_t k = 0; k < call.result_count(); ++k)
      classes_.merge(leader.result(k), call.result(k));
  }

 private:
  bool touches_nothing_written(fettle::Node call) {
    const fettle_node_info info = call.info();
    if (info.n_results == 0) return false;
    for (std::uint32_t k = 0; k < info.n_operands; ++k)
      if (classes_.written(graph_.value(info.operands[k]))) return false;
    for (std::uint32_t k = 0; k < info.n_results; ++k)
      if (classes_.written(graph_.value(info.first_result + k))) return false;
    return true;
  }

  // The first call of its block that is the same, which may be the call itself.
  fettle::Node leader_of(fettle::Node call, fettle_block block) {
    const std::uint64_t key = fettle::call_hash(call) ^ (block * 0x9e3779b97f4a7c15ull);
    std::vector<fettle::Node>& seen = seen_[key];
    for (const fettle::Node leader : seen)
      if (leader.block().id == block && fettle::same_call(leader, call)) return leader;
    seen.push_back(call);
    return call;
  }

  bool may_merge(fettle::Node leader, fettle::Node call) {
    for (std::uint32_t k = 0; k < call.result_count(); ++k)
      if (!classes_.may_merge(leader.result(k), call.result(k))) return false;
    return true;
  }

  const fettle::Graph& graph_;
  MergedClasses classes_;
  std::unordered_map<std::uint64_t, std::vector<fettle::Node>> seen_;
};

class Cse : public fettle::Pass {
 public:
  static constexpr const char* name = "cse";
  static constexpr const char* summary = "Merges calls that compute the same from the same.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  // The first merge, if there is any, needs no other before it.
  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    bool found = false;
    Duplicates(graph).for_each([&](fettle::Node, fettle::Node) { return !(found = true); });
    if (found) return std::nullopt;
    return "no two pure calls compute the same from the same";
  }

  void transform(fettle::MutableGraph& graph) override {
    Duplicates duplicates(graph);
    duplicates.for_each([&](fettle::Node call, fettle::Node leader) {
      fettle::Rewrite rewrite(graph, call, "same as " + std::string(leader.name()));
      if (!rewrite) return false;
      duplicates.merged(call, leader);
      for (std::uint32_t k = 0; k < call.result_count(); ++k)
        rewrite.replace(call.result(k), leader.result(k));
      rewrite.erase(call);
      rewrite.commit();
      graph.context().statistic("calls_merged", 1);
      return true;
    });
  }
};

}  // namespace

FETTLE_PLUGIN("fettle.cse", "1.0.0", Cse)
