#include "bisect/shrink.hpp"

#include <algorithm>
#include <unordered_set>

#include "bisect/shrink_steps.hpp"
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

class CallShrinking {
 public:
  explicit CallShrinking(Smallest& smallest) : smallest_(smallest) {}

  void run() {
    for (std::size_t before = SIZE_MAX; calls_of(graph()).size() < before;) {
      before = calls_of(graph()).size();
      drop_calls();
      drop_outputs();
    }
    if (holds_unused()) keep(calls_of(graph()), outputs());
  }

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

 private:
  const Graph& graph() const { return smallest_.graph(); }

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
        if (rest.empty() || !keep_calls(rest)) at += chunk;
      }
      if (chunk <= 1) return;
    }
  }

  // The program's outputs that are still there: where what only left out calls take must stay
  // inside. None if they are results_outside.
  std::vector<ValueId> still_returned(const Calls& calls) const {
    const std::unordered_set<NodeId> inside(calls.begin(), calls.end());
    std::vector<ValueId> returned = outputs();
    std::erase_if(returned, [&](ValueId output) {
      const NodeId producer = graph().value(output).producer;
      return graph().node(producer).opcode == Opcode::call_function && !inside.contains(producer);
    });
    return returned == results_outside(calls) ? std::vector<ValueId>{} : returned;
  }

  // Inputs and weights that nobody takes.
  bool holds_unused() const {
    for (const NodeId id : graph().nodes()) {
      if (graph().node(id).opcode != Opcode::placeholder) return false;
      if (graph().value(graph().result(id)).use_count == 0) return true;
    }
    return false;
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

  // With what the others took of them as outputs, or with the outputs that are left.
  bool keep_calls(const Calls& calls) {
    return keep(calls, results_outside(calls)) || keep(calls, still_returned(calls));
  }

  // Whether these calls alone still fail; they are the program then.
  bool keep(const Calls& calls, const std::vector<ValueId>& outputs) {
    return !outputs.empty() && smallest_.keep_part([&] { return without_rest(calls, outputs); });
  }

  // Those that the part takes of the program's inputs, in their order: a pass may look at it.
  std::vector<ValueId> inputs_of(const Calls& calls, const std::vector<ValueId>& outputs) const {
    std::unordered_set<ValueId> taken(outputs.begin(), outputs.end());
    for (const NodeId id : calls) {
      taken.insert(graph().node(id).operands.begin(), graph().node(id).operands.end());
    }
    std::vector<ValueId> inputs = user_inputs(graph()).values;
    std::erase_if(inputs, [&](ValueId input) { return !taken.contains(input); });
    return inputs;
  }

  FrozenProgram without_rest(const Calls& calls, const std::vector<ValueId>& outputs) {
    Extract part = extract(graph(), calls, inputs_of(calls, outputs), outputs);
    FrozenProgram smaller{std::move(part.graph), {}};
    const auto values = smallest_.values_of(part.inputs);
    for (const ValueId input : part.inputs) smaller.inputs.push_back(values.at(input));
    return smaller;
  }

  Smallest& smallest_;
};

}  // namespace

FrozenProgram shrink(FrozenProgram program, const std::vector<NodeId>& around,
                     const ShrinkSetup& setup) {
  Smallest smallest(std::move(program), setup);
  CallShrinking calls(smallest);
  calls.cut_out(around);
  do {
    calls.run();
  } while (shrink_nested(smallest));
  simplify_values(smallest, Values::integers);  // indices, which hold a table's size
  const bool symbols = shrink_symbols(smallest), sizes = shrink_sizes(smallest);
  simplify_values(smallest, Values::floats);
  if (symbols || sizes) calls.run();  // what only large tensors were needed for
  return smallest.take();
}

std::size_t call_count(const Graph& graph) {
  std::size_t calls = 0;
  for (std::uint32_t k = 0; k < graph.node_bound(); ++k) {
    const NodeId id(k);
    calls += graph.alive(id) && graph.node(id).opcode == Opcode::call_function ? 1 : 0;
  }
  return calls;
}

}  // namespace fettle
