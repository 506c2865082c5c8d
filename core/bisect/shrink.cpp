#include "bisect/shrink.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "graph/extract.hpp"
#include "runtime/input_checks.hpp"

namespace fettle {
namespace {

using Calls = std::vector<NodeId>;  // of the root block, in program order

Calls calls_of(const Graph& graph) {
  Calls calls;
  for (const NodeId id : graph.nodes()) {
    if (graph.node(id).opcode == Opcode::call_function) calls.push_back(id);
  }
  return calls;
}

// As it is now: a later call may write to it.
RunValue frozen(const RunValue& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor && tensor->defined() ? RunValue(Tensor::from_constant(tensor->to_constant(), false))
                                     : value;
}

class Shrinking {
 public:
  Shrinking(FrozenProgram program, const ShrinkSetup& setup)
      : program_(std::move(program)), setup_(setup) {}

  FrozenProgram run(const Calls& around) {
    cut_out(around);
    for (std::size_t before = SIZE_MAX; call_count(graph()) < before;) {
      before = call_count(graph());
      drop_calls();
      drop_outputs();
    }
    return std::move(program_);
  }

 private:
  const Graph& graph() const { return *program_.graph; }

  // Places around the rewrite, from near to far.
  void cut_out(const Calls& around) {
    if (around.empty()) return;
    std::unordered_set<NodeId> place(around.begin(), around.end());
    const Calls all = calls_of(graph());
    std::size_t before = 0;
    for (std::size_t steps = 0; place.size() > before; steps = steps == 0 ? 1 : 2 * steps) {
      Calls taken;
      std::ranges::copy_if(all, std::back_inserter(taken),
                           [&](NodeId id) { return place.contains(id); });
      if (keep(taken, results_outside(taken))) return;
      before = place.size();
      for (std::size_t step = std::max<std::size_t>(steps, 1); step > 0; --step) grow(place);
    }
  }

  void grow(std::unordered_set<NodeId>& place) const {
    const std::vector<NodeId> edge(place.begin(), place.end());
    const auto add = [&](NodeId id) {
      if (graph().node(id).opcode == Opcode::call_function) place.insert(id);
    };
    for (const NodeId id : edge) {
      for (const ValueId operand : graph().node(id).operands) add(graph().value(operand).producer);
      for (const ValueId result : graph().results(id)) {
        for (const Use use : graph().uses(result)) add(use.user);
      }
    }
  }

  // What calls that are left out, or the caller, take of these; of a part that nobody takes anything of,
  // its last results.
  std::vector<ValueId> results_outside(const Calls& calls) const {
    const std::unordered_set<NodeId> inside(calls.begin(), calls.end());
    std::vector<ValueId> results, all;
    for (const NodeId id : calls) {
      for (const ValueId result : graph().results(id)) {
        all.push_back(result);
        const auto uses = graph().uses(result);
        if (std::any_of(uses.begin(), uses.end(),
                        [&](Use use) { return !inside.contains(use.user); })) {
          results.push_back(result);
        }
      }
    }
    return results.empty() ? all : results;
  }

  void drop_calls() {
    for (std::size_t chunk = std::max<std::size_t>(calls_of(graph()).size() / 2, 1);; chunk /= 2) {
      for (std::size_t at = 0; at < calls_of(graph()).size();) {
        const Calls all = calls_of(graph());
        Calls rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at));
        rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, all.size())),
                    all.end());
        if (rest.empty() || !keep(rest, results_outside(rest))) at += chunk;
      }
      if (chunk <= 1) return;
    }
  }

  std::vector<ValueId> outputs() const {
    const auto& operands = graph().node(graph().output_node()).operands;
    return {operands.begin(), operands.end()};
  }

  void drop_outputs() {
    for (std::size_t at = 0; outputs().size() > 1 && at < outputs().size();) {
      std::vector<ValueId> rest = outputs();
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(at));
      if (!keep(calls_of(graph()), rest)) ++at;
    }
  }

  // Whether these calls alone still fail, twice; they are the program then.
  bool keep(const Calls& calls, const std::vector<ValueId>& outputs) {
    if (outputs.empty()) return false;
    try {
      FrozenProgram smaller = without_rest(calls, outputs);
      if (!setup_.fails(smaller) || !setup_.fails(smaller)) return false;
      program_ = std::move(smaller);
    } catch (const Error& error) {
      if (error.code() == Code::interrupted) throw;
      return false;  // this part is no program
    }
    setup_.told(call_count(graph()));
    return true;
  }

  FrozenProgram without_rest(const Calls& calls, const std::vector<ValueId>& outputs) {
    Extract part = extract(graph(), calls, {}, outputs);
    FrozenProgram smaller{std::move(part.graph), {}};
    const auto values = values_of(part.inputs);
    for (const ValueId input : part.inputs) smaller.inputs.push_back(values.at(input));
    return smaller;
  }

  // In a run on the frozen inputs.
  std::unordered_map<ValueId, RunValue> values_of(const std::vector<ValueId>& wanted) const {
    std::unordered_map<ValueId, RunValue> values;
    const std::unordered_set<ValueId> missing(wanted.begin(), wanted.end());
    const std::vector<ValueId> given = user_inputs(graph()).values;
    for (std::size_t k = 0; k < given.size(); ++k) values.emplace(given[k], program_.inputs.at(k));
    if (std::ranges::all_of(missing, [&](ValueId v) { return values.contains(v); })) return values;
    NodeHook hook;
    hook.after = [&](NodeId node, std::span<const RunValue> results) {
      for (std::size_t r = 0; r < results.size(); ++r) {
        const ValueId value = graph().result(node, static_cast<std::uint32_t>(r));
        if (missing.contains(value)) values.insert_or_assign(value, frozen(results[r]));
      }
    };
    Executable executable(graph(), {.device = setup_.device});
    RunOptions how;
    how.seed = 0;
    how.hook = &hook;
    executable.run(program_.inputs, how);
    return values;
  }

  FrozenProgram program_;
  const ShrinkSetup& setup_;
};

}  // namespace

FrozenProgram shrink(FrozenProgram program, const std::vector<NodeId>& around,
                     const ShrinkSetup& setup) {
  return Shrinking(std::move(program), setup).run(around);
}

std::size_t call_count(const Graph& graph) {
  return calls_of(graph).size();
}

}  // namespace fettle
