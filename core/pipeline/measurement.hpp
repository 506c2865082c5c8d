// The benchmark stage: runs benchmarks over programs side by side, the first of which is the
// baseline.
#pragma once

#include <memory>
#include <vector>

#include "host/program_handle.hpp"
#include "pipeline/report.hpp"
#include "pipeline/runner.hpp"

namespace fettle {

// Appends a report for each benchmark. Throws what a benchmark did wrong, and interrupted.
void measure(const std::vector<std::unique_ptr<Benchmark>>& benchmarks,
             const std::vector<const ProgramHandle*>& programs, RunObserver& observer,
             std::vector<BenchmarkReport>& reports);

}  // namespace fettle
