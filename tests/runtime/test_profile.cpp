// What can be promised of measured times: which nodes have one, how often they ran, how the numbers
// fit together, and that nothing goes on after a cancellation. No test depends on how long it
// takes.
#include "runtime/profile.hpp"

#include "catch.hpp"
#include "run_graph.hpp"
#include "runtime/machine_speed.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

double sum(const std::vector<double>& seconds) {
  double all = 0;
  for (const double one : seconds) all += one;
  return all;
}

void check_numbers(const Graph& graph, const Profile& profile) {
  REQUIRE(profile.seconds.size() == graph.node_bound());
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const bool ran = graph.node(NodeId(i)).opcode == Opcode::call_function;
    if (!ran) CHECK(profile.calls[i] == 0);
    CHECK(profile.low[i] >= 0);
    CHECK(profile.low[i] <= profile.seconds[i]);
    CHECK(profile.seconds[i] <= profile.high[i]);
    if (profile.calls[i] == 0) CHECK(profile.high[i] == 0);
  }
  CHECK(profile.total_seconds == Approx(sum(profile.seconds)));
  CHECK(profile.run_seconds > 0);
  CHECK(profile.clock_seconds >= 0);
}

}  // namespace

TEST_CASE("each call of a profile has a time, and shares add up to one") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({64, 64}));
  ValueId y = b.call("aten.mm.default", {arg("self", x), arg("mat2", x)});
  for (int i = 0; i < 3; ++i) y = b.call("aten.neg.default", {arg("self", y)});
  b.output({y});
  Executable executable(b.graph(), {});
  const std::vector<RunValue> inputs = {tensor({64, 64}, std::vector<float>(64 * 64, 1.0f))};
  const Profile profile = measure_profile(b.graph(), executable, inputs, {.runs = 5});
  CHECK(profile.runs == 5);
  check_numbers(b.graph(), profile);
  double shares = 0;
  for (const NodeId node : b.graph().nodes()) {
    shares += profile.share(node);
    if (b.graph().node(node).opcode == Opcode::call_function) CHECK(profile.calls[node.index] == 1);
  }
  CHECK(shares == Approx(1));
  CHECK(profile.total_seconds > 0);
}

TEST_CASE("a nested graph's calls have times of their own, and one run is enough") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({64, 64}));
  const StringId name = b.graph().intern("submod_1");
  const BlockId body = b.journal().create_block(name);
  const ValueId inner = b.input("inner", tensor_type({64, 64}), body);
  const ValueId product = b.call("aten.mm.default", {arg("self", inner), arg("mat2", inner)},
                                 GraphBuilder::any_tensor(), body);
  b.output({product}, body);
  const Given graph = arg("", Argument{ArgKind::block, BlockRef{body, name}});
  const ValueId y =
      b.call("higher_order.wrap_with_set_grad_enabled", {arg("", false), graph, arg("", x)});
  b.output({y});
  Executable executable(b.graph(), {});
  const std::vector<RunValue> inputs = {tensor({64, 64}, std::vector<float>(64 * 64, 1.0f))};
  const Profile profile =
      measure_profile(b.graph(), executable, inputs, {.runs = 1, .warm_up_runs = 0});
  check_numbers(b.graph(), profile);
  CHECK(profile.calls[b.graph().value(product).producer.index] == 1);
  CHECK(profile.calls[b.graph().value(y).producer.index] == 1);
  CHECK(profile.low == profile.high);  // of a single run
}

TEST_CASE("a profile stops when it is told to") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({4}));
  b.output({b.call("aten.neg.default", {arg("self", x)})});
  Executable executable(b.graph(), {});
  const std::atomic<bool> cancel = true;
  const std::vector<RunValue> inputs = {tensor({4}, {1, 2, 3, 4})};
  const std::string refused = error_of([&] {
    measure_profile(b.graph(), executable, inputs, {.runs = 1'000'000, .cancel = &cancel});
  });
  CHECK(refused.find("run-cancelled") != std::string::npos);
}

TEST_CASE("a machine's speed says what it was measured with") {
  const MachineSpeed speed = measure_machine(Device{});
  CHECK(speed.dtype == DType::float32);
  CHECK(speed.flops_per_second > 0);
  CHECK(speed.bytes_per_second > 0);
  CHECK(speed.matrix_size >= 256);
  CHECK(speed.threads >= 1);
  CHECK(error_of([] {
          measure_machine(Device{"meta", {}});
        }).find("device-unavailable") != std::string::npos);
}
