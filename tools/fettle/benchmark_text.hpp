// Benchmarks of programs side by side, as a table.
#pragma once

#include <string>
#include <vector>

#include "pipeline/report.hpp"

namespace fettle {

// A row for each metric; for each program its value with its spread, and from the second on the
// ratio to the first. Below, what the spreads are. Empty when nothing was measured.
std::string benchmark_text(const std::vector<BenchmarkReport>& benchmarks,
                           const std::vector<std::string>& programs);

}  // namespace fettle
