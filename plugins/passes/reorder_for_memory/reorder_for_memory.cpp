// Reorders calls so that less memory is alive at once.
//
//   %a = aten.relu.default(%x)       # 1 MiB each
//   %b = aten.neg.default(%x)        # lives while %s is computed, for no reason
//   %s = aten.sum.default(%a)        # 4 bytes
//   %t = aten.sum.default(%b)
//
// becomes relu, sum, neg, sum: 1 MiB at the peak instead of 2.
//
// The idea: a few greedy orders of each block (orders.hpp) are tried on a model of its memory, and
// the one with the least peak is made the program's. Then the host's liveness, which knows exactly
// what shares storage, has the last word: an order whose peak is not smaller is taken back and the
// next best tried. So the peak never becomes larger; a program that has dynamic sizes is judged at
// the sizes that it was exported with.
//
// Exact: the same calls on the same operands; what is random, writes, asserts or is unknown keeps
// its order, and so does what reads memory that is written. Nested graphs are reordered within
// themselves. Inputs stay first, outputs last.
#include <fettle/fettle.hpp>

#include "orders.hpp"

namespace {

// Blocks in the order in which they are left: nested ones before the block of their call.
std::vector<fettle::Block> blocks_of(const fettle_columns& columns) {
  std::vector<fettle::Block> blocks;
  for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
    if (columns.opcodes[i] == FETTLE_OPCODE_OUTPUT) blocks.push_back({columns.blocks[i]});
  return blocks;
}

class ReorderForMemory : public fettle::Pass {
 public:
  static constexpr const char* name = "reorder_for_memory";
  static constexpr const char* summary = "Reorders calls so that less memory is alive at once.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    const fettle::AliasClasses classes(graph);
    for (const fettle::Block block : blocks_of(graph.columns()))
      if (!better_orders(tasks_of(graph, classes, fettle::Liveness(graph, block))).empty())
        return std::nullopt;
    const fettle::Liveness live(graph);
    return "no order was found that needs less than " + std::to_string(live.peak_bytes()) +
           " bytes of values at once";
  }

  void transform(fettle::MutableGraph& graph) override {
    const std::int64_t before = fettle::Liveness(graph).peak_bytes();
    const fettle::AliasClasses classes(graph);
    for (const fettle::Block block : blocks_of(graph.columns())) {
      // What became better may become better still, as ties fall otherwise.
      for (int round = 0; round < kRounds && improve(graph, classes, block); ++round) {
      }
    }
    const fettle::Liveness live(graph);
    graph.context().statistic("peak_bytes_saved", before - live.peak_bytes());
    if (live.at_hints())
      graph.context().note("the peak was compared at the sizes that the program was exported with");
  }

 private:
  static constexpr int kRounds = 8;

  // Whether a better order is the block's now.
  bool improve(fettle::MutableGraph& graph, const fettle::AliasClasses& classes,
               fettle::Block block) const {
    const fettle::Liveness live(graph, block);
    const std::int64_t now = live.peak_bytes();
    const Tasks found = tasks_of(graph, classes, live);
    for (const Order& order : better_orders(found)) {
      const fettle::Node root = graph.node(found.nodes[order.front()]);
      fettle::Rewrite rewrite(graph, root, "less memory alive at once");
      if (!rewrite) return false;
      put_in_order(graph, rewrite, found, order);
      if (fettle::Liveness(graph, block).peak_bytes() >= now) continue;  // taken back
      rewrite.commit();
      return true;
    }
    return false;
  }

  static void put_in_order(fettle::MutableGraph& graph, fettle::Rewrite& rewrite,
                           const Tasks& tasks, const Order& order) {
    fettle::Node at = graph.node(tasks.nodes.front());  // what stands where the next task belongs
    for (const std::uint32_t task : order) {
      const fettle::Node node = graph.node(tasks.nodes[task]);
      if (node == at) {
        at = at.next();
      } else {
        rewrite.move_before(node, at);
      }
    }
  }
};

}  // namespace

FETTLE_PLUGIN("fettle.reorder_for_memory", "1.0.0", ReorderForMemory)
