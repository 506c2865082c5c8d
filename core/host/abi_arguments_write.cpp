// fettle_arg → Argument: what create_node and set_arg are given, bound to the operator's schema as
// Python binds a call. An argument's kind is what torch.export would write for such a value, unless
// the plugin names one; whether it fits the schema's type in every detail is check_schemas's to
// say.
#include <fmt/format.h>

#include <algorithm>

#include "host/abi_arguments.hpp"

namespace fettle {
namespace {

// Lists of lists are as deep as schemas go; a plugin's mistake must not overflow the stack.
constexpr int kMostDepth = 8;

[[noreturn]] void refuse_argument(std::string_view op, std::string why, std::string hint = {}) {
  throw Error({.code = Code::graph_bad_arguments,
               .what = fmt::format("a call of '{}' was refused", op),
               .why = std::move(why),
               .hint = std::move(hint)});
}

class Writer {
 public:
  Writer(const Graph& graph, std::string_view op, std::vector<ValueId>& operands)
      : graph_(graph), op_(op), operands_(operands) {}

  Argument write(const fettle_arg& given, ArgKind expected, int depth = 0) {
    if (depth > kMostDepth) refuse_argument(op_, "an argument is nested too deeply");
    if (given.kind > static_cast<std::uint32_t>(ArgKind::dict)) {
      refuse_argument(op_, fmt::format("{} is no kind of argument", given.kind));
    }
    Argument out = payload(given, expected, depth);
    // What the plugin says wins where it says something; None has no other kind.
    const auto said = static_cast<ArgKind>(given.kind);
    if (said != ArgKind::none && given.payload != FETTLE_PAYLOAD_NONE) out.kind = said;
    return out;
  }

 private:
  Argument payload(const fettle_arg& given, ArgKind expected, int depth) {
    switch (given.payload) {
      case FETTLE_PAYLOAD_NONE:
        return {};
      case FETTLE_PAYLOAD_BOOL:
        return {ArgKind::boolean, given.i != 0};
      case FETTLE_PAYLOAD_INT:
        return {number_kind(expected), given.i};
      case FETTLE_PAYLOAD_FLOAT:
        return {ArgKind::real, given.f};
      case FETTLE_PAYLOAD_COMPLEX:
        return {ArgKind::complex_number, std::complex<double>(given.f, given.imaginary)};
      case FETTLE_PAYLOAD_STRING:
        return {ArgKind::string, graph_.intern(to_view(given.s))};
      case FETTLE_PAYLOAD_VALUE:
        return value(given.value, expected);
      case FETTLE_PAYLOAD_DEVICE:
        return device(given);
      case FETTLE_PAYLOAD_INTS:
        require(given.ints, given.n);
        return {ArgKind::integers, std::vector<std::int64_t>(given.ints, given.ints + given.n)};
      case FETTLE_PAYLOAD_FLOATS:
        require(given.floats, given.n);
        return {ArgKind::reals, std::vector<double>(given.floats, given.floats + given.n)};
      case FETTLE_PAYLOAD_LIST:
        return list(given, expected, depth);
      case FETTLE_PAYLOAD_BLOCK:
        return block(given.block);
      default:
        refuse_argument(op_, fmt::format("{} is no payload that can be given", given.payload));
    }
  }

  static ArgKind number_kind(ArgKind expected) {
    switch (expected) {
      case ArgKind::dtype:
      case ArgKind::layout:
      case ArgKind::memory_format:
      case ArgKind::sym_int:
        return expected;
      default:
        return ArgKind::integer;
    }
  }

  Argument value(fettle_value id, ArgKind expected) {
    if (!graph_.alive(ValueId(id))) {
      throw Error({.code = Code::graph_stale_id,
                   .what = fmt::format("a call of '{}' was refused", op_),
                   .why = fmt::format("value {} does not exist or its node was erased", id)});
    }
    operands_.push_back(ValueId(id));
    const Operand operand{static_cast<std::uint32_t>(operands_.size() - 1)};
    switch (graph_.type(ValueId(id)).kind) {
      case TypeKind::sym_int:
        return {ArgKind::sym_int, operand};
      case TypeKind::sym_float:
        return {ArgKind::sym_float, operand};
      case TypeKind::sym_bool:
        return {ArgKind::sym_bool, operand};
      case TypeKind::custom_obj:
        return {ArgKind::custom_obj, operand};
      default:
        break;
    }
    // Within a list of optional tensors each element is written as an optional one.
    return {expected == ArgKind::optional_tensor ? expected : ArgKind::tensor, operand};
  }

  Argument block(fettle_block id) {
    if (id >= graph_.block_bound()) {
      throw Error({.code = Code::graph_stale_id,
                   .what = fmt::format("a call of '{}' was refused", op_),
                   .why = fmt::format("block {} does not exist", id)});
    }
    return {ArgKind::block, BlockRef{BlockId(id), graph_.block(BlockId(id)).name}};
  }

  Argument device(const fettle_arg& given) {
    Device d{std::string(to_view(given.s)), std::nullopt};
    if (given.i >= 0) d.index = given.i;
    return {ArgKind::device, std::move(d)};
  }

  Argument list(const fettle_arg& given, ArgKind expected, int depth) {
    require(given.elements, given.n);
    ArgKind element_kind = ArgKind::none;
    if (expected == ArgKind::optional_tensors) element_kind = ArgKind::optional_tensor;
    std::vector<Argument> elements;
    elements.reserve(given.n);
    for (std::uint64_t i = 0; i < given.n; ++i) {
      elements.push_back(write(given.elements[i], element_kind, depth + 1));
    }
    return {list_kind(elements, expected), std::move(elements)};
  }

  // By what the elements are; an empty list is what the schema says.
  static ArgKind list_kind(const std::vector<Argument>& elements, ArgKind expected) {
    const auto any = [&](ArgKind kind) {
      return std::ranges::any_of(elements, [&](const Argument& a) { return a.kind == kind; });
    };
    if (elements.empty() || expected == ArgKind::optional_tensors) return expected;
    if (any(ArgKind::tensors)) return ArgKind::nested_tensors;
    if (any(ArgKind::integers)) return ArgKind::integer_lists;
    if (any(ArgKind::reals)) return ArgKind::real_lists;
    if (any(ArgKind::tensor)) {
      return any(ArgKind::none) ? ArgKind::optional_tensors : ArgKind::tensors;
    }
    if (any(ArgKind::sym_int)) return ArgKind::sym_ints;
    if (any(ArgKind::sym_float)) return ArgKind::sym_floats;
    if (any(ArgKind::sym_bool)) return ArgKind::sym_bools;
    if (any(ArgKind::string)) return ArgKind::strings;
    if (any(ArgKind::boolean)) return ArgKind::booleans;
    return expected;
  }

  void require(const void* data, std::uint64_t n) const {
    if (n > 0 && !data) refuse_argument(op_, "a list has a length and no data");
  }

  const Graph& graph_;
  std::string_view op_;
  std::vector<ValueId>& operands_;
};

const SchemaArgument* find_argument(const OperatorSchema& schema, std::string_view name) {
  const auto at = std::ranges::find(schema.arguments, name, &SchemaArgument::name);
  return at == schema.arguments.end() ? nullptr : &*at;
}

// By position in the schema: which of the given arguments is bound there, or null.
std::vector<const fettle_arg*> bind_positions(const OperatorSchema& schema,
                                              std::span<const fettle_arg> given) {
  std::vector<const fettle_arg*> bound(schema.arguments.size());
  bool keywords = false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string_view name = to_view(given[i].name);
    const bool keyword = given[i].form == FETTLE_FORM_KEYWORD;
    if (given[i].form > FETTLE_FORM_KEYWORD) continue;  // a default that was read from another call
    if (keyword) {
      keywords = true;
      const SchemaArgument* at = find_argument(schema, name);
      if (!at) {
        std::vector<std::string> names;
        for (const SchemaArgument& a : schema.arguments) names.push_back(a.name);
        refuse_argument(schema.name, fmt::format("it has no argument '{}'", printable(name)),
                        suggest(name, names));
      }
      const fettle_arg*& slot = bound[static_cast<std::size_t>(at - schema.arguments.data())];
      if (slot) refuse_argument(schema.name, fmt::format("'{}' is given twice", name));
      slot = &given[i];
      continue;
    }
    if (keywords) refuse_argument(schema.name, "a positional argument follows a keyword argument");
    if (i >= schema.arguments.size() || schema.arguments[i].keyword_only) {
      refuse_argument(schema.name, fmt::format("it takes no {} positional arguments", i + 1));
    }
    bound[i] = &given[i];
  }
  return bound;
}

Argument default_argument(const Graph& graph, const SchemaArgument& argument) {
  if (argument.default_value->kind == ArgKind::string) {
    return {ArgKind::string, graph.intern(argument.default_text)};
  }
  return *argument.default_value;
}

// There is no schema to bind to: arguments stay as they are given, and check_schemas has the last
// word. Only operands in lists may be of several kinds, and count as tensors there.
BoundArguments unbound_arguments(const Graph& graph, const OperatorSchema& schema,
                                 std::span<const fettle_arg> given) {
  BoundArguments out;
  Writer writer(graph, schema.name, out.operands);
  for (const fettle_arg& argument : given) {
    const bool keyword = argument.form == FETTLE_FORM_KEYWORD;
    const bool list = argument.payload == FETTLE_PAYLOAD_LIST;
    Argument written = writer.write(argument, list ? ArgKind::tensors : ArgKind::none);
    if (written.kind == ArgKind::tensors) {
      for (Argument& element : std::get<std::vector<Argument>>(written.payload)) {
        if (std::holds_alternative<Operand>(element.payload)) element.kind = ArgKind::tensor;
      }
    }
    out.arguments.push_back({graph.intern(keyword ? to_view(argument.name) : std::string_view()),
                             keyword ? ArgForm::keyword : ArgForm::positional, std::move(written)});
  }
  return out;
}

}  // namespace

BoundArguments bind_arguments(const Graph& graph, const OperatorSchema& schema,
                              std::span<const fettle_arg> given) {
  if (schema.source == SchemaSource::higher_order) return unbound_arguments(graph, schema, given);
  const std::vector<const fettle_arg*> bound = bind_positions(schema, given);
  BoundArguments out;
  Writer writer(graph, schema.name, out.operands);
  for (std::size_t i = 0; i < schema.arguments.size(); ++i) {
    const SchemaArgument& argument = schema.arguments[i];
    const StringId name = graph.intern(argument.name);
    if (bound[i]) {
      const ArgForm form =
          bound[i]->form == FETTLE_FORM_KEYWORD ? ArgForm::keyword : ArgForm::positional;
      out.arguments.push_back({name, form, writer.write(*bound[i], argument.kind)});
    } else if (argument.default_value) {
      out.arguments.push_back({name, ArgForm::defaulted, default_argument(graph, argument)});
    } else {
      refuse_argument(schema.name, fmt::format("'{}' is missing", argument.name));
    }
  }
  return out;
}

BoundArguments replace_argument(const Graph& graph, NodeId id, const fettle_arg& given) {
  const Node& node = graph.node(id);
  const std::string_view op = graph.text(node.op);
  const std::string_view name = to_view(given.name);
  const NamedArgument* target = graph.argument(id, name);
  if (!target || name.empty()) {
    refuse_argument(op, fmt::format("it has no argument '{}'", printable(name)));
  }
  ArgKind expected = target->value.kind;
  if (const OperatorSchema* schema = find_operator(op)) {
    if (const SchemaArgument* argument = find_argument(*schema, name)) expected = argument->kind;
  }
  BoundArguments out;
  Writer writer(graph, op, out.operands);
  for (const NamedArgument& old : node.arguments) {
    NamedArgument argument = old;
    if (&old == target) {
      // A default that gets a value of its own is written by keyword.
      if (argument.form == ArgForm::defaulted) argument.form = ArgForm::keyword;
      argument.value = writer.write(given, expected);
    } else {
      for_each_operand(argument.value, [&](Operand& operand) {
        out.operands.push_back(node.operands[operand.index]);
        operand.index = static_cast<std::uint32_t>(out.operands.size() - 1);
      });
    }
    out.arguments.push_back(std::move(argument));
  }
  return out;
}

}  // namespace fettle
