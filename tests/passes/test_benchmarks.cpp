// The benchmarks measure what they say, for each program, in the shape that reports rely on. No
// times are asserted.
#include "programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const std::string kOneCall =
    "graph(w: f32[4] = parameter 'w' value=[1.0, 2.0, 3.0, 4.0], x: f32[4]):\n"
    "  add: f32[4] = aten.add.Tensor(x, w)\n  return (add,)\n";
const std::string kTwoCalls =
    "graph(w: f32[4] = parameter 'w' value=[1.0, 2.0, 3.0, 4.0], b: f32[2] = buffer 'b' "
    "value=[1.0, 2.0], x: f32[4]):\n"
    "  add: f32[4] = aten.add.Tensor(x, w)\n"
    "  cat: f32[4096] = aten.repeat.default(add, [1024])\n"
    "  slice_1: f32[4] = aten.slice.Tensor(cat, 0, 0, 4)\n"
    "  mul: f32[4] = aten.mul.Tensor(slice_1, 2.0)\n  return (mul,)\n";

std::vector<Metric> measure(const char* benchmark, const std::vector<Host::GivenOption>& options) {
  const std::vector<LoadedSample> samples = {{{floats({4}, {1, 2, 3, 4})}, {}}};
  const TestProgram first(kTwoCalls, samples), second(kOneCall, samples);
  Outcome outcome;
  return shipped()
      .create_benchmark(benchmark, options)
      ->measure({&first.handle(), &second.handle()}, outcome);
}

}  // namespace

TEST_CASE("latency: each program, and the paired ratio to the first") {
  const auto metrics = measure("latency", {{"runs", "6", "test"}, {"warmup", "1", "test"}});
  REQUIRE(metrics.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const Metric& metric = metrics[k];
    CHECK(metric.benchmark == "latency");
    CHECK(metric.samples.size() == 6);
    CHECK(metric.low <= metric.median);
    CHECK(metric.median <= metric.high);
    CHECK(metric.low > 0);
    CHECK(metric.lower_is_better);
    CHECK_FALSE(metric.note.empty());
  }
  CHECK(metrics[0].name == "latency");
  CHECK(metrics[0].unit == "ms");
  CHECK(metrics[1].program == 1);
  CHECK(metrics[2].name == "latency_ratio");
  CHECK(metrics[2].program == 1);
  for (std::size_t run = 0; run < 6; ++run)
    CHECK(metrics[2].samples[run] == Approx(metrics[1].samples[run] / metrics[0].samples[run]));
}

TEST_CASE("latency: one program, one run") {
  const std::vector<LoadedSample> samples = {{{floats({4}, {1, 2, 3, 4})}, {}}};
  const TestProgram program(kOneCall, samples);
  Outcome outcome;
  const auto metrics =
      shipped()
          .create_benchmark("latency", {{"runs", "1", "test"}, {"warmup", "0", "test"}})
          ->measure({&program.handle()}, outcome);
  REQUIRE(metrics.size() == 1);
  CHECK(metrics[0].low == metrics[0].high);
}

TEST_CASE("memory: the peak of a run, the workspace of a call and the weights, in bytes") {
  const auto metrics = measure("memory", {});
  REQUIRE(metrics.size() == 6);
  CHECK(metrics[0].name == "peak_memory");
  CHECK(metrics[0].unit == "bytes");
  CHECK(metrics[0].median >= 4096 * 4);
  CHECK(metrics[0].samples.size() == 3);
  CHECK(metrics[1].name == "workspace");
  CHECK(metrics[1].median <= metrics[0].median);
  CHECK(metrics[2].name == "weights");
  CHECK(metrics[2].median == 24);
  CHECK(metrics[3].program == 1);
  CHECK(metrics[3].median >= 16);
  CHECK(metrics[3].median < metrics[0].median);
  CHECK(metrics[5].median == 16);
}
