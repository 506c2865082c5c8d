// Liveness against a simulation that looks at every value at every position, and by hand.
#include "analysis/liveness.hpp"

#include <algorithm>
#include <set>

#include "analysis/random_programs.hpp"
#include "graph/nested_blocks.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// All values whose storage `value` lies in, itself included.
std::set<ValueId> lies_in(const Storages& storages, ValueId value) {
  std::set<ValueId> all;
  std::vector<ValueId> open = {value};
  while (!open.empty()) {
    const ValueId v = open.back();
    open.pop_back();
    if (!all.insert(v).second) continue;
    for (const ValueId base : storages.shared(v)) open.push_back(base);
  }
  return all;
}

std::vector<std::int64_t> live_by_definition(const Graph& graph, const Storages& storages,
                                             BlockId block) {
  std::vector<NodeId> nodes;
  for (const NodeId node : graph.nodes(block)) nodes.push_back(node);
  std::vector<std::int64_t> live(nodes.size());
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    std::set<ValueId> held;
    std::int64_t made = 0, inside = 0;
    for (std::size_t i = 0; i <= at; ++i) {
      for (const ValueId value : graph.results(nodes[i])) {
        const bool used_later = std::any_of(
            nodes.begin() + static_cast<std::ptrdiff_t>(at), nodes.end(),
            [&](NodeId user) { return std::ranges::count(graph.node(user).operands, value) > 0; });
        if (i == at) made += storages.allocated(value);
        if (i == at || used_later) held.merge(lies_in(storages, value));
      }
    }
    for (const ValueId value : held) live[at] += storages.allocated(value);
    for_each_block(graph.node(nodes[at]).arguments, [&](BlockId nested) {
      const auto within = live_by_definition(graph, storages, nested);
      inside = std::max(inside, *std::ranges::max_element(within));
    });
    live[at] += std::max<std::int64_t>(0, inside - made);
  }
  return live;
}

struct Analysed {
  explicit Analysed(std::string_view text)
      : graph(program(text)),
        storages((bind_schemas(*graph, "test"), *graph)),
        liveness(*graph, storages) {}
  std::unique_ptr<Graph> graph;
  Storages storages;
  Liveness liveness;

  std::int64_t live(std::string_view name) const {
    for (std::uint32_t at = 0; at < liveness.size(); ++at)
      if (liveness.node(at) == node(*graph, name)) return liveness.live_bytes()[at];
    return -1;
  }
  std::string last_use(std::string_view name) const {
    return std::string(graph->text(graph->node(liveness.last_use(value(*graph, name))).name));
  }
};

}  // namespace

TEST_CASE("live bytes are those of a simulation, in nested graphs too") {
  std::uint64_t nested = 0, shared = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    INFO("seed " << seed);
    const RandomProgram random(2 + seed % 25, seed);
    const Graph& graph = random.graph();
    const Storages storages(graph);
    for (std::uint32_t v = 0; v < graph.value_bound(); ++v)
      shared += storages.shared(ValueId(v)).size();
    for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
      const Liveness liveness(graph, storages, BlockId(b));
      REQUIRE(liveness.live_bytes() == live_by_definition(graph, storages, BlockId(b)));
      const auto& live = liveness.live_bytes();
      REQUIRE(liveness.peak_bytes() == *std::ranges::max_element(live));
      const std::uint32_t peak = liveness.peak_position();
      if (liveness.peak_bytes() > 0) REQUIRE(live[peak] == liveness.peak_bytes());
      std::int64_t sum = liveness.nested_bytes(peak);
      for (const StorageRange& range : liveness.live_at(peak)) sum += range.bytes;
      REQUIRE(sum == liveness.peak_bytes());
      nested += liveness.nested_bytes(peak) > 0 ? 1 : 0;
    }
  }
  CHECK(shared > 1000);
  CHECK(nested > 100);
}

TEST_CASE("a view keeps what it is a view of alive") {
  const Analysed a(R"(
    graph(x: f32[4, 6]):
      relu: f32[4, 6] = aten.relu.default(x)
      view: f32[24] = aten.view.default(relu, [24])
      slice_1: f32[2] = aten.slice.Tensor(view, 0, 0, 2)
      neg: f32[4, 6] = aten.neg.default(x)
      exp: f32[2] = aten.exp.default(slice_1)
      return (exp,))");
  CHECK(a.live("relu") == 96);
  CHECK(a.live("view") == 96);
  CHECK(a.live("neg") == 192);  // relu, of which two elements are still wanted
  CHECK(a.live("exp") == 96 + 8);
  CHECK(a.liveness.peak_bytes() == 192);
  CHECK(a.last_use("relu") == "view");
  CHECK(a.last_use("slice_1") == "exp");
  CHECK(a.last_use("neg") == "neg");
  CHECK(a.liveness.live_at(a.liveness.peak_position()).size() == 2);
}

TEST_CASE("what may be a view or a copy is told by its strides") {
  const Analysed a(R"(
    graph(x: f32[4, 6]):
      relu: f32[4, 6] = aten.relu.default(x)
      t: f32[6, 4][1, 6] = aten.t.default(relu)
      view: f32[2, 12] = aten.reshape.default(relu, [2, 12])
      copy: f32[4, 6] = aten.reshape.default(t, [4, 6])
      same: f32[4, 6] = aten.contiguous.default(relu)
      other: f32[6, 4] = aten.contiguous.default(t)
      double: f64[4, 6] = aten.to.dtype(relu, 8)
      float: f32[4, 6] = aten.to.dtype(relu, 7)
      return (t, view, copy, same, other, double, float))");
  const auto allocated = [&](std::string_view name) {
    return a.storages.allocated(value(*a.graph, name));
  };
  CHECK(allocated("t") == 0);
  CHECK(allocated("view") == 0);
  CHECK(allocated("copy") == 96);
  CHECK(allocated("same") == 0);
  CHECK(allocated("other") == 96);
  CHECK(allocated("double") == 192);
  CHECK(allocated("float") == 0);
}

TEST_CASE("each of a list of views lies in what they are views of") {
  const Analysed a(R"(
    graph(x: f32[4, 6]):
      relu: f32[4, 6] = aten.relu.default(x)
      chunk: [left: f32[4, 3][6, 1], right: f32[4, 3][6, 1]] = aten.chunk.default(relu, 2, 1)
      topk: (values: f32[4, 2], indices: i64[4, 2]) = aten.topk.default(relu, 2)
      return (right, values, indices))");
  CHECK(a.storages.allocated(value(*a.graph, "right")) == 0);
  CHECK(a.storages.allocated(value(*a.graph, "indices")) == 64);
  CHECK(a.live("topk") == 96 + 32 + 64);
}

TEST_CASE("views have the strides that torch gives them") {
  const auto strides = [](std::vector<std::int64_t> from, std::vector<std::int64_t> stride,
                          std::vector<std::int64_t> to) { return view_strides(from, stride, to); };
  using Some = std::vector<std::int64_t>;
  CHECK(strides({4, 6}, {6, 1}, {24}) == Some{1});
  CHECK(strides({4, 6}, {6, 1}, {2, 2, 3, 2}) == Some{12, 6, 2, 1});
  CHECK(strides({4, 6}, {12, 1}, {2, 2, 6}) == Some{24, 12, 1});
  CHECK(strides({4, 6}, {12, 1}, {24}) == std::nullopt);
  CHECK(strides({6, 4}, {1, 6}, {24}) == std::nullopt);
  CHECK(strides({6, 4}, {1, 6}, {2, 3, 4}) == Some{3, 1, 6});
  CHECK(strides({1, 6}, {100, 1}, {6}) == Some{1});
  CHECK(strides({}, {}, {1, 1}) == Some{1, 1});
  CHECK(strides({0, 3}, {3, 1}, {0}) == std::nullopt);
}
