// The algorithm of plugins/passes/cse on the host's own classes, without the ABI between: what crossing
// the boundary costs is the difference (bench_passes, "cse in the host"). For the bench alone.
#pragma once

#include <cstdint>

#include "analysis/manager.hpp"
#include "graph/journal.hpp"

namespace fettle {

// Answers how many calls it merged. One walk finds whether there is anything to do, as the pass's
// analyze does, and a second one does it.
std::uint64_t cse_in_the_host(Journal& journal, AnalysisManager& analyses);

}  // namespace fettle
