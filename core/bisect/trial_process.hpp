// A trial in a process of its own, verification included: whatever takes that process down (a crash
// of libtorch, or of a verifier) is one more way to fail.
//
// The process tells over its channel what it begins, and how it ended; one that dies is judged by
// the last thing that it told. The inputs of the failing run stay there.
#pragma once

#include <string>
#include <vector>

#include "bisect/culprit.hpp"

namespace fettle {

inline constexpr double kTrialSeconds = 600;

// The process's side: runs the pipeline, stopping at the first failure.
void serve_trial(int channel, Program& program, ResolvedPipeline& pipeline, const Device& device);

// Nothing: it passes. Throws interrupted, and isolation_unavailable.
std::optional<GuiltyPass> run_trial_process(const std::vector<std::string>& command, double seconds,
                                            RunObserver& observer);

}  // namespace fettle
