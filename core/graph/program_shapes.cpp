// What the graph says of sizes, read once.
#include "graph/program_shapes.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <unordered_map>

namespace fettle {
namespace {

bool given_by_caller(const Node& node) {
  return !node.input_spec || node.input_spec->kind == InputKind::user_input ||
         node.input_spec->kind == InputKind::constant_input;
}

// The keys of "L['x'][0].size()[1]" as export names the placeholder ("x_0"), and the dimension; none for
// other properties than a size.
struct SizeSource {
  std::string placeholder;
  std::optional<std::size_t> dim;  // none: the input itself, a number
};
std::optional<SizeSource> parse_source(std::string_view text) {
  if (!text.starts_with("L[")) return std::nullopt;
  text.remove_prefix(1);
  SizeSource source;
  while (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    std::string_view key = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (key.size() >= 2 && (key[0] == '\'' || key[0] == '"')) key = key.substr(1, key.size() - 2);
    if (!source.placeholder.empty()) source.placeholder += '_';
    for (const char c : key) {
      const auto byte = static_cast<unsigned char>(c);
      source.placeholder += std::isalnum(byte) ? static_cast<char>(std::tolower(byte)) : '_';
    }
  }
  if (text.empty()) return source;
  if (!text.starts_with(".size()[") || !text.ends_with(']')) return std::nullopt;
  text.remove_prefix(8);
  text.remove_suffix(1);
  std::size_t dim = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  source.dim = dim;
  return source;
}

}  // namespace

ProgramShapes::ProgramShapes(const Graph& graph) {
  read_inputs(graph);
  find_symbols();
  read_constraints(graph.shape_constraints());
  read_tensors(graph);
}

ProgramShapes::Dim ProgramShapes::dim(const SymInt& size) {
  Dim dim;
  dim.value = size.value;
  if (size.has_hint) dim.hint = size.value;
  if (!size.symbolic()) return dim;
  dim.expression = expressions_.parse(size.expression);
  dim.symbols = expressions_.symbols(dim.expression);
  return dim;
}

void ProgramShapes::read_inputs(const Graph& graph) {
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    if (!given_by_caller(node)) continue;
    const Type& type = graph.type(graph.result(id));
    Input& input = inputs_.emplace_back();
    input.name = graph.text(node.name);
    input.scalar = type.kind == TypeKind::sym_int;
    if (input.scalar) input.dims.push_back(dim(type.scalar));
    if (type.kind != TypeKind::tensor) continue;
    for (const SymInt& size : type.sizes) input.dims.push_back(dim(size));
  }
  for (Input& input : inputs_) {
    for (Dim& dim : input.dims) {
      if (dim.expression) dim.shown = shown(expressions_.srepr(dim.expression));
    }
  }
}

// Symbols of inputs, with the values of the export as far as sizes tell them.
void ProgramShapes::find_symbols() {
  std::map<std::string, Symbol> found;
  Sizes hints;
  for (const Input& input : inputs_) {
    auto& sizes = hints.emplace_back();
    for (const Dim& dim : input.dims) {
      sizes.push_back(dim.hint.value_or(-1));
      for (const std::string& name : dim.symbols) found[name].name = name;
    }
  }
  const SymbolValues values = bind(hints);
  for (auto& [name, symbol] : found) {
    if (const auto value = values.find(name); value != values.end() && value->second >= 0) {
      symbol.hint = value->second;
    }
    symbols_.push_back(symbol);
  }
}

void ProgramShapes::read_constraints(const ShapeConstraints& constraints) {
  for (const SizeRange& range : constraints.ranges) {
    const auto symbol = std::ranges::find(symbols_, range.expression, &Symbol::name);
    if (symbol != symbols_.end()) symbol->range = {range.low, range.high};
    if (const auto id = expressions_.parse_infix(range.expression)) {
      ranges_.push_back({range.expression, *id, {range.low, range.high}});
    }
  }
  for (const std::string& guard : constraints.guards) read_guard(guard);
}

// Only if all of it is understood, and it held at export.
void ProgramShapes::read_guard(const std::string& text) {
  const auto id = expressions_.parse_infix(text);
  if (!id) return;
  Guard guard{text, *id, {}};
  for (const std::string& name : expressions_.symbols(*id)) {
    const auto source = find_source(name);
    if (!source) return;
    guard.sources.push_back(*source);
  }
  Sizes hints;
  for (const Input& input : inputs_) {
    auto& sizes = hints.emplace_back();
    for (const Dim& dim : input.dims) sizes.push_back(dim.hint.value_or(-1));
  }
  for (const Guard::Source& source : guard.sources) {
    if (hints[source.input][source.dim] < 0) return;
  }
  const Evaluation held = guard_value(guard, hints);
  if (held.value && python::truth(*held.value)) guards_.push_back(std::move(guard));
}

std::optional<ProgramShapes::Guard::Source> ProgramShapes::find_source(
    const std::string& name) const {
  const auto source = parse_source(name);
  if (!source) return std::nullopt;
  const auto input = std::ranges::find(inputs_, source->placeholder, &Input::name);
  if (input == inputs_.end() || input->scalar == source->dim.has_value()) return std::nullopt;
  const std::size_t dim = source->dim.value_or(0);
  if (dim >= input->dims.size()) return std::nullopt;
  return Guard::Source{name, static_cast<std::size_t>(input - inputs_.begin()), dim};
}

void ProgramShapes::read_tensors(const Graph& graph) {
  std::unordered_map<TypeId, std::size_t> places;
  for (std::uint32_t i = 0; i < graph.value_bound(); ++i) {
    if (!graph.alive(ValueId(i))) continue;
    const Value& value = graph.value(ValueId(i));
    const Node& producer = graph.node(value.producer);
    if (producer.opcode == Opcode::placeholder && !given_by_caller(producer)) continue;
    const Type& type = graph.types().type(value.type);
    if (type.kind != TypeKind::tensor) continue;
    const auto [at, added] = places.try_emplace(value.type, tensors_.size());
    if (added) {
      Tensors& tensors = tensors_.emplace_back();
      tensors.element_bytes = static_cast<std::int64_t>(dtype_bytes(type.dtype));
      for (const SymInt& size : type.sizes) tensors.sizes.push_back(dim(size));
    }
    ++tensors_[at->second].count;
  }
}

std::string ProgramShapes::shown(std::string_view srepr) {
  const ExprId id = expressions_.parse(srepr);
  std::vector<ExprId> open = {id};
  while (!open.empty()) {
    const ExprId at = open.back();
    open.pop_back();
    const Expressions::Node& node = expressions_.node(at);
    if (node.kind == Expressions::Kind::symbol) {
      details_.try_emplace(std::string(expressions_.text(node.text)),
                           expressions_.text(node.details));
    }
    for (const ExprId child : expressions_.children(at)) open.push_back(child);
  }
  std::string text = expressions_.infix(id, details_);
  return text.empty() ? std::string(srepr) : text;
}

}  // namespace fettle
