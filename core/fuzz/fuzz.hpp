// One random program after another through pipelines, each result held to all that a run promises:
//
//   - the program is well formed, and its archive reads back as it was written;
//   - what a run makes has the types that the graph records;
//   - each pipeline ends without an error: the runner checks structure and types, verifiers the numbers,
//     and checking mode what passes claim (preserved analyses, idempotence);
//   - the result's archive reads back, too.
//
// A program that does not run by itself (libtorch refuses what its types allow) says nothing of passes;
// it is counted. What a verifier cannot judge is counted, too.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/program.hpp"
#include "pipeline/runner.hpp"

namespace fettle {

struct FuzzedPipeline {
  std::string label;  // "cse", "the pipeline default"
  Pipeline pipeline;
};

struct FuzzSetup {
  const Host& host;
  std::vector<FuzzedPipeline> pipelines;
  std::uint32_t calls = 24;       // of a program, at least
  std::filesystem::path scratch;  // a folder for archives on the way
  RunObserver& observer;
  // Where "N.pt2" and "N.optimized.pt2", by the last pipeline, are kept of each program that runs, with
  // the outputs of a run with seed kKeptSeed as the sample's; empty: nowhere.
  std::filesystem::path keep = {};
};
inline constexpr std::uint64_t kKeptSeed = 1;

struct FuzzFinding {
  const FuzzedPipeline* pipeline = nullptr;  // null: the program itself
  Diagnostic error;
};

struct FuzzOutcome {
  std::size_t calls = 0;
  std::string refused;  // why the program does not run by itself; empty: it does
  std::uint64_t rewrites = 0;
  std::uint64_t verdicts = 0, unable = 0;
  std::optional<FuzzFinding> finding;  // the first
};

// The program of that seed, with its inputs as the one sample.
Program fuzzed_program(const FuzzSetup& setup, std::uint64_t seed);

// Throws `interrupted`, and archive_write for the scratch folder.
FuzzOutcome fuzz_one(const FuzzSetup& setup, std::uint64_t seed);

}  // namespace fettle
