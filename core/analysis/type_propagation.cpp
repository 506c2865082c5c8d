#include "analysis/type_propagation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "graph/nested_blocks.hpp"
#include "graph/text.hpp"
#include "graph/type_comparison.hpp"
#include "ops/higher_order.hpp"
#include "ops/type_inference.hpp"

namespace fettle {
namespace {

constexpr const char* kAutocast = "autocast decides the dtypes";
constexpr const char* kCarriesOther = "its body returns other types than it is given";

}  // namespace

class TypePropagation {
 public:
  TypePropagation(const Graph& graph, InferredTypes& into)
      : graph_(graph), out_(into), inference_(graph), comparison_(inference_.sizes()) {
    out_.types_.resize(graph.value_bound());
    trained_.resize(graph.value_bound());
  }

  void run() { block(kRootBlock, {}); }

 private:
  struct Answer {
    NodeId node;  // the call that was inferred
    bool known = false;
    std::vector<TypeId> types;
    ResultForms forms;
    std::string rule, why;
  };

  // What rules see of a value: its type, and whether it depends on what requires a gradient.
  TypeId known(ValueId value) const {
    const TypeId inferred = out_.types_[value.index];
    return inferred ? inferred : graph_.value(value).type;
  }
  TypeId seen(ValueId value) {
    const TypeId type = known(value);
    if (!trained_[value.index] || graph_.types().type(type).requires_grad) return type;
    TypeId& made = with_gradient_[type];
    if (!made) {
      Type with = graph_.types().type(type);
      with.requires_grad = true;
      made = graph_.intern(std::move(with));
    }
    return made;
  }

  // Placeholders have the given types; of the root, and where none is given, those recorded.
  void block(BlockId id, const std::vector<TypeId>& inputs) {
    std::size_t placeholder = 0;
    for (const NodeId node : graph_.nodes(id)) {
      switch (graph_.node(node).opcode) {
        case Opcode::placeholder:
          for (const ValueId value : graph_.results(node)) {
            const bool given = placeholder < inputs.size() && inputs[placeholder];
            if (given) compare(node, value, inputs[placeholder], "what the call passes");
            out_.types_[value.index] = given ? inputs[placeholder] : graph_.value(value).type;
            if (graph_.type(value).requires_grad) trained_[value.index] = true;
          }
          ++placeholder;
          break;
        case Opcode::output:
          break;
        default:
          call(node);
      }
    }
  }

  void call(NodeId id) {
    ++out_.calls_;
    const Node& node = graph_.node(id);
    for (const ValueId operand : node.operands) {
      if (!trained_[operand.index]) continue;
      for (const ValueId result : graph_.results(id)) trained_[result.index] = true;
      break;
    }
    if (is_higher_order(graph_.text(node.op))) return nested(id);
    if (autocast_) return unruled(id, kAutocast);
    store(id, answer(id));
  }

  // Calls alike in operator, arguments and operands' types have one answer.
  const Answer& answer(NodeId id) {
    const std::size_t hash = hash_of(id);
    const auto [first, last] = answers_.equal_range(hash);
    for (auto at = first; at != last; ++at) {
      if (same(at->second.node, id)) return at->second;
    }
    return answers_.emplace(hash, infer(id))->second;
  }

  void unruled(NodeId id, std::string why) { out_.unruled_.push_back({id, std::move(why)}); }

  Answer infer(NodeId id) {
    const Node& node = graph_.node(id);
    operands_.clear();
    for (const ValueId operand : node.operands) {
      operands_.push_back(&graph_.types().type(seen(operand)));
    }
    CallTypes found = inference_.call({graph_, node.op, node.arguments, operands_});
    Answer answer{
        id, found.known, {}, std::move(found.forms), std::move(found.rule), std::move(found.why)};
    for (Type& type : found.types) answer.types.push_back(graph_.intern(std::move(type)));
    return answer;
  }

  std::size_t hash_of(NodeId id) {
    const Node& node = graph_.node(id);
    std::size_t hash = node.op.index;
    for (const ValueId operand : node.operands) boost::hash_combine(hash, seen(operand).index);
    for (const NamedArgument& argument : node.arguments) {
      boost::hash_combine(hash, hash_argument(argument.value));
    }
    return hash;
  }
  bool same(NodeId a, NodeId b) {
    const Node &one = graph_.node(a), &other = graph_.node(b);
    const auto same_type = [&](ValueId x, ValueId y) { return seen(x) == seen(y); };
    return one.op == other.op && std::ranges::equal(one.operands, other.operands, same_type) &&
           same_call(one.arguments, other.arguments);
  }

  void store(NodeId id, const Answer& answer) {
    if (!answer.known) return unruled(id, answer.why);
    const Node& node = graph_.node(id);
    if (answer.types.size() != node.result_count) {
      // A result that nobody uses may be recorded as None.
      return void(out_.mismatches_.push_back({{}, id, {}, answer.rule}));
    }
    for (std::uint32_t k = 0; k < node.result_count; ++k) {
      set(id, graph_.result(id, k), answer.types[k], answer.rule);
    }
  }

  void set(NodeId node, ValueId value, TypeId computed, const std::string& rule) {
    compare(node, value, computed, rule);
    out_.types_[value.index] = computed;
  }

  // A type that nobody recorded agrees with everything.
  void compare(NodeId node, ValueId value, TypeId computed, const std::string& rule) {
    const TypeId recorded = graph_.value(value).type;
    if (recorded == computed) return;
    const Type& type = graph_.types().type(recorded);
    if (type.kind == TypeKind::unknown) return;
    const auto [at, added] = compared_.try_emplace({recorded, computed});
    if (added) at->second = comparison_.same(type, graph_.types().type(computed));
    if (!at->second) out_.mismatches_.push_back({value, node, computed, rule});
  }

  // -- calls with nested graphs: what flows in, then inside, then what comes out

  void nested(NodeId id) {
    std::string why = "it is not a known higher-order operator";
    const auto call = as_higher_order_call(graph_, id, &why);
    if (!call) {
      for_each_block(graph_.node(id).arguments, [&](BlockId inside) { block(inside, {}); });
      return unruled(id, std::move(why));
    }
    std::vector<TypeId> inputs;
    for (std::size_t k = 0; k < call->inputs.size(); ++k) inputs.push_back(input(*call, id, k));
    const bool outside = autocast_;
    if (call->op->mode == HigherOrderMode::autocast) autocast_ = switches_on(*call);
    for (const BlockId body : call->bodies) block(body, inputs);
    autocast_ = outside;
    switch (call->op->run) {
      case HigherOrderRun::once:
        return results(id, outputs(call->result_body()));
      case HigherOrderRun::branch: {
        const auto yes = outputs(call->bodies[0]), no = outputs(call->bodies[1]);
        for (std::size_t k = 0; k < yes.size(); ++k) {
          if (!same_types(yes[k], no[k])) return unruled(id, "its branches return different types");
        }
        return results(id, yes);
      }
      case HigherOrderRun::loop: {
        const auto next = outputs(call->result_body());
        for (std::size_t k = 0; k < next.size(); ++k) {
          if (!same_types(next[k], inputs[k])) return unruled(id, kCarriesOther);
        }
        return results(id, next, Placed::anywhere);
      }
      default:
        return stacked(id, *call, inputs);
    }
  }

  // (device type, dtype, enabled, cache enabled)
  static bool switches_on(const HigherOrderCall& call) {
    const auto* enabled =
        call.settings.size() > 2 ? std::get_if<bool>(&call.settings[2].payload) : nullptr;
    return !enabled || *enabled;
  }

  TypeId input(const HigherOrderCall& call, NodeId id, std::size_t k) {
    const auto* operand = std::get_if<Operand>(&call.inputs[k].payload);
    if (!operand) return {};  // a constant: what the placeholder records
    const TypeId given = known(graph_.node(id).operands[operand->index]);
    const bool sliced = k >= call.carried && k < call.carried + call.sliced;
    return sliced ? slice(given) : given;
  }

  // Of the first dimension; none if there is none, or if it is not dense: export records a copy of
  // some slices, which is dense.
  TypeId slice(TypeId whole) {
    Type type = graph_.types().type(whole);
    if (type.kind != TypeKind::tensor || type.sizes.empty() || type.strides.empty()) return {};
    type.sizes.erase(type.sizes.begin());
    type.strides.erase(type.strides.begin());
    SizeAlgebra& algebra = inference_.sizes();
    if (algebra.sizes(type.strides) != algebra.contiguous(algebra.sizes(type.sizes))) return {};
    return graph_.intern(std::move(type));
  }

  std::vector<TypeId> outputs(BlockId id) const {
    std::vector<TypeId> types;
    const Node& output = graph_.node(graph_.output_node(id));
    for (const NamedArgument& argument : output.arguments) {
      const auto* operand = std::get_if<Operand>(&argument.value.payload);
      types.push_back(operand ? known(output.operands[operand->index]) : TypeId{});
    }
    return types;
  }

  bool same_types(TypeId a, TypeId b) {
    return a == b || (a && b && comparison_.same(graph_.types().type(a), graph_.types().type(b)));
  }

  // Where results lie in their storage: as the body's, or somewhere that only a run tells (what a
  // loop returns may be what it was given), so that what is recorded stands.
  enum class Placed : std::uint8_t { as_in_the_body, anywhere };

  // The outputs become the results; None has none.
  void results(NodeId id, std::vector<TypeId> types, Placed placed = Placed::as_in_the_body) {
    const Node& node = graph_.node(id);
    std::uint32_t result = 0;
    for (std::size_t k = 0; k < types.size() && k < node.result_forms.size(); ++k) {
      if (node.result_forms[k].count == 0) continue;
      const ValueId value = graph_.result(id, result++);
      if (types[k] && placed == Placed::anywhere) types[k] = moved_to(types[k], graph_.type(value));
      if (types[k]) set(id, value, types[k], "its nested graph");
    }
  }

  TypeId moved_to(TypeId type, const Type& recorded) const {
    if (recorded.kind != TypeKind::tensor) return type;
    Type moved = graph_.types().type(type);
    moved.storage_offset = recorded.storage_offset;
    return graph_.intern(std::move(moved));
  }

  void stacked(NodeId id, const HigherOrderCall& call, const std::vector<TypeId>& inputs) {
    const ValueId whole =
        graph_.node(id).operands[std::get<Operand>(call.inputs[call.carried].payload).index];
    const Type& sliced = graph_.types().type(known(whole));
    std::vector<TypeId> types = outputs(call.result_body());
    for (std::size_t k = 0; k < types.size(); ++k) {
      if (k < call.carried) {
        if (!same_types(types[k], inputs[k])) return unruled(id, kCarriesOther);
        continue;
      }
      if (k >= call.stacked_from() && types[k] && !sliced.sizes.empty()) {
        types[k] = stack(types[k], sliced.sizes[0]);
      }
    }
    results(id, types);
  }

  TypeId stack(TypeId one, const SymInt& count) {
    Type type = graph_.types().type(one);
    if (type.kind != TypeKind::tensor) return {};
    type.sizes.insert(type.sizes.begin(), count);
    SizeAlgebra& algebra = inference_.sizes();
    type.strides = algebra.sym_ints(algebra.contiguous(algebra.sizes(type.sizes)));
    type.storage_offset = 0;
    return graph_.intern(std::move(type));
  }

  const Graph& graph_;
  InferredTypes& out_;
  TypeInference inference_;
  TypeComparison comparison_;
  std::vector<const Type*> operands_;
  std::unordered_multimap<std::size_t, Answer> answers_;
  std::vector<bool> trained_;  // by value: depends on what requires a gradient
  std::unordered_map<TypeId, TypeId> with_gradient_;
  bool autocast_ = false;
  std::map<std::pair<TypeId, TypeId>, bool> compared_;
};

InferredTypes::InferredTypes(const Graph& graph) : graph_(graph) {
  TypePropagation(graph, *this).run();
}

std::string InferredTypes::text(const TypeMismatch& mismatch) const {
  const Node& node = graph_.node(mismatch.node);
  const auto shown = [&](TypeId type) {
    return print_type(graph_.types().type(type), PrintOptions::Types::full);
  };
  std::string what = fmt::format("'{}' ({})", graph_.text(node.name),
                                 node.op ? graph_.text(node.op) : opcode_name(node.opcode));
  if (!mismatch.value) {
    return fmt::format("{} has {} results, and rule '{}' computes another number of them", what,
                       node.result_count, mismatch.rule);
  }
  if (node.result_count > 1) {
    what += fmt::format(", result '{}'", graph_.text(graph_.value(mismatch.value).name));
  }
  return fmt::format("{} is recorded as {}, and rule '{}' computes {}", what,
                     shown(graph_.value(mismatch.value).type), mismatch.rule,
                     shown(mismatch.computed));
}

namespace {

// Where in its storage a view begins: a plugin that creates one cannot say (fettle_type).
bool differs_in_offset_alone(const Graph& graph, TypeComparison& comparison,
                             const TypeMismatch& mismatch) {
  if (!mismatch.value) return false;
  const Type& recorded = graph.type(mismatch.value);
  Type computed = graph.types().type(mismatch.computed);
  computed.storage_offset = recorded.storage_offset;
  return comparison.same(recorded, computed);
}

}  // namespace

void InferredTypes::check_against(const InferredTypes& before) const {
  if (mismatches_.empty()) return;
  // By value; of a call with another number of results by node.
  std::set<std::pair<ValueId, NodeId>> known;
  const auto key = [](const TypeMismatch& m) {
    return std::pair(m.value, m.value ? NodeId() : m.node);
  };
  for (const TypeMismatch& mismatch : before.mismatches_) known.insert(key(mismatch));
  SizeAlgebra sizes(graph_);
  TypeComparison comparison(sizes);
  for (const TypeMismatch& mismatch : mismatches_) {
    if (known.contains(key(mismatch)) ||
        differs_in_offset_alone(graph_, comparison, mismatch)) {
      continue;
    }
    throw Error(
        {.code = Code::graph_type_mismatch,
         .what = text(mismatch),
         .where = fmt::format("node '{}'", graph_.text(graph_.node(mismatch.node).name)),
         .hint = "whoever changes what a call computes sets its results' types, or asks for them: "
                 "fettle.types/1"});
  }
}

}  // namespace fettle
