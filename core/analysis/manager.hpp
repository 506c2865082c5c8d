// Analyses of one graph, each made when first asked for and kept while what it read stands.
//
// Keyed by the versions of the parts of the graph that it read (graph.hpp, Part), which the journal
// raises: an edit of types alone leaves the dominators, and one of names leaves everything. A pass
// that says which analyses its edits preserve lets the manager keep those, too (preservation.hpp).
// Whoever got an answer holds on to it as long as he likes; it does not follow edits.
//
// Refuses a graph in which a use stands before its definition (graph_use_before_definition), as one
// may in the middle of a rewrite: program order is what dominators and liveness rest on. One thread
// at a time.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "analysis/columns.hpp"
#include "analysis/cost.hpp"
#include "analysis/dominators.hpp"
#include "analysis/liveness.hpp"
#include "analysis/type_propagation.hpp"
#include "ops/facts.hpp"

namespace fettle {

// What a pass may preserve.
enum class Analysis : std::uint8_t { dominance, liveness, aliasing, cost };
std::string_view analysis_name(Analysis analysis);
// By the interface through which plugins ask for it: "fettle.dominance/1", "fettle.liveness/1",
// "fettle.facts/1" and "fettle.cost/1".
std::optional<Analysis> analysis_of_interface(std::string_view id);

class AnalysisManager {
 public:
  explicit AnalysisManager(const Graph& graph) : graph_(graph) {}
  AnalysisManager(const AnalysisManager&) = delete;
  AnalysisManager& operator=(const AnalysisManager&) = delete;
  const Graph& graph() const { return graph_; }

  std::shared_ptr<const Columns> columns();
  std::shared_ptr<const AliasClasses> aliasing();
  std::shared_ptr<const Storages> storages();
  std::shared_ptr<const Costs> costs();  // at export's hints
  std::shared_ptr<const InferredTypes> types();
  std::shared_ptr<const Snapshot> flow(BlockId block);
  std::shared_ptr<const DominatorTree> dominators(BlockId block,
                                                  DominatorTree::Direction direction);
  std::shared_ptr<const Liveness> liveness(BlockId block);

  // An analysis that is not of this folder (a plugin's), by name: made by `make` unless what it
  // reads stands. Throws graph_bad_edit for one that asks for itself while it is made.
  using Parts = std::array<bool, kParts>;
  std::shared_ptr<const void> other(const std::string& name, const Parts& reads,
                                    const std::function<std::shared_ptr<const void>()>& make);

  // What was made of the graph as it stands now also holds for its later state, once `keep` is
  // called in that state with what `now` answered here. The caller vouches for it, and that nodes,
  // values and blocks are still the same ones.
  using State = std::array<std::uint64_t, kParts>;
  State now() const;
  void keep(Analysis analysis, const State& since);

 private:
  template <class T>
  struct Made {
    std::shared_ptr<const T> answer;
    std::uint64_t version = 0;  // of what it depends on
  };
  struct OfBlock {
    Made<Snapshot> flow;
    std::array<Made<DominatorTree>, 2> trees;  // by direction
    Made<Liveness> liveness;
  };
  template <class T, class Make>
  std::shared_ptr<const T> get(Made<T>& made, std::uint64_t version, Make make);

  const Graph& graph_;
  Made<Columns> columns_;
  Made<AliasClasses> aliasing_;
  Made<Storages> storages_;
  Made<Costs> costs_;
  Made<InferredTypes> types_;
  std::unordered_map<BlockId, OfBlock> blocks_;
  struct Other {
    Made<void> made;
    bool making = false;
  };
  std::map<std::string, Other> others_;
};

}  // namespace fettle
