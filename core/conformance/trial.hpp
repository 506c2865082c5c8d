// One program that one pass is run over, as the runner does it: analyze, transform, and what is
// checked of every result. What it changed can be looked at, and undone.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "analysis/manager.hpp"
#include "graph/journal.hpp"
#include "host/components.hpp"

namespace fettle::conformance {

class Trial {
 public:
  explicit Trial(std::unique_ptr<Graph> graph);

  void limit_rewrites(std::uint64_t limit) { journal_.set_rewrite_limit(limit); }
  void cancel() { cancelled_ = true; }
  void check_types() { types_ = analyses_.types(); }  // of the result too: as they are now, at most

  // False: analyze said that there is nothing to do, and nothing was done. Throws what the plugin
  // answered, and what is wrong with the graph that it left.
  bool run(Pass& pass);
  // The parts of it.
  std::optional<std::string> analyze(Pass& pass);
  void transform(Pass& pass);
  void check_result(Pass& pass);

  bool changed() const { return journal_.changed(); }
  std::uint64_t rewrites() const { return journal_.rewrites(); }
  void undo() { journal_.rollback(); }

  const Graph& graph() const { return *graph_; }
  AnalysisManager& analyses() { return analyses_; }
  Journal& journal() { return journal_; }

 private:
  Outcome outcome() const;

  std::unique_ptr<Graph> graph_;
  AnalysisManager analyses_;
  Journal journal_;
  OutputAliases aliases_;  // as they were
  std::shared_ptr<const InferredTypes> types_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace fettle::conformance
