// What a pass declares to preserve, and whether that is true.
//
// A pass that preserves an analysis spares the next one its computation. Answers name nodes and
// values by place, so that only edits in place can preserve any: one that creates or erases is a
// lie that the journal's tally shows at once. Checking finds the others: what is declared is
// computed before the pass and again after it, and compared; each costs as much as the analysis.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/manager.hpp"
#include "graph/journal.hpp"

namespace fettle {

class Preservation {
 public:
  // Before the pass.
  Preservation(AnalysisManager& analyses, std::vector<Analysis> declared, bool checking);
  ~Preservation();
  Preservation(const Preservation&) = delete;
  Preservation& operator=(const Preservation&) = delete;

  struct Lie {
    Analysis analysis;
    std::string difference;  // for people: what was and what is
  };
  // After it: keeps what it preserved, or answers the first claim that is wrong.
  std::optional<Lie> settle(const Journal::Tally& tally);

 private:
  struct Answers;  // of what was declared, as it was before the pass
  AnalysisManager& analyses_;
  std::vector<Analysis> declared_;
  AnalysisManager::State before_;
  std::unique_ptr<Answers> answers_;  // when checking
};

}  // namespace fettle
