// Runs a resolved pipeline over a program. One function (Runner::run_pass, runner.cpp) is the choke
// point for every pass: analyze, journal, transform, structural check, verification, commit or roll
// back, time and statistics. Printing is the observer's business; nothing is printed here.
//
// The reference is the program as it was loaded (and the eager outputs stored with it, which the
// verifier is given as samples). After a pass that changes results on purpose was accepted, its
// result is the reference for what follows.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "archive/program.hpp"
#include "pipeline/report.hpp"
#include "pipeline/resolve.hpp"

namespace fettle {

// Told of what happens as it happens, and asked whether to go on. Graphs are borrowed for the call.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // True from some moment on: stop at the next safe point. Plugins are told as well. May be null.
  virtual const std::atomic<bool>* cancel() const { return nullptr; }
  bool cancelled() const { return cancel() && cancel()->load(std::memory_order_relaxed); }
  void stop_if_cancelled() const;  // throws interrupted
  Outcome outcome() const {        // an empty one, for a plugin's call
    Outcome fresh;
    fresh.cancel = cancel();
    return fresh;
  }
  // Something that may take a while begins: "cse", "verifying cse with numeric" …
  virtual void stage(std::string_view) {}
  virtual void before_pass(std::string_view, const Graph&) {}
  virtual void after_pass(const PassReport&, const Graph&) {}
};

// Runs fn; what it throws after the observer was cancelled is `interrupted`, as a plugin that was
// told to stop answers an error.
template <class Fn>
void interruptible(const RunObserver& observer, Fn&& fn) {
  try {
    fn();
  } catch (const Error&) {
    observer.stop_if_cancelled();
    throw;
  }
}

// Fills in `report` as it goes, so that it tells how far a run came that ends in an Error:
// verification_failed under on_failure: stop, interrupted, or whatever a plugin or an operator did
// wrong. The program's graph is then as it was before the pass at fault.
void run_pipeline(Program& program, ResolvedPipeline& pipeline, const Device& device,
                  RunObserver& observer, RunReport& report);

}  // namespace fettle
