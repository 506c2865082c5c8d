#include "graph/text_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fettle::text {
namespace {

template <class... Fns>
struct Overload : Fns... {
  using Fns::operator()...;
};

constexpr std::array<std::string_view, 5> kMemoryFormats = {
    "", "contiguous_format", "channels_last", "channels_last_3d", "preserve_format"};
constexpr std::array<std::string_view, 8> kLayouts = {
    "", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "_mkldnn", "strided"};

template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::int64_t number) {
  return number >= 0 && static_cast<std::size_t>(number) < N
             ? names[static_cast<std::size_t>(number)]
             : std::string_view{};
}

template <std::size_t N>
std::optional<std::int64_t> number_of(const std::array<std::string_view, N>& names,
                                      std::string_view name) {
  const auto found = std::find(names.begin() + 1, names.end(), name);
  if (found == names.end()) return std::nullopt;
  return found - names.begin();
}

// The kind of a list whose elements are of one kind; a name with its number or None is still one.
std::optional<ArgKind> list_kind(ArgKind element) {
  switch (element) {
    case ArgKind::tensor: return ArgKind::tensors;
    case ArgKind::optional_tensor:
    case ArgKind::none: return ArgKind::optional_tensors;
    case ArgKind::tensors: return ArgKind::nested_tensors;
    case ArgKind::integer: return ArgKind::integers;
    case ArgKind::integers: return ArgKind::integer_lists;
    case ArgKind::real: return ArgKind::reals;
    case ArgKind::reals: return ArgKind::real_lists;
    case ArgKind::boolean: return ArgKind::booleans;
    case ArgKind::string: return ArgKind::strings;
    case ArgKind::sym_int: return ArgKind::sym_ints;
    case ArgKind::sym_float: return ArgKind::sym_floats;
    case ArgKind::sym_bool: return ArgKind::sym_bools;
    default: return std::nullopt;
  }
}

// The kind of two elements side by side.
std::optional<ArgKind> common_kind(ArgKind a, ArgKind b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  if (a == ArgKind::none && (b == ArgKind::tensor || b == ArgKind::optional_tensor)) {
    return ArgKind::optional_tensor;
  }
  if (a == ArgKind::tensor && b == ArgKind::optional_tensor) return b;
  if (a == ArgKind::integer && b == ArgKind::sym_int) return b;
  if (a == ArgKind::real && b == ArgKind::sym_float) return b;
  if (a == ArgKind::boolean && b == ArgKind::sym_bool) return b;
  return std::nullopt;
}

bool is_empty_list(const Literal& literal) {
  const auto* list = std::get_if<std::vector<Literal>>(&literal.payload);
  return list && list->empty();
}

std::optional<ArgKind> natural_list(const std::vector<Literal>& list, ArgKind expected) {
  if (list.empty()) {
    switch (expected) {  // exported lists of symbols are plain when no symbol is in them
      case ArgKind::sym_floats: return ArgKind::reals;
      case ArgKind::sym_bools: return ArgKind::booleans;
      case ArgKind::tensors:
      case ArgKind::optional_tensors:
      case ArgKind::nested_tensors:
      case ArgKind::integer_lists:
      case ArgKind::reals:
      case ArgKind::real_lists:
      case ArgKind::booleans:
      case ArgKind::strings: return expected;
      default: return ArgKind::integers;
    }
  }
  std::optional<ArgKind> element;
  for (const Literal& item : list) {
    if (is_empty_list(item)) continue;  // fits whatever the other lists are
    const std::optional<ArgKind> kind = natural_kind(item, ArgKind::none);
    if (!kind) return std::nullopt;
    element = element ? common_kind(*element, *kind) : kind;
    if (!element) return std::nullopt;
  }
  if (!element) element = natural_list({}, element_kind(expected));  // [[], []]
  if (expected == ArgKind::optional_tensors && *element == ArgKind::tensor) return expected;
  return list_kind(*element);
}

template <class T>
std::optional<std::vector<T>> plain_list(const std::vector<Literal>& list) {
  std::vector<T> values;
  values.reserve(list.size());
  for (const Literal& item : list) {
    const T* value = std::get_if<T>(&item.payload);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::optional<Argument> list_argument(const std::vector<Literal>& list, ArgKind kind) {
  Argument argument{kind, {}};
  if (kind == ArgKind::integers || kind == ArgKind::reals) {
    if (kind == ArgKind::integers) {
      auto values = plain_list<std::int64_t>(list);
      if (!values) return std::nullopt;
      argument.payload = std::move(*values);
    } else {
      auto values = plain_list<double>(list);
      if (!values) return std::nullopt;
      argument.payload = std::move(*values);
    }
    return argument;
  }
  const ArgKind element = element_kind(kind);
  if (element == ArgKind::none) return std::nullopt;
  std::vector<Argument> elements;
  elements.reserve(list.size());
  for (const Literal& item : list) {
    std::optional<Argument> converted = to_argument(item, element);
    if (!converted) return std::nullopt;
    elements.push_back(std::move(*converted));
  }
  argument.payload = std::move(elements);
  return argument;
}

std::optional<Argument> dict_argument(const std::vector<LiteralEntry>& entries) {
  std::vector<DictEntry> converted;
  for (const LiteralEntry& entry : entries) {
    const std::optional<ArgKind> kind =
        entry.value.kind ? entry.value.kind : natural_kind(entry.value, ArgKind::none);
    std::optional<Argument> value = kind ? to_argument(entry.value, *kind) : std::nullopt;
    if (!value) return std::nullopt;
    converted.push_back({entry.key, std::move(*value)});
  }
  return Argument{ArgKind::dict, std::move(converted)};
}

}  // namespace

std::string_view memory_format_name(std::int64_t number) { return name_at(kMemoryFormats, number); }
std::string_view layout_name(std::int64_t number) { return name_at(kLayouts, number); }
std::optional<std::int64_t> layout_from_name(std::string_view name) {
  return number_of(kLayouts, name);
}
std::optional<std::int64_t> memory_format_from_name(std::string_view name) {
  return number_of(kMemoryFormats, name);
}

ArgKind kind_of_type(const Type& type) {
  switch (type.kind) {
    case TypeKind::sym_int: return ArgKind::sym_int;
    case TypeKind::sym_float: return ArgKind::sym_float;
    case TypeKind::sym_bool: return ArgKind::sym_bool;
    case TypeKind::custom_obj: return ArgKind::custom_obj;
    default: return ArgKind::tensor;
  }
}

std::optional<ArgKind> natural_kind(const Literal& literal, ArgKind expected) {
  using R = std::optional<ArgKind>;
  return std::visit(
      Overload{
          [](std::monostate) -> R { return ArgKind::none; },
          [](bool) -> R { return ArgKind::boolean; },
          [](std::int64_t) -> R { return ArgKind::integer; },
          [](double) -> R { return ArgKind::real; },
          [](const std::complex<double>&) -> R { return ArgKind::complex_number; },
          [](StringId) -> R { return ArgKind::string; },
          [](const Name& name) -> R { return name.kind; },
          [](const BlockRef&) -> R { return ArgKind::block; },
          [](const Torch& torch) -> R { return torch.kind; },
          [](const Device&) -> R { return ArgKind::device; },
          [&](const std::vector<Literal>& list) -> R { return natural_list(list, expected); },
          [](const std::vector<LiteralEntry>&) -> R { return ArgKind::dict; },
      },
      literal.payload);
}

std::optional<Argument> to_argument(const Literal& literal, ArgKind kind) {
  std::optional<Argument> converted = std::visit(
      Overload{
          [&](const Name& name) -> std::optional<Argument> {
            return Argument{kind, name.operand};
          },
          [&](const Torch& torch) -> std::optional<Argument> {
            if (torch.kind != kind) return std::nullopt;
            return Argument{kind, torch.number};
          },
          [&](const std::vector<Literal>& list) { return list_argument(list, kind); },
          [&](const std::vector<LiteralEntry>& entries) { return dict_argument(entries); },
          [&](const auto& plain) -> std::optional<Argument> { return Argument{kind, plain}; },
      },
      literal.payload);
  if (!converted || converted->kind != kind || !payload_fits_kind(*converted)) return std::nullopt;
  return converted;
}

Literal to_literal(const Graph& graph, const Node& node, const Argument& argument,
                   bool types_known) {
  Literal literal;
  literal.kind = argument.kind;
  const auto torch = [&](std::string_view name, std::int64_t number) {
    if (name.empty()) literal.payload = number;
    else literal.payload = Torch{argument.kind, number};
  };
  const auto elements = [&](const auto& values) {
    std::vector<Literal> list;
    list.reserve(values.size());
    for (const auto& value : values) list.push_back({value, std::nullopt});
    literal.payload = std::move(list);
  };
  std::visit(
      Overload{
          [&](std::int64_t number) {
            switch (argument.kind) {
              case ArgKind::dtype:
                return torch(dtype_from_number(number) ? "known" : "", number);
              case ArgKind::layout: return torch(layout_name(number), number);
              case ArgKind::memory_format: return torch(memory_format_name(number), number);
              default: literal.payload = number;
            }
          },
          [&](Operand operand) {
            if (operand.index >= node.operands.size()) return;  // a broken node still prints
            const ArgKind kind = types_known
                                     ? kind_of_type(graph.type(node.operands[operand.index]))
                                     : ArgKind::tensor;
            literal.payload = Name{operand, kind};
          },
          [&](const std::vector<std::int64_t>& values) { elements(values); },
          [&](const std::vector<double>& values) { elements(values); },
          [&](const std::vector<Argument>& values) {
            std::vector<Literal> list;
            list.reserve(values.size());
            for (const Argument& value : values) {
              list.push_back(to_literal(graph, node, value, types_known));
            }
            literal.payload = std::move(list);
          },
          [&](const std::vector<DictEntry>& entries) {
            std::vector<LiteralEntry> list;
            for (const DictEntry& entry : entries) {
              list.push_back({entry.key, to_literal(graph, node, entry.value, types_known)});
            }
            literal.payload = std::move(list);
          },
          [&](const DeviceArgument& device) { literal.payload = *device; },
          [&](const auto& plain) { literal.payload = plain; },
      },
      argument.payload);
  return literal;
}

namespace {

void append_value(std::string& out, const Graph& graph, const Node* node, const Literal& literal) {
  std::visit(
      Overload{
          [&](std::monostate) { out += "None"; },
          [&](bool value) { out += value ? "True" : "False"; },
          [&](std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); },
          [&](double value) { append_real(out, value); },
          [&](const std::complex<double>& value) {
            out += "complex(";
            append_real(out, value.real());
            out += ", ";
            append_real(out, value.imag());
            out += ')';
          },
          [&](StringId value) { append_string(out, graph.text(value)); },
          [&](const Name& name) {
            append_name(out, graph.text(graph.value(node->operands[name.operand.index]).name));
          },
          [&](const BlockRef& ref) {
            out += "self.";
            const std::string_view name = graph.text(ref.name);
            if (is_identifier(name)) out += name;
            else append_name(out, name);
          },
          [&](const Torch& torch) {
            out += "torch.";
            out += torch.kind == ArgKind::dtype ? dtype_torch_name(static_cast<DType>(torch.number))
                   : torch.kind == ArgKind::layout ? layout_name(torch.number)
                                                   : memory_format_name(torch.number);
          },
          [&](const Device& device) {
            out += "device(type=";
            append_string(out, device.type);
            if (device.index) fmt::format_to(std::back_inserter(out), ", index={}", *device.index);
            out += ')';
          },
          [&](const std::vector<Literal>& list) {
            out += '[';
            for (std::size_t i = 0; i < list.size(); ++i) {
              if (i > 0) out += ", ";
              append_value(out, graph, node, list[i]);
            }
            out += ']';
          },
          [&](const std::vector<LiteralEntry>& entries) {
            out += '{';
            for (std::size_t i = 0; i < entries.size(); ++i) {
              if (i > 0) out += ", ";
              append_string(out, graph.text(entries[i].key));
              out += ": ";
              append_literal(out, graph, node, entries[i].value, ArgKind::none);
            }
            out += '}';
          },
      },
      literal.payload);
}

}  // namespace

void append_literal(std::string& out, const Graph& graph, const Node* node, const Literal& literal,
                    ArgKind expected) {
  append_value(out, graph, node, literal);
  if (literal.kind && natural_kind(literal, expected) != literal.kind) {
    out += '!';
    out += arg_kind_name(*literal.kind);
  }
}

}  // namespace fettle::text
