#include "pipeline/measurement.hpp"

#include <fmt/format.h>

#include "pipeline/stopwatch.hpp"

namespace fettle {

void measure(const std::vector<std::unique_ptr<Benchmark>>& benchmarks,
             const std::vector<const ProgramHandle*>& programs, RunObserver& observer,
             std::vector<BenchmarkReport>& reports) {
  for (const auto& benchmark : benchmarks) {
    BenchmarkReport& report = reports.emplace_back();
    report.name = benchmark->info().name;
    observer.stage(fmt::format("measuring {}", report.name));
    observer.stop_if_cancelled();
    const Stopwatch watch;
    Outcome outcome = observer.outcome();
    report.metrics = benchmark->measure(programs, outcome);
    report.seconds = watch.seconds();
    report.notes = std::move(outcome.notes);
    report.statistics = std::move(outcome.statistics);
  }
}

}  // namespace fettle
