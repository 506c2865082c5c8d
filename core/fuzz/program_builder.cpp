#include "fuzz/program_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "ops/facts.hpp"

namespace fettle {
namespace {

bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
         dtype == DType::bfloat16;
}
bool is_integral(DType dtype) {
  return dtype == DType::int64 || dtype == DType::int32 || dtype == DType::int16 ||
         dtype == DType::int8 || dtype == DType::uint8;
}

// Whether sizes broadcast, as far as numbers and equal expressions tell.
bool broadcast(const Type& a, const Type& b) {
  const std::size_t common = std::min(a.sizes.size(), b.sizes.size());
  for (std::size_t k = 1; k <= common; ++k) {
    const SymInt &x = a.sizes[a.sizes.size() - k], &y = b.sizes[b.sizes.size() - k];
    if (!(x == y) && !(x == SymInt(1)) && !(y == SymInt(1))) return false;
  }
  return true;
}

}  // namespace

ProgramBuilder::ProgramBuilder(Graph& graph, std::uint64_t seed)
    : graph_(graph),
      journal_(graph, Journal::Recording::off),
      inference_(graph),
      random_(seed),
      blocks_{{kRootBlock, {}, {}}} {}

double ProgramBuilder::number() {
  constexpr double kNumbers[] = {0, 0, 1, 1, -1, 0.5, 2, 2, 3, -0.25, 0.1, 1e-3, 10};
  return any_of(kNumbers);
}

void ProgramBuilder::declare_symbol(std::string_view name, std::int64_t low, std::int64_t high) {
  ShapeConstraints constraints;
  constraints.ranges.push_back({std::string(name), low, high});
  journal_.set_shape_constraints(std::move(constraints));
}

// -- inputs

NodeSpec ProgramBuilder::placeholder(std::string_view name, TypeId type) {
  NodeSpec spec;
  spec.opcode = Opcode::placeholder;
  spec.name = journal_.fresh_name(name);
  spec.result_forms = {ResultForm{}};
  spec.result_types = {type};
  spec.result_names = {spec.name};
  return spec;
}

ProgramBuilder::Known ProgramBuilder::input(Type type, double magnitude) {
  const TypeId id = graph_.intern(std::move(type));
  const NodeId node = journal_.create_node(placeholder(fmt::format("x{}", inputs_++), id), {});
  if (!first_input_) first_input_ = node;
  journal_.set_input_spec(node, {});
  return blocks_.front().known.emplace_back(Known{graph_.result(node), magnitude, false});
}

std::optional<ProgramBuilder::Known> ProgramBuilder::weight(const std::vector<std::int64_t>& sizes,
                                                            InputKind kind) {
  if (blocks_.size() > 1) return std::nullopt;
  TensorData data;
  data.type.kind = TypeKind::tensor;
  data.type.dtype = DType::float32;
  data.type.sizes.assign(sizes.begin(), sizes.end());
  data.type.strides.assign(sizes.size(), SymInt(1));
  std::int64_t elements = 1;
  for (std::size_t k = sizes.size(); k-- > 0;) {
    data.type.strides[k] = std::max<std::int64_t>(elements, 1);
    elements *= std::max<std::int64_t>(sizes[k], 1);
  }
  if (std::ranges::count(sizes, 0) > 0) elements = 0;
  std::vector<float> values(static_cast<std::size_t>(elements));
  const std::uint32_t filled = below(6);  // new layers have ones, and zeros
  for (float& value : values) {
    value = filled == 0 ? 1.0F : filled == 1 ? 0.0F : static_cast<float>(below(33)) / 16.0F - 1.0F;
  }
  data.storage = make_storage(values.data(), values.size() * sizeof(float));
  InputSpec spec;
  spec.kind = kind;
  spec.target = fmt::format("w{}", weights_++);
  Type type = data.type;
  type.requires_grad = kind == InputKind::parameter;
  const NodeId node = journal_.create_node(
      placeholder((kind == InputKind::parameter ? "p_" : "b_") + spec.target, graph_.intern(type)),
      {kRootBlock, first_input_});
  journal_.add_constant(spec.target, std::move(data));
  journal_.set_input_spec(node, std::move(spec));
  return blocks_.front().known.emplace_back(Known{graph_.result(node), 1, false});
}

// -- calls

void ProgramBuilder::add_argument(NodeSpec& spec, const Given& given) {
  const auto tensors = [&](const auto& values, ArgKind kind, ArgKind element) {
    std::vector<Argument> list;
    for (const auto& value : values) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, ValueId>) {
        list.push_back({element, spec.add_operand(value)});
      } else {
        list.push_back(value ? Argument{element, spec.add_operand(*value)} : Argument{element, {}});
      }
    }
    return Argument{kind, std::move(list)};
  };
  const Argument argument = std::visit(
      [&](const auto& payload) -> Argument {
        using P = std::decay_t<decltype(payload)>;
        if constexpr (std::is_same_v<P, std::monostate>) return {};
        if constexpr (std::is_same_v<P, bool>) return {ArgKind::boolean, payload};
        if constexpr (std::is_same_v<P, std::int64_t>) return {ArgKind::integer, payload};
        if constexpr (std::is_same_v<P, double>) return {ArgKind::real, payload};
        if constexpr (std::is_same_v<P, std::string>) {
          return {ArgKind::string, graph_.intern(payload)};
        }
        if constexpr (std::is_same_v<P, DType>) {
          return {ArgKind::dtype, static_cast<std::int64_t>(payload)};
        }
        if constexpr (std::is_same_v<P, std::vector<std::int64_t>>) {
          return {ArgKind::integers, payload};
        }
        if constexpr (std::is_same_v<P, ValueId>) {
          const bool size = graph_.type(payload).kind == TypeKind::sym_int;
          return {size ? ArgKind::sym_int : ArgKind::tensor, spec.add_operand(payload)};
        }
        if constexpr (std::is_same_v<P, std::vector<ValueId>>) {
          return tensors(payload, ArgKind::tensors, ArgKind::tensor);
        }
        if constexpr (std::is_same_v<P, std::vector<std::optional<ValueId>>>) {
          return tensors(payload, ArgKind::optional_tensors, ArgKind::optional_tensor);
        }
        return {};
      },
      given.payload);
  spec.arguments.push_back({graph_.intern(given.name),
                            given.name.empty() ? ArgForm::positional : ArgForm::keyword, argument});
}

std::optional<NodeId> ProgramBuilder::append(std::string_view op, const std::vector<Given>& given) {
  NodeSpec spec;
  spec.op = graph_.intern(op);
  for (const Given& argument : given) add_argument(spec, argument);
  bind_call(graph_, spec.op, spec.arguments, spec.operands, "a random program");
  std::vector<const Type*> operands;
  for (const ValueId operand : spec.operands) operands.push_back(&graph_.type(operand));
  CallTypes types = inference_.call({graph_, spec.op, spec.arguments, operands});
  if (!types.known || types.types.empty()) return std::nullopt;
  spec.result_forms = types.forms;
  for (Type& type : types.types) {
    type.requires_grad = false;  // recorded of inputs alone
    spec.result_types.push_back(graph_.intern(std::move(type)));
  }
  return journal_.create_node(std::move(spec), {blocks_.back().id, {}});
}

void ProgramBuilder::remember(NodeId call, double magnitude) {
  ++calls_;
  const CallFacts facts = call_facts(graph_, call);
  std::uint32_t k = 0;
  for (const ValueId result : graph_.results(call)) {
    const bool own = facts.known && !facts.results_share && k < facts.results_alias.size() &&
                     facts.results_alias[k].empty();
    blocks_.back().known.push_back({result, magnitude, own});
    ++k;
  }
}

std::optional<ProgramBuilder::Known> ProgramBuilder::call(std::string_view op,
                                                          std::vector<Given> given,
                                                          double magnitude) {
  const std::optional<NodeId> node = append(op, given);
  if (!node) return std::nullopt;
  remember(*node, magnitude);
  blocks_.back().made.push_back({std::string(op), std::move(given), magnitude});
  const std::size_t results = graph_.node(*node).result_count;
  return known()[known().size() - results];
}

std::optional<ValueId> ProgramBuilder::size_value(const Known& known, std::int64_t dim) {
  const std::optional<NodeId> node = append("aten.sym_size.int", {known.value, dim});
  if (!node) return std::nullopt;
  ++calls_;
  return graph_.result(*node);
}

std::optional<ProgramBuilder::Known> ProgramBuilder::again() {
  const std::vector<Made>& made = blocks_.back().made;
  if (made.empty()) return std::nullopt;
  Made chosen = any_of(made);
  return call(chosen.op, std::move(chosen.given), chosen.magnitude);
}

std::optional<ProgramBuilder::Known> ProgramBuilder::in_place(std::string_view op,
                                                              std::vector<Given> given,
                                                              const Known& written,
                                                              double magnitude) {
  const std::optional<NodeId> node = append(op, given);
  if (!node) return std::nullopt;
  ++calls_;
  for (Known& each : blocks_.back().known) {
    if (each.value == written.value) each.magnitude = magnitude;
  }
  return blocks_.back().known.emplace_back(Known{graph_.result(*node), magnitude, false});
}

// -- values

std::optional<ProgramBuilder::Known> ProgramBuilder::any() {
  return pick([](const Known&) { return true; });
}
bool ProgramBuilder::is_float(const Known& known) const { return is_floating(type(known).dtype); }
std::optional<ProgramBuilder::Known> ProgramBuilder::floating(std::size_t least_rank) {
  return pick([&](const Known& k) { return is_float(k) && rank(k) >= least_rank; });
}
std::optional<ProgramBuilder::Known> ProgramBuilder::integral() {
  return pick([&](const Known& k) { return is_integral(type(k).dtype); });
}
std::optional<ProgramBuilder::Known> ProgramBuilder::boolean() {
  return pick([&](const Known& k) { return type(k).dtype == DType::boolean; });
}

ProgramBuilder::Known ProgramBuilder::like(const Known& known) {
  const Type& wanted = type(known);
  return pick([&](const Known& k) {
           return type(k).dtype == wanted.dtype && type(k).sizes == wanted.sizes;
         }).value_or(known);
}

ProgramBuilder::Known ProgramBuilder::broadcasting(const Known& known, bool mixed) {
  return pick([&](const Known& k) {
           return (mixed || type(k).dtype == type(known).dtype) && broadcast(type(k), type(known));
         }).value_or(known);
}

std::optional<std::int64_t> ProgramBuilder::size(const Known& known, std::size_t dim) const {
  const SymInt& size = type(known).sizes.at(dim);
  if (size.symbolic()) return std::nullopt;
  return size.value;
}

std::optional<std::vector<std::int64_t>> ProgramBuilder::sizes(const Known& known) const {
  std::vector<std::int64_t> sizes;
  for (const SymInt& size : type(known).sizes) {
    if (size.symbolic()) return std::nullopt;
    sizes.push_back(size.value);
  }
  return sizes;
}

std::int64_t ProgramBuilder::dim(const Known& known) {
  const auto n = static_cast<std::int64_t>(rank(known));
  const std::int64_t dim = below(static_cast<std::uint32_t>(n));
  return one_in(2) ? dim : dim - n;
}

// -- nested graphs and the end

BlockId ProgramBuilder::open(std::string_view name, const std::vector<Known>& inputs,
                             bool single_return) {
  Block block{journal_.create_block(journal_.fresh_name(name), single_return), {}, {}};
  for (const Known& input : inputs) {
    const NodeId node = journal_.create_node(
        placeholder("arg", graph_.value(input.value).type), {block.id, {}});
    block.known.push_back({graph_.result(node), input.magnitude, false});
  }
  blocks_.push_back(std::move(block));
  return blocks_.back().id;
}

void ProgramBuilder::close(const std::vector<Known>& outputs) {
  NodeSpec spec;
  spec.opcode = Opcode::output;
  spec.name = graph_.intern("output");
  for (const Known& output : outputs) {
    spec.arguments.push_back({graph_.intern(""), ArgForm::positional,
                              {ArgKind::tensor, spec.add_operand(output.value)}});
  }
  journal_.create_node(std::move(spec), {blocks_.back().id, {}});
  blocks_.pop_back();
}

std::optional<ProgramBuilder::Known> ProgramBuilder::nested(std::string_view op, NodeSpec spec,
                                                            const std::vector<Known>& results) {
  spec.op = graph_.intern(op);
  spec.name = journal_.fresh_name(op.substr(op.find('.') + 1));
  spec.hop_single_tensor_return = false;
  for (const Known& result : results) {
    spec.result_types.push_back(graph_.value(result.value).type);
    spec.result_forms.push_back({ArgKind::tensor, 1});
    spec.result_names.push_back(journal_.fresh_name("getitem"));
  }
  const NodeId node = journal_.create_node(std::move(spec), {blocks_.back().id, {}});
  ++calls_;
  for (std::size_t k = 0; k < results.size(); ++k) {
    blocks_.back().known.push_back(
        {graph_.result(node, static_cast<std::uint32_t>(k)), results[k].magnitude, false});
  }
  return known()[known().size() - results.size()];
}

void ProgramBuilder::finish(const std::vector<Known>& outputs) {
  close(outputs);
  journal_.set_output_specs(std::vector<OutputSpec>(outputs.size()));
}

}  // namespace fettle
