// From a pipeline that fails on a model to a pass, a rewrite, and a small program that shows it:
//
//   1. the pipeline runs, verified after each pass, until one is refused (culprit.hpp);
//   2. that pass alone, with fewer and fewer rewrites, until one is left that decides (culprit.hpp);
//   3. the program around that rewrite, on the inputs of the failing run (shrink.hpp);
//   4. a folder is written: repro.pt2 (its inputs stored in it), pipeline.yaml, README.md with the
//      program before and after, and the command that shows the failure.
//
// Nothing is kept between runs, and every random number is seeded: the same command finds the same.
#pragma once

#include <filesystem>

#include "bisect/culprit.hpp"
#include "bisect/shrink.hpp"

namespace fettle {

struct BisectResult {
  bool failed = false;  // false: the pipeline passes, there is nothing to look for
  GuiltyPass pass;
  GuiltyRewrite rewrite;
  bool alone = false;    // the pass fails alone, on the program that it was given
  bool shrunk = false;   // there is a reproducer …
  PassFailure small;     // … and how it fails
  std::size_t calls_before = 0, calls = 0;  // of the program that the pass was given; of the reproducer
  std::size_t trials = 0;
  std::int64_t elements = 0;  // in the reproducer's inputs and weights
  std::string inputs;         // where the frozen inputs come from
};

struct BisectSetup {
  const Host& host;
  Pipeline pipeline;
  Device device;
  RunObserver& observer;
  std::filesystem::path folder;   // of the reproducer; exists, and is empty
  std::filesystem::path scratch;  // for files on the way
  std::function<std::vector<std::string>(const std::filesystem::path&)> worker;  // TrialSetup
  std::vector<std::string> plugin_dirs;  // for the command that shows the failure
  std::string model;                     // as people named it
  // Every trial in a process of its own, which this starts (TrialSetup): for failures that a process
  // does not survive although its passes are isolated. Empty: trials run in this one.
  decltype(TrialSetup::apart) apart = {};
};

// Throws what keeps a pipeline from running at all, and `interrupted`. The program is used up.
BisectResult bisect(const BisectSetup& setup, Program& program);

}  // namespace fettle
