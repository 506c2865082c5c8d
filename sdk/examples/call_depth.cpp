// An analysis of a plugin's own, and a pass that asks for it as any other plugin could: on how many
// calls in a row each value rests.
//
//   %a = aten.exp.default(%x)        # 1
//   %b = aten.sin.default(%a)        # 2
//   %c = aten.add.Tensor(%b, %x)     # 3: the longest chain that leads to it
//
//   fettle inspect model.pt2 --analysis call_depth --plugin-dir .
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o call_depth.so
//       sdk/examples/call_depth.cpp
#include <algorithm>
#include <fettle/fettle.hpp>

// What a plugin that asks would include from a header of this one.
#define CALL_DEPTHS_ID "org.example.call_depths/1"
struct CallDepths {
  uint64_t n_values;
  const uint32_t* by_value; /* by value id; 0 for what no call makes */
  fettle_value deepest;     /* FETTLE_NONE: there are no calls */
};

struct OwnedDepths : CallDepths {
  std::vector<std::uint32_t> depths;
};

class CallDepth : public fettle::Analysis<CallDepths, OwnedDepths> {
 public:
  static constexpr const char* name = "call_depth";
  static constexpr const char* summary = "On how many calls in a row each value rests.";
  static constexpr const char* answer_id = CALL_DEPTHS_ID;
  static constexpr std::uint32_t reads = FETTLE_READS_STRUCTURE;

  std::unique_ptr<OwnedDepths> compute(const fettle::Graph& graph) override {
    const fettle_columns all = graph.columns();
    auto out = std::make_unique<OwnedDepths>();
    out->depths.resize(all.n_values);
    out->deepest = FETTLE_NONE;
    for (std::uint64_t at = 0; at < all.n_nodes; ++at) {
      if (all.opcodes[at] != FETTLE_OPCODE_CALL_FUNCTION) continue;
      std::uint32_t depth = 1;
      for (std::uint64_t k = all.operand_offsets[at]; k < all.operand_offsets[at + 1]; ++k)
        depth = std::max(depth, out->depths[all.operands[k]] + 1);
      for (std::uint32_t r = 0; r < all.result_counts[at]; ++r) {
        const fettle_value value = all.first_results[at] + r;
        out->depths[value] = depth;
        if (out->deepest == FETTLE_NONE || depth > out->depths[out->deepest]) out->deepest = value;
      }
    }
    out->n_values = all.n_values;
    out->by_value = out->depths.data();
    return out;
  }

  std::string describe(const fettle::Graph& graph, const OwnedDepths& depths) override {
    if (depths.deepest == FETTLE_NONE) return "no calls";
    return std::string(graph.value(depths.deepest).name()) + " rests on " +
           std::to_string(depths.by_value[depths.deepest]) + " calls in a row";
  }
};

class DeepestCall : public fettle::Pass {
 public:
  static constexpr const char* name = "deepest_call_note";
  static constexpr const char* summary = "Notes which value rests on the most calls in a row.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const auto* depths = fettle::find_answer<CallDepths>(graph, "call_depth", CALL_DEPTHS_ID);
    if (depths == nullptr || depths->deepest == FETTLE_NONE) return;
    graph.context().note(std::string(graph.value(depths->deepest).name()));
    graph.context().statistic("depth", depths->by_value[depths->deepest]);
  }
};

FETTLE_PLUGIN("org.example.call_depth", "1.0.0", CallDepth, DeepestCall)
