// One case: a damaged archive or pipeline, the command that meets it, and how that has to end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "damage.hpp"
#include "outcome.hpp"

namespace fettle::soak {

// What is damaged: sound programs (the first goes with damaged pipelines) and pipelines.
struct Corpus {
  std::vector<test::Records> programs;
  std::vector<std::string> pipelines;
};
Corpus make_corpus(const std::filesystem::path& archives);  // empty: only the small program

struct Case {
  bool archive = true;
  std::string bytes;                 // of case.pt2 or case.yaml
  std::vector<std::string> command;  // with the files' names within the folder
};
Case make_case(const Corpus& corpus, std::uint64_t seed);

inline constexpr const char* kOutput = "out.pt2";  // where a case's command writes, if it does

// Writes the sound files that cases name.
void prepare(const Corpus& corpus, const std::filesystem::path& folder);

// Runs the case in `folder`, which is then as it was before. `executable` is what plugins lie
// beside.
Outcome run_case(const Case& which, const std::filesystem::path& folder,
                 const std::filesystem::path& executable);

}  // namespace fettle::soak
