// Makes a failing program small while it fails in the same way.
//
// The program is its calls and the inputs on which it failed, frozen: whatever is cut off upstream is
// replaced by the values that it had in that run, never by new ones. First the place around the guilty
// rewrite is cut out, with more and more of its surroundings until it fails; then calls, and outputs,
// are taken away by halves, as delta debugging does (Zeller and Hildebrandt, 2002). Then sizes and
// values of what is left (shrink_steps.hpp). Each step that is kept failed twice, in the same way.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "graph/graph.hpp"
#include "runtime/executable.hpp"

namespace fettle {

struct FrozenProgram {
  std::unique_ptr<Graph> graph;
  std::vector<RunValue> inputs;
};

// What a smaller program must have in common with the failure: the fault; or also how wrong the results
// are (as_wrong in trial.hpp), of the last one of which the fault was asked alone. Another
// program that cannot run at all shows nothing of wrong numbers.
enum class Alike : std::uint8_t { fault, fault_and_error };

struct ShrinkSetup {
  Device device;
  std::function<bool(const FrozenProgram&, Alike)> fails;
  std::function<void(std::size_t calls)> told;  // of each step that was kept
  std::size_t most_trials = 1000;  // after so many, sizes and values stay as they are
};

// `around`: calls of the place to begin with; empty: the whole. What comes back fails, if the program
// does.
FrozenProgram shrink(FrozenProgram program, const std::vector<NodeId>& around,
                     const ShrinkSetup& setup);

std::size_t call_count(const Graph& graph);  // those of nested graphs, too

}  // namespace fettle
