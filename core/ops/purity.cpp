#include "ops/purity.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <set>

#include "base/error.hpp"
#include "graph/text.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

std::string concat(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

// "'input'", or the operand's own name where the schema has none.
std::string argument_of(const Graph& graph, NodeId node, std::uint32_t operand) {
  for (const NamedArgument& argument : graph.node(node).arguments) {
    bool found = false;
    for_each_operand(argument.value, [&](const Operand& o) { found |= o.index == operand; });
    if (found && argument.name) return concat({"'", graph.text(argument.name), "'"});
  }
  return concat({"'", graph.text(graph.value(graph.node(node).operands[operand]).name), "'"});
}

std::string arguments_of(const Graph& graph, NodeId node, std::vector<std::uint32_t> operands) {
  std::ranges::sort(operands);
  std::vector<std::string> names;
  for (const std::uint32_t operand : operands) {
    const std::string name = argument_of(graph, node, operand);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return joined(names);
}

Purity describe(const Graph& graph, NodeId node, const CallFacts& facts) {
  Purity out;
  PrintOptions options;
  options.types = PrintOptions::Types::none;
  out.call = print_node(graph, node, options);
  out.safe = facts.pure();
  out.source = facts.why;
  if (!facts.known) {
    out.reasons.emplace_back("nothing is known of it: it may write, share storage or have effects");
    return out;
  }
  if (facts.side_effect) out.reasons.emplace_back("it has an effect besides its results");
  if (facts.random)
    out.reasons.emplace_back("it draws random numbers, or returns uninitialized memory");
  if (facts.mutates()) {
    out.reasons.push_back("it writes " + arguments_of(graph, node, facts.writes));
  }
  std::vector<std::uint32_t> aliased;
  for (const auto& operands : facts.results_alias) {
    aliased.insert(aliased.end(), operands.begin(), operands.end());
  }
  if (!aliased.empty()) {
    out.conditions.push_back(
        concat({"its results may share storage with ", arguments_of(graph, node, aliased),
                ": nothing may write that storage while they are used"}));
  }
  return out;
}

std::optional<ParameterInfo> parameter_of(std::string_view op, std::size_t position,
                                          std::string_view name) {
  const OperatorSchema* schema = find_operator(op);
  if (!schema) return std::nullopt;
  for (std::size_t k = 0; k < schema->arguments.size(); ++k) {
    const SchemaArgument& argument = schema->arguments[k];
    if (name.empty() ? k == position : argument.name == name) {
      return ParameterInfo{argument.name, argument.kind};
    }
  }
  return std::nullopt;
}

const OperatorSchema& require_operator(std::string_view name) {
  if (const OperatorSchema* schema = find_operator(name)) return *schema;
  throw Error({Code::operator_unknown,
               concat({"no operator is called '", name, "'"}),
               {},
               {},
               // "aten.add" lacks its overload: name those that there are
               suggest_operator(std::ranges::count(name, '.') == 1 ? concat({name, ".default"})
                                                                   : std::string(name))});
}

// Names in a call that must stand for values: not keywords, members, strings or literals.
std::set<std::string> value_names(std::string_view text) {
  static const std::set<std::string_view> literals = {"None",   "True", "False",   "inf",  "nan",
                                                      "device", "self", "complex", "torch"};
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  std::set<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\'' || text[at] == '"') {
      const char quote = text[at++];
      while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
      ++at;
      continue;
    }
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    const std::string_view word = text.substr(begin, at - begin);
    const bool member = begin > 0 && text[begin - 1] == '.';
    const std::size_t next = text.find_first_not_of(" \t", at);
    const bool keyword = next != text.npos && (text[next] == '=' || text[next] == ':');
    const bool number = std::isdigit(static_cast<unsigned char>(word[0]));
    if (!member && !keyword && !number && !literals.contains(word)) names.emplace(word);
  }
  return names;
}

// "r: (r0, [r1])": what an operator returns, for the left of "=".
std::string results_text(const OperatorSchema& schema) {
  if (schema.returns.empty()) return "r: None";
  std::string out;
  for (std::size_t i = 0; i < schema.returns.size(); ++i) {
    const std::string& type = schema.returns[i].type;
    const bool tensor = type.find("Tensor") != std::string::npos;
    const std::string name = concat({"r", std::to_string(i), tensor ? "" : ": Sym(1)"});
    out += (i > 0 ? ", " : "") + (type.ends_with("[]") ? "[" + name + "]" : name);
  }
  return concat({"r: (", out, schema.returns.size() == 1 ? "," : "", ")"});
}

// A program of that one call.
std::unique_ptr<Graph> program_of(const OperatorSchema& schema, std::string_view call,
                                  const std::set<std::string>& values) {
  std::string inputs;
  for (const std::string& name : values) {
    inputs += concat({inputs.empty() ? "" : ", ", name, ": f32[2]"});
  }
  const std::string text =
      concat({"graph(", inputs, "):\n  ", results_text(schema), " = ", call, "\n  return ()\n"});
  return parse_graph(text, {.source = "call", .parameters = parameter_of});
}

NodeId the_call(const Graph& graph) {
  for (const NodeId node : graph.nodes()) {
    if (graph.node(node).opcode == Opcode::call_function) return node;
  }
  return {};
}

bool is_flag(const SchemaArgument& a) {
  return a.type == "bool" || a.type == "float" || a.type == "bool?" || a.type == "float?";
}

// Of the tensor that is given; the text form keeps `self` for blocks.
std::string value_name(const SchemaArgument& a) {
  return a.name == "self" ? "x" : a.name;
}

// What stands for an argument that is no flag and has no default.
std::string usual_text(const SchemaArgument& a) {
  if (a.type.find("Tensor") != std::string::npos) {  // optional ones too: what may be written
    return a.type.find("[]") != std::string::npos ? "[" + value_name(a) + "]" : value_name(a);
  }
  if (a.optional) return "None";
  switch (a.kind) {
    case ArgKind::integer:
    case ArgKind::sym_int:
      return "1";
    case ArgKind::integers:
    case ArgKind::sym_ints:
      return "[1]";
    case ArgKind::real:
      return "1.0";
    case ArgKind::reals:
      return "[1.0]";
    case ArgKind::boolean:
      return "False";
    case ArgKind::string:
      return "''";
    case ArgKind::device:
      return "device(type='cpu')";
    case ArgKind::dtype:
      return "torch.float32";
    default:
      return "None";
  }
}

using Flags = std::vector<std::pair<const SchemaArgument*, bool>>;  // and whether it is on

std::string flag_text(const SchemaArgument& a, bool on) {
  if (a.type.starts_with("bool")) return on ? "True" : "False";
  return on ? "0.5" : "0.0";
}

std::string call_text(const OperatorSchema& schema, const Flags& flags,
                      std::set<std::string>& values) {
  std::string out;
  bool by_name = false;  // behind an argument that is left to its default
  for (const SchemaArgument& a : schema.arguments) {
    const auto flag = std::ranges::find(flags, &a, &Flags::value_type::first);
    if (flag == flags.end() && a.default_value) {
      by_name = true;
      continue;
    }
    const std::string text = flag != flags.end() ? flag_text(a, flag->second) : usual_text(a);
    if (text == value_name(a) || text == "[" + value_name(a) + "]") values.insert(value_name(a));
    out += concat({out.empty() ? "" : ", ", by_name || a.keyword_only ? a.name + "=" : "", text});
  }
  return concat({schema.name, "(", out, ")"});
}

Purity purity_with(const OperatorSchema& schema, const Flags& flags) {
  std::set<std::string> values;
  std::string call = call_text(schema, flags, values);
  const std::unique_ptr<Graph> graph = program_of(schema, call, values);
  const NodeId node = the_call(*graph);
  Purity purity = describe(*graph, node, call_facts(*graph, node));
  purity.call = std::move(call);
  return purity;
}

bool same_answer(const Purity& a, const Purity& b) {
  return a.safe == b.safe && a.reasons == b.reasons && a.conditions == b.conditions;
}

}  // namespace

Purity purity_of(const Graph& graph, NodeId node) {
  Purity purity = describe(graph, node, call_facts(graph, node));
  if (!purity.safe) return purity;
  const AliasClasses classes(graph);
  std::vector<std::string> written;
  for (const ValueId operand : graph.node(node).operands) {
    const std::string name = concat({"'", graph.text(graph.value(operand).name), "'"});
    const bool known = std::ranges::find(written, name) != written.end();
    if (classes.written(operand) && !known) written.push_back(name);
  }
  if (!written.empty()) {
    purity.conditions.push_back(concat({"the program writes to the storage of ", joined(written),
                                        ": it must keep its place among those writes"}));
  }
  return purity;
}

Purity purity_of_call(std::string_view call) {
  const std::size_t open = call.find('(');
  const OperatorSchema& schema = require_operator(call.substr(0, open));
  const std::unique_ptr<Graph> graph =
      program_of(schema, call, value_names(call.substr(std::min(open, call.size()))));
  bind_schemas(*graph, "call");
  const NodeId node = the_call(*graph);
  Purity purity = describe(*graph, node, call_facts(*graph, node));
  purity.call = call;
  return purity;
}

std::vector<PurityCase> purity_of_operator(std::string_view name) {
  constexpr std::size_t kMostFlags = 6;  // 64 combinations; no operator's facts depend on more
  const OperatorSchema& schema = require_operator(name);
  Flags flags;
  for (const SchemaArgument& a : schema.arguments) {
    if (is_flag(a) && flags.size() < kMostFlags) flags.emplace_back(&a, false);
  }
  // A flag matters if turning it makes a difference in some combination of the others.
  const auto set = [&](std::size_t combination) {
    for (std::size_t i = 0; i < flags.size(); ++i) flags[i].second = (combination >> i & 1u) != 0;
  };
  std::vector<Purity> answers;
  for (std::size_t c = 0; c < std::size_t{1} << flags.size(); ++c) {
    set(c);
    answers.push_back(purity_with(schema, flags));
  }
  std::size_t mattering = 0;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    for (std::size_t c = 0; c < answers.size(); ++c) {
      if (!same_answer(answers[c], answers[c ^ std::size_t{1} << i]))
        mattering |= std::size_t{1} << i;
    }
  }
  std::vector<PurityCase> cases;
  for (std::size_t c = 0; c < answers.size(); ++c) {
    if ((c & ~mattering) != 0) continue;
    set(c);
    std::string when;
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if ((mattering >> i & 1u) == 0) continue;
      when += concat({when.empty() ? "" : ", ", flags[i].first->name, "=",
                      flag_text(*flags[i].first, flags[i].second)});
    }
    cases.push_back({when, std::move(answers[c])});
  }
  return cases;
}

}  // namespace fettle
