// Constant folding: computes now what does not depend on the program's inputs, and stores it.
//
//   %arange = aten.arange.default(16)
//   %add = aten.add.Tensor(%arange, 0)
//   %row = aten.unsqueeze.default(%add, 0)        # becomes a stored i64[1, 16]
//   %mask = aten.le.Tensor(%row, %input)          # depends on an input: stays, and uses the stored
//   tensor
//
// The idea, in three steps, each in a file of its own: candidates.hpp finds the calls that have
// only constants for operands; frontier.hpp decides which of their results are worth storing;
// evaluation.hpp runs them through the host. Then each stored result becomes a constant of the
// program, and what only it needed goes, weights included.
//
// Exact: the stored bits come from the operators' own kernels, run by the host on this machine
// (another machine's sine may differ in the last bit from what is stored). Stored tensors are
// dense, and only results that are dense anyway are stored, so that no kernel sees another layout
// than before. Refused: random numbers, side effects (except assertions, which are checked now and
// hold for good), what is written or updated, what shares storage with an output, results larger
// than max_bytes and than the constants they replace (a small zeros or expand stays a recipe).
//
// Nested graphs are folded from within: a stored tensor is a constant of the program, which each
// call around hands on to its graphs as one more operand. A call on constants that would only run
// in a branch, or not at all, is computed here as well; where it fails, it stays. Values of a
// region of autocast are computed in it. A while_loop is never run here: it might not end.
//
// Parameters are left alone by constant_folding. parameter_folding takes them too: gradients of
// those parameters are no longer there, so it is for inference only.
#include <algorithm>
#include <fettle/fettle.hpp>

#include "candidates.hpp"
#include "evaluation.hpp"
#include "frontier.hpp"

namespace {

constexpr int kRounds = 4;  // of evaluating around calls that turn out not to be computable

struct Plan {
  Candidates candidates;
  Frontier frontier;
  Plan(const fettle::Graph& graph, const FoldingRules& rules,
       const std::unordered_set<fettle_node>& failed)
      : candidates(graph, rules, failed), frontier(decide_frontier(graph, rules, candidates)) {}
};

std::string why_not(const Plan& plan) {
  const Frontier& frontier = plan.frontier;
  if (frontier.returned + frontier.too_large + frontier.not_dense == 0)
    return "no call has only constants for operands";
  std::string why = "what is constant cannot be stored:";
  const auto add = [&](std::uint64_t n, const char* text) {
    if (n != 0) why += (why.back() == ':' ? " " : ", ") + std::to_string(n) + text;
  };
  add(frontier.returned, " sharing storage with an output");
  add(frontier.too_large, " larger than max_bytes");
  add(frontier.not_dense, " not dense in memory");
  return why;
}

// Erases a call that nothing uses any more, and then what only it used.
class DeadBranch {
 public:
  DeadBranch(fettle::MutableGraph& graph, Candidates& candidates)
      : graph_(graph), candidates_(candidates) {}

  void erase(fettle::Rewrite& rewrite, const Candidate& top) {
    std::vector<const Candidate*> dead{&top};
    while (!dead.empty()) {
      const Candidate& call = *dead.back();
      dead.pop_back();
      if (used(call) || gone_.count(call.node.id()) != 0) continue;
      gone_.insert(call.node.id());
      rewrite.erase(call.node);
      graph_.context().statistic("calls_removed", 1);
      for (const fettle_value operand : call.operands) {
        const Candidate* producer = candidates_.of_value(operand);
        if (producer == nullptr)
          erase_source(rewrite, operand);
        else
          dead.push_back(producer);
      }
    }
  }

 private:
  bool used(const Candidate& call) const {
    for (std::uint32_t k = 0; k < call.results; ++k)
      if (graph_.value(call.first_result + k).use_count() != 0) return true;
    return false;
  }

  void erase_source(fettle::Rewrite& rewrite, fettle_value source) {
    const fettle::Value value = graph_.value(source);
    if (candidates_.root_source(source) != source) return;  // a nested graph's: still passed to it
    if (value.use_count() != 0 || gone_sources_.count(source) != 0) return;
    const std::int64_t bytes = value.type().bytes();
    gone_sources_.insert(source);
    rewrite.erase(value.producer());
    graph_.context().statistic("weights_removed", 1);
    graph_.context().statistic("weight_bytes_removed", bytes);
  }

  fettle::MutableGraph& graph_;
  Candidates& candidates_;
  std::unordered_set<fettle_node> gone_;
  std::unordered_set<fettle_value> gone_sources_;
};

// A constant of the program as the nested graph sees it: handed on from call to call.
fettle::Value passed_down(fettle::MutableGraph& graph, const Nesting& nesting,
                          fettle::Value constant) {
  if (!nesting.call) return constant;
  const fettle::Value outside = passed_down(graph, *nesting.around, constant);
  return fettle::BlockEdits(graph).pass(nesting.call, outside)[nesting.index];
}

bool goes_into_a_graph(const fettle::Graph& graph, fettle::Value value) {
  const auto uses = value.uses();
  return std::any_of(uses.begin(), uses.end(), [&](const fettle_use& use) {
    return fettle::nested_call(graph.node(use.user)).has_value();
  });
}

// False: past the limit on rewrites.
bool apply(fettle::MutableGraph& graph, const Candidate& call, Evaluation& evaluation,
           DeadBranch& branch, bool& handed_down) {
  const bool settled = evaluation.settled.count(call.node.id()) != 0;
  const bool complete = std::all_of(call.store.begin(), call.store.end(), [&](std::uint32_t k) {
    return evaluation.stored.count(call.first_result + k) != 0;
  });
  if (!settled && (call.store.empty() || !complete)) return true;
  fettle::Rewrite rewrite(graph, call.node, settled ? "assertion about constants" : "constant");
  if (!rewrite) return false;
  for (const std::uint32_t k : call.store) {
    const fettle::Value result = graph.value(call.first_result + k);
    handed_down = handed_down || goes_into_a_graph(graph, result);
    const fettle::Tensor& tensor = evaluation.stored.at(result.id());
    const std::string name = "folded_" + std::string(result.name());
    const fettle::Value constant = rewrite.add_constant(name, tensor.view());
    rewrite.replace(result, passed_down(graph, *call.nesting, constant));
    graph.context().statistic("constants_stored", 1);
    graph.context().statistic("constant_bytes_stored", tensor.view().bytes());
  }
  branch.erase(rewrite, call);
  rewrite.commit();
  return true;
}

class ConstantFolding : public fettle::Pass {
 public:
  static constexpr const char* name = "constant_folding";
  static constexpr const char* summary =
      "Computes now what depends on buffers and constants alone, and stores the results.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;
  static constexpr bool idempotent = true;

  static void declare(fettle::Options<ConstantFolding>& options) {
    options
        .add("max_bytes", &ConstantFolding::max_bytes_,
             "largest stored result in bytes, unless it replaces constants as large")
        .range(std::int64_t{0}, std::int64_t{1} << 40);
  }

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    const FoldingRules rules = this->rules();
    const Plan plan(graph, rules, {});
    if (plan.frontier.stored + plan.frontier.assertions != 0) return std::nullopt;
    return why_not(plan);
  }

  void transform(fettle::MutableGraph& graph) override {
    const FoldingRules rules = this->rules();
    std::unordered_set<fettle_node> failed;
    while (fold(graph, rules, failed)) {
    }
    if (!failed.empty())
      graph.context().note("calls on constants that could not be computed: " +
                           std::to_string(failed.size()));
  }

 protected:
  virtual FoldingRules rules() const { return {false, max_bytes_}; }
  std::int64_t max_bytes_ = 1 << 20;

 private:
  // True: a stored constant goes into a nested graph, where it makes more calls constant.
  static bool fold(fettle::MutableGraph& graph, const FoldingRules& rules,
                   std::unordered_set<fettle_node>& failed) {
    for (int round = 1;; ++round) {
      Plan plan(graph, rules, failed);
      Evaluation evaluation = evaluate(graph, plan.candidates);
      failed.insert(evaluation.failed.begin(), evaluation.failed.end());
      if (!evaluation.failed.empty() && round < kRounds) continue;
      DeadBranch branch(graph, plan.candidates);
      bool handed_down = false;
      for (const Candidate& call : plan.candidates.all())
        if (!apply(graph, call, evaluation, branch, handed_down)) return false;
      return handed_down;
    }
  }
};

class ParameterFolding : public ConstantFolding {
 public:
  static constexpr const char* name = "parameter_folding";
  static constexpr const char* summary =
      "Like constant_folding, and takes parameters for constants: for inference only.";
  static constexpr fettle::Promise promise = fettle::Promise::inference_only;

  static void declare(fettle::Options<ParameterFolding>& options) {
    options
        .add("max_bytes", &ParameterFolding::max_bytes_,
             "largest stored result in bytes, unless it replaces weights as large")
        .range(std::int64_t{0}, std::int64_t{1} << 40);
  }

 protected:
  FoldingRules rules() const override { return {true, max_bytes_}; }
};

}  // namespace

FETTLE_PLUGIN("fettle.constant_folding", "1.0.0", ConstantFolding, ParameterFolding)
