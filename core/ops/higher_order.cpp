#include "ops/higher_order.hpp"

#include <algorithm>

namespace fettle {
namespace {

using enum HigherOrderPart;
using Run = HigherOrderRun;
using Mode = HigherOrderMode;

constexpr HigherOrderPart kCond[] = {predicate, body, body, passed};
constexpr HigherOrderPart kWhileLoop[] = {body, body, carried, passed};
constexpr HigherOrderPart kScan[] = {body, carried, sliced, passed};
constexpr HigherOrderPart kMap[] = {body, sliced, passed};
constexpr HigherOrderPart kGradMode[] = {flag, body, rest};
constexpr HigherOrderPart kAutocast[] = {text, dtype, flag, flag, body, rest};
constexpr HigherOrderPart kWrapped[] = {body, rest};
constexpr HigherOrderPart kInvoke[] = {body, text, rest};
constexpr HigherOrderPart kHints[] = {body, passed, nothing};
constexpr HigherOrderPart kStrict[] = {body, passed};

// Sorted by name. How each runs is torch's own eager implementation (torch/_higher_order_ops).
constexpr HigherOrderOperator kOperators[] = {
    {"higher_order.cond", "(predicate, true graph, false graph, [operands])", Run::branch,
     Mode::none, false, kCond},
    {"higher_order.hints_wrapper", "(graph, [operands], {}, hints)", Run::once, Mode::none, true,
     kHints},
    {"higher_order.invoke_subgraph", "(graph, identifier, *operands)", Run::once, Mode::none, false,
     kInvoke},
    {"higher_order.map_impl", "(graph, [sliced], [operands])", Run::map, Mode::none, false, kMap},
    {"higher_order.scan", "(graph, [carried], [sliced], [operands])", Run::scan, Mode::none, false,
     kScan},
    {"higher_order.strict_mode", "(graph, [operands])", Run::once, Mode::none, false, kStrict},
    {"higher_order.tag_activation_checkpoint", "(graph, *operands)", Run::once, Mode::none, true,
     kWrapped},
    {"higher_order.while_loop", "(condition graph, body graph, [carried], [operands])", Run::loop,
     Mode::none, false, kWhileLoop},
    {"higher_order.wrap", "(graph, *operands)", Run::once, Mode::none, false, kWrapped},
    {"higher_order.wrap_activation_checkpoint", "(graph, *operands)", Run::once, Mode::none, true,
     kWrapped},
    {"higher_order.wrap_with_autocast",
     "(device type, dtype, enabled, cache enabled, graph, *operands)", Run::once, Mode::autocast,
     false, kAutocast},
    {"higher_order.wrap_with_set_grad_enabled", "(enabled, graph, *operands)", Run::once,
     Mode::grad, false, kGradMode},
};
static_assert(std::ranges::is_sorted(kOperators, {}, &HigherOrderOperator::name));

bool is_number_or_tensor(ArgKind kind) {
  switch (kind) {
    case ArgKind::none:
    case ArgKind::tensor:
    case ArgKind::optional_tensor:
    case ArgKind::integer:
    case ArgKind::real:
    case ArgKind::boolean:
    case ArgKind::sym_int:
    case ArgKind::sym_float:
    case ArgKind::sym_bool: return true;
    default: return false;
  }
}

// The elements of a list as arguments of their own; nothing for what is no list of values.
std::optional<std::vector<Argument>> elements_of(const Argument& list) {
  std::vector<Argument> elements;
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&list.payload)) {
    for (std::int64_t i : *integers) elements.push_back({ArgKind::integer, i});
  } else if (const auto* reals = std::get_if<std::vector<double>>(&list.payload)) {
    for (double r : *reals) elements.push_back({ArgKind::real, r});
  } else if (const auto* values = std::get_if<std::vector<Argument>>(&list.payload)) {
    elements = *values;
  } else {
    return std::nullopt;
  }
  for (const Argument& element : elements) {
    if (!is_number_or_tensor(element.kind)) return std::nullopt;
  }
  return elements;
}

bool is_tensor(TypeKind kind) { return kind == TypeKind::tensor; }

class Reader {
 public:
  Reader(const Graph& graph, NodeId id, const HigherOrderOperator& op)
      : graph_(graph), node_(graph.node(id)), op_(op) {
    call_.op = &op;
  }

  bool read() { return read_arguments() && fits_bodies() && fits_results(); }
  HigherOrderCall take() { return std::move(call_); }
  std::string why() && { return std::move(why_); }

 private:
  bool no(std::string why) {
    why_ = std::move(why);
    return false;
  }

  bool read_arguments() {
    std::size_t part = 0;
    for (const NamedArgument& argument : node_.arguments) {
      if (argument.form == ArgForm::keyword) {
        if (!op_.takes_options || names_operand(argument.value)) {
          return no(quoted(argument.name) + " is given by keyword");
        }
        continue;
      }
      if (part == op_.parts.size()) return no("there are more arguments than the operator takes");
      if (!read_part(op_.parts[part], argument.value)) return false;
      if (op_.parts[part] != rest) ++part;
    }
    if (part < op_.parts.size() && op_.parts[part] != rest) {
      return no("there are fewer arguments than the operator takes");
    }
    return true;
  }

  static bool names_operand(const Argument& argument) {
    bool names = false;
    for_each_operand(argument, [&](const Operand&) { names = true; });
    return names || argument.kind == ArgKind::block;
  }

  bool read_part(HigherOrderPart part, const Argument& argument) {
    const auto mismatch = [&](std::string_view wanted) {
      return no("an argument of kind '" + std::string(arg_kind_name(argument.kind)) +
                "' stands where " + std::string(wanted) + " belongs");
    };
    switch (part) {
      case body:
        if (argument.kind != ArgKind::block) return mismatch("a nested graph");
        call_.bodies.push_back(std::get<BlockRef>(argument.payload).block);
        return true;
      case predicate:
        if (!is_number_or_tensor(argument.kind)) return mismatch("a predicate");
        call_.predicate = argument;
        return true;
      case carried:
      case sliced:
      case passed: return read_list(part, argument);
      case rest:
        if (!is_number_or_tensor(argument.kind)) return mismatch("a value for the nested graph");
        call_.inputs.push_back(argument);
        return true;
      case flag:
        if (argument.kind != ArgKind::boolean && argument.kind != ArgKind::none) {
          return mismatch("a bool");
        }
        break;
      case text:
        if (argument.kind != ArgKind::string && argument.kind != ArgKind::none) {
          return mismatch("a string");
        }
        break;
      case dtype:
        if (argument.kind != ArgKind::dtype && argument.kind != ArgKind::none) {
          return mismatch("a dtype");
        }
        break;
      case nothing: {
        const auto* entries = std::get_if<std::vector<DictEntry>>(&argument.payload);
        return (entries && entries->empty()) || mismatch("an empty dictionary");
      }
    }
    call_.settings.push_back(argument);
    return true;
  }

  bool read_list(HigherOrderPart part, const Argument& list) {
    const auto elements = elements_of(list);
    if (!elements) return no("a list of values for the nested graph holds what is none");
    const auto count = static_cast<std::uint32_t>(elements->size());
    if (part == carried) call_.carried = count;
    if (part == sliced) {
      if (count == 0) return no("there is nothing to slice");
      for (const Argument& element : *elements) {
        if (!is_tensor_operand(element)) return no("what is given slice by slice must be tensors");
      }
      call_.sliced = count;
    }
    call_.inputs.insert(call_.inputs.end(), elements->begin(), elements->end());
    return true;
  }

  bool is_tensor_operand(const Argument& argument) const {
    const auto* operand = std::get_if<Operand>(&argument.payload);
    if (!operand || operand->index >= node_.operands.size()) return false;
    const TypeKind kind = graph_.type(node_.operands[operand->index]).kind;
    return is_tensor(kind) || kind == TypeKind::unknown;
  }

  // Placeholder k of each nested graph takes input k.
  bool fits_bodies() {
    for (BlockId block : call_.bodies) {
      const std::vector<ValueId> placeholders = block_inputs(graph_, block);
      const std::string name = quoted(graph_.block(block).name);
      if (!graph_.output_node(block)) return no(name + " returns nothing");
      if (placeholders.size() != call_.inputs.size()) {
        return no("the call passes " + std::to_string(call_.inputs.size()) + " values to " + name +
                  ", which has " + std::to_string(placeholders.size()) + " placeholders");
      }
      for (std::size_t k = 0; k < placeholders.size(); ++k) {
        if (!fits_placeholder(call_.inputs[k], placeholders[k])) {
          return no(quoted(graph_.value(placeholders[k]).name) + " of " + name +
                    " is given a value of another kind");
        }
      }
    }
    return true;
  }

  // Tensors for tensors, numbers for numbers; a type that nobody recorded fits everything.
  bool fits_placeholder(const Argument& input, ValueId placeholder) const {
    const TypeKind wanted = graph_.type(placeholder).kind;
    if (wanted == TypeKind::unknown) return true;
    const auto* operand = std::get_if<Operand>(&input.payload);
    if (!operand) return !is_tensor(wanted) || input.kind == ArgKind::none;
    if (operand->index >= node_.operands.size()) return false;
    const TypeKind given = graph_.type(node_.operands[operand->index]).kind;
    return given == TypeKind::unknown || is_tensor(given) == is_tensor(wanted);
  }

  std::size_t output_count(BlockId block) const {
    return graph_.node(graph_.output_node(block)).arguments.size();
  }

  std::string carries_other(std::size_t body) const {
    return std::to_string(call_.carried) + " values are carried and the body returns " +
           std::to_string(output_count(call_.bodies[body]));
  }
  std::string quoted(StringId name) const { return "'" + std::string(graph_.text(name)) + "'"; }

  // One result for each output of the graph that makes them.
  bool fits_results() {
    for (const ResultForm& form : node_.result_forms) {
      if (form.count != (form.kind == ArgKind::none ? 0u : 1u)) {
        return no("a result is a list, which no output of a nested graph is");
      }
    }
    std::span<const BlockId> returning(call_.bodies);
    if (op_.run == Run::loop) {
      if (output_count(call_.bodies[0]) != 1) return no("the condition must return one value");
      if (output_count(call_.bodies[1]) != call_.carried) return no(carries_other(1));
      returning = returning.subspan(1);
    }
    if (op_.run == Run::scan && output_count(call_.bodies[0]) < call_.carried) {
      return no(carries_other(0));
    }
    for (BlockId block : returning) {
      if (output_count(block) == node_.result_forms.size()) continue;
      return no("the call has " + std::to_string(node_.result_forms.size()) + " results and " +
                quoted(graph_.block(block).name) + " returns " +
                std::to_string(output_count(block)) + " values");
    }
    return true;
  }

  const Graph& graph_;
  const Node& node_;
  const HigherOrderOperator& op_;
  HigherOrderCall call_;
  std::string why_;
};

}  // namespace

std::span<const HigherOrderOperator> higher_order_operators() { return kOperators; }

const HigherOrderOperator* find_higher_order(std::string_view op) {
  if (!is_higher_order(op)) return nullptr;  // as good as always: asked of every call
  const auto found = std::ranges::lower_bound(kOperators, op, {}, &HigherOrderOperator::name);
  return found != std::end(kOperators) && found->name == op ? &*found : nullptr;
}

std::string higher_order_names() {
  std::string names;
  for (const HigherOrderOperator& op : kOperators) {
    names += (names.empty() ? "" : ", ") + std::string(op.name.substr(kHigherOrderPrefix.size()));
  }
  return names;
}

std::string instead_of(std::string_view op) {
  struct Advice {
    std::string_view prefix, text;
  };
  static constexpr Advice kAdvice[] = {
      {"higher_order.associative_scan", "write it with torch's scan"},
      {"higher_order.auto_functionalized",
       "it wraps an operator that writes its arguments: export without run_decompositions()"},
      {"higher_order.flex_attention",
       "write it with torch.nn.functional.scaled_dot_product_attention"},
      {"higher_order.out_dtype", "convert the operands first, and call the operator on them"},
      {"higher_order.print", "leave the print out"},
      {"higher_order.with_effects",
       "it wraps an operator with side effects, such as a print: leave that out"},
      {"torch._functorch.",
       "vmap and its like end in it: call exported_program.run_decompositions() before saving"},
  };
  for (const Advice& advice : kAdvice) {
    if (op.starts_with(advice.prefix)) return std::string(advice.text);
  }
  return "exported_program.run_decompositions() removes some of them; else write the model without";
}

std::size_t HigherOrderCall::stacked_from() const {
  if (op->run == Run::scan) return carried;
  return op->run == Run::map ? 0 : SIZE_MAX;
}

std::optional<HigherOrderCall> as_higher_order_call(const Graph& graph, NodeId id,
                                                    std::string* why) {
  const Node& node = graph.node(id);
  const HigherOrderOperator* op = node.opcode == Opcode::call_function
                                      ? find_higher_order(graph.text(node.op))
                                      : nullptr;
  if (!op) return std::nullopt;
  Reader reader(graph, id, *op);
  if (reader.read()) return reader.take();
  if (why) *why = std::move(reader).why();
  return std::nullopt;
}

}  // namespace fettle
