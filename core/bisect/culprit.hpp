// Who is to blame for a pipeline's failure: the first pass whose result is refused (or that breaks its
// contract), and within it the first rewrite, by the journal's limit on rewrites: the pass passes when
// it is stopped before that one, and fails with it.
#pragma once

#include <string>

#include "bisect/trial.hpp"

namespace fettle {

struct GuiltyPass {
  ComponentUse pass;
  std::size_t step = 0;     // how many passes had run before, rounds of groups counted
  std::uint32_t round = 0;  // of a repeat group; 0 outside
  PassFailure failure;
};

// Nothing: the pipeline passes. `program` is left as the pass found it.
std::optional<GuiltyPass> find_pass(Program& program, ResolvedPipeline& pipeline,
                                    const Device& device, RunObserver& observer);

// The same in a process of its own, which `apart` starts (TrialSetup); that passes come through before
// the guilty one is then known, and they run here.
std::optional<GuiltyPass> find_pass_apart(Program& program, const Pipeline& pipeline,
                                          const TrialSetup& setup, RunObserver& observer);

struct GuiltyRewrite {
  std::uint64_t number = 0;  // 0: it fails before it has rewritten anything
  std::uint64_t of = 0;      // all that the pass makes; 0: not known
  std::string root, why;
  PassFailure failure;  // with this one as the last
};

// The pass fails on the program. `told` hears of each trial.
GuiltyRewrite find_rewrite(const TrialSetup& setup, Program& program, const PassFailure& failure,
                           const std::function<void()>& told);

// The calls of `program`'s own graph that rewrite `number` of the pass changes, erases or takes the
// results of, in their nested graphs too; fills in its root and why. Runs the pass in this process.
std::vector<NodeId> touched_nodes(const TrialSetup& setup, const Graph& program,
                                  GuiltyRewrite& rewrite);

}  // namespace fettle
