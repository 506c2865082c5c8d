// A benchmark across the boundary; its metrics are read with suspicion.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/context.hpp"
#include "host/instance.hpp"
#include "host/program_impl.hpp"

namespace fettle {
namespace {

class LoadedBenchmark final : public Benchmark {
 public:
  explicit LoadedBenchmark(std::unique_ptr<Instance> instance)
      : instance_(std::move(instance)), table_(*instance_->table<fettle_benchmark_v1>()) {}

  const ComponentInfo& info() const override { return instance_->info(); }
  const ResolvedOptions& options() const override { return instance_->options(); }

  std::vector<Metric> measure(const std::vector<const ProgramHandle*>& programs,
                              Outcome& outcome) override {
    fettle_ctx ctx(outcome, info().name);
    std::vector<const fettle_program*> handles;
    for (const ProgramHandle* program : programs) handles.push_back(program->abi());
    Collected collected{
        .benchmark = info().name, .n_programs = programs.size(), .metrics = {}, .fault = {}};
    fettle_metric_sink sink{};
    sink.size = sizeof(sink);
    sink.user = &collected;
    sink.add = add;
    call_plugin(ctx, instance_->what("measure"), [&] {
      return table_.measure(instance_->state(), &ctx, handles.size(), handles.data(), &sink);
    });
    note_dropped(ctx);
    // The plugin may have ignored that a metric was refused; a report must not miss it silently.
    if (!collected.fault.empty()) {
      bad_answer(instance_->what("measure") + " gave a metric that makes no sense",
                 collected.fault);
    }
    return std::move(collected.metrics);
  }

 private:
  struct Collected {
    std::string benchmark;
    std::size_t n_programs;
    std::vector<Metric> metrics;
    std::string fault;
  };

  static std::string fault_of(const fettle_metric& m, std::size_t n_programs) {
    const std::string name = printable(to_view(m.name));
    if (name.empty()) return "it has no name";
    if (m.program >= n_programs) {
      return fmt::format("'{}' is of program {} of {}", name, m.program, n_programs);
    }
    if (m.n_samples > 0 && !m.samples)
      return fmt::format("'{}' has a number of samples and none", name);
    const auto finite = [](double x) { return std::isfinite(x); };
    if (!finite(m.median) || !finite(m.low) || !finite(m.high) ||
        !std::all_of(m.samples, m.samples + m.n_samples, finite)) {
      return fmt::format("'{}' is not finite", name);
    }
    if (m.low > m.median || m.median > m.high) {
      return fmt::format("'{}' is not in order: {} .. {} .. {}", name, m.low, m.median, m.high);
    }
    return {};
  }

  static fettle_status add(void* user, const fettle_metric* given) {
    return guarded(nullptr, "add", [&]() -> fettle_status {
      if (!user || !usable(given)) return FETTLE_E_ARGUMENT;
      auto& collected = *static_cast<Collected*>(user);
      const fettle_metric m = read_struct(given);
      if (std::string fault = fault_of(m, collected.n_programs); !fault.empty()) {
        if (collected.fault.empty()) collected.fault = std::move(fault);
        return FETTLE_E_ARGUMENT;
      }
      Metric& metric = collected.metrics.emplace_back();
      metric.benchmark = collected.benchmark;
      metric.program = m.program;
      metric.name = printable(to_view(m.name));
      metric.unit = printable(to_view(m.unit));
      metric.note = printable(to_view(m.note));
      metric.lower_is_better = m.lower_is_better != 0;
      metric.median = m.median;
      metric.low = m.low;
      metric.high = m.high;
      metric.samples.assign(m.samples, m.samples + m.n_samples);
      return FETTLE_OK;
    });
  }

  std::unique_ptr<Instance> instance_;
  const fettle_benchmark_v1& table_;
};

}  // namespace

std::unique_ptr<Benchmark> make_benchmark(std::unique_ptr<Instance> instance) {
  return std::make_unique<LoadedBenchmark>(std::move(instance));
}

}  // namespace fettle
