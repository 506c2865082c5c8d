// reorder_for_memory on random programs: never more memory, the same calls on the same operands,
// and what must keep its order keeps it.
#include <random>
#include <set>

#include "analysis/liveness.hpp"
#include "programs.hpp"
#include "runtime/executable.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// Calls that keep a size, grow or reduce it, view it, write it or draw numbers, on values made
// before.
class RandomProgram {
 public:
  RandomProgram(std::uint32_t size, std::uint32_t seed) : random_(seed) {
    for (std::uint32_t k = 0; k < size; ++k) add_call();
    const std::size_t last = sizes_.size() - 1;
    text_ += "  return (" + name(last) + ", " + name(random_() % last) + ")\n";
  }
  const std::string& text() const { return text_; }

 private:
  static std::string name(std::size_t k) { return k == 0 ? "x" : "v" + std::to_string(k); }
  static std::string type(std::uint32_t size) { return ": f32[" + std::to_string(size) + "]"; }

  void add_call() {
    // Two of three operands are among the last few values: deep programs as well as wide ones.
    const std::size_t among =
        random_() % 3 == 0 ? sizes_.size() : std::min<std::size_t>(4, sizes_.size());
    const std::size_t k = sizes_.size() - 1 - random_() % among;
    const std::uint32_t size = sizes_[k];
    const std::string a = name(k), n = std::to_string(size);
    switch (random_() % 10) {
      case 0:
        return call("aten.rand_like.default(" + a + ")", size);
      case 1:
        return call("aten.view.default(" + a + ", [" + n + "])", size);
      case 2:
        return k == 0 ? call("aten.neg.default(x)", size)
                      : call("aten.add_.Tensor(" + a + ", 1.0)", size);
      case 3:
      case 4:
        return call("aten.sum.dim_IntList(" + a + ", [0], True)", 1);
      case 5:
      case 6:
        if (size < 512) return call("aten.repeat.default(" + a + ", [8])", size * 8);
        [[fallthrough]];
      case 7:
        return call("aten.mul.Tensor(" + a + ", " + a + ")", size);
      default:
        return call("aten.relu.default(" + a + ")", size);
    }
  }
  void call(const std::string& made, std::uint32_t size) {
    text_ += "  " + name(sizes_.size()) + type(size) + " = " + made + "\n";
    sizes_.push_back(size);
  }

  std::mt19937 random_;
  std::vector<std::uint32_t> sizes_ = {64};
  std::string text_ = "graph(x: f32[64]):\n";
};

std::int64_t peak(const Graph& graph, BlockId block = kRootBlock) {
  return Liveness(graph, Storages(graph), block).peak_bytes();
}

// The calls that are not pure, by block and in their order.
std::vector<NodeId> effects(const Graph& graph) {
  std::vector<NodeId> found;
  for (std::uint32_t b = 0; b < graph.block_bound(); ++b)
    for (const NodeId node : graph.nodes(BlockId(b)))
      if (graph.node(node).opcode == Opcode::call_function && !call_facts(graph, node).pure())
        found.push_back(node);
  return found;
}

std::vector<std::vector<std::byte>> outputs(const Graph& graph) {
  std::vector<float> values(64);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k) / 8 - 3;
  RunOptions options;
  options.seed = 0;
  std::vector<std::vector<std::byte>> bytes;
  const RunValue x = floats({64}, values);
  for (const RunValue& output : Executable(graph, {}).run({&x, 1}, options).outputs) {
    const TensorData data = std::get<Tensor>(output).to_constant();
    bytes.emplace_back(data.storage->data, data.storage->data + data.storage->size);
  }
  return bytes;
}

// Every call as text, as a set: what an order has no part in.
std::multiset<std::string> calls(const Graph& graph) {
  std::multiset<std::string> all;
  for (std::uint32_t b = 0; b < graph.block_bound(); ++b)
    for (const NodeId node : graph.nodes(BlockId(b))) all.insert(print_node(graph, node));
  return all;
}

}  // namespace

TEST_CASE("reorder_for_memory never needs more, and changes nothing but the order") {
  const auto pass = shipped().create_pass("reorder_for_memory", {});
  int better = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    const RandomProgram made(4 + seed % 40, seed);
    INFO(made.text());
    const std::unique_ptr<Graph> graph = graph_of(made.text());
    const std::int64_t before = peak(*graph);
    const auto effects_before = effects(*graph);
    const auto calls_before = calls(*graph);
    const auto outputs_before = outputs(*graph);
    Journal journal(*graph);
    AnalysisManager analyses(*graph);
    Outcome outcome;
    const bool applicable = !pass->analyze(analyses, outcome);
    pass->transform(journal, analyses, outcome);
    check(*graph);
    CHECK(peak(*graph) <= before);
    CHECK((effects(*graph) == effects_before));
    CHECK(calls(*graph) == calls_before);
    CHECK((outputs(*graph) == outputs_before));
    if (!applicable) CHECK_FALSE(journal.changed());
    CHECK(outcome.statistics["peak_bytes_saved"] == before - peak(*graph));
    better += journal.changed() ? 1 : 0;
  }
  CHECK(better > 30);  // else nothing was tried
}
