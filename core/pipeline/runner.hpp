// Runs a resolved pipeline over a program. One function (Runner::run_pass, runner.cpp) is the choke
// point for every pass: analyze, journal, transform, structural check, verification, commit or roll
// back, time and statistics. Printing is the observer's business; nothing is printed here.
//
// The reference is the program as it was loaded (and the eager outputs stored with it, which the
// verifier is given as samples). After a pass that changes results on purpose was accepted, its
// result is the reference for what follows.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "archive/program.hpp"
#include "pipeline/report.hpp"
#include "pipeline/resolve.hpp"

namespace fettle {

// Told of what happens as it happens. Graphs are borrowed for the call.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // Something that may take a while begins: "cse", "verifying cse with numeric" …
  virtual void stage(std::string_view) {}
  virtual void before_pass(std::string_view, const Graph&) {}
  virtual void after_pass(const PassReport&, const Graph&) {}
};

// Fills in `report` as it goes, so that it tells how far a run came that ends in an Error:
// verification_failed under on_failure: stop, or whatever a plugin or an operator did wrong. The
// program's graph is then as it was before the pass at fault.
void run_pipeline(Program& program, ResolvedPipeline& pipeline, const Device& device,
                  RunObserver& observer, RunReport& report);

}  // namespace fettle
