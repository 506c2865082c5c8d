// Text against random graphs: what is printed exactly parses back to the same graph, by a
// comparison that knows nothing of text; and damaged text is refused or parsed, never worse.
#include <bit>
#include <random>

#include "graph/programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// -- the same graph, strings and ids of two pools compared by what they mean

class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b) {}

  bool blocks(BlockId x, BlockId y) {
    const Block& p = a_.block(x);
    const Block& q = b_.block(y);
    if (!text(p.name, q.name) || !text(p.unknown_fields, q.unknown_fields) ||
        p.is_single_tensor_return != q.is_single_tensor_return || p.node_count != q.node_count) {
      return false;
    }
    NodeId m = p.first, n = q.first;
    for (; m && n; m = a_.node(m).next, n = b_.node(n).next) {
      if (!nodes(m, n)) return false;
    }
    return !m && !n;
  }

 private:
  bool text(StringId x, StringId y) const { return a_.text(x) == b_.text(y); }

  bool nodes(NodeId x, NodeId y) {
    const Node& p = a_.node(x);
    const Node& q = b_.node(y);
    bool same = p.opcode == q.opcode && text(p.op, q.op) && text(p.name, q.name) &&
                p.arguments.size() == q.arguments.size() &&
                p.operands.size() == q.operands.size() && p.result_forms == q.result_forms &&
                p.result_count == q.result_count && p.metadata.size() == q.metadata.size() &&
                text(p.unknown_fields, q.unknown_fields) &&
                p.hop_single_tensor_return == q.hop_single_tensor_return &&
                p.output_specs == q.output_specs && !p.input_spec == !q.input_spec;
    if (!same) return false;
    for (std::uint32_t k = 0; k < p.result_count; ++k) {
      same = same && text(a_.value(a_.result(x, k)).name, b_.value(b_.result(y, k)).name) &&
             a_.type(a_.result(x, k)) == b_.type(b_.result(y, k));
    }
    for (std::size_t i = 0; same && i < p.operands.size(); ++i) {
      same = text(a_.value(p.operands[i]).name, b_.value(q.operands[i]).name);
    }
    for (std::size_t i = 0; same && i < p.metadata.size(); ++i) {
      same = text(p.metadata[i].key, q.metadata[i].key) &&
             text(p.metadata[i].text, q.metadata[i].text);
    }
    for (std::size_t i = 0; same && i < p.arguments.size(); ++i) {
      const NamedArgument& f = p.arguments[i];
      const NamedArgument& g = q.arguments[i];
      same = text(f.name, g.name) && f.form == g.form && arguments(f.value, g.value);
    }
    if (same && p.input_spec) {
      same = p.input_spec->kind == q.input_spec->kind &&
             p.input_spec->target == q.input_spec->target &&
             p.input_spec->persistent == q.input_spec->persistent &&
             arguments(p.input_spec->constant, q.input_spec->constant);
    }
    return same;
  }

  bool arguments(const Argument& x, const Argument& y) {
    if (x.kind != y.kind || x.payload.index() != y.payload.index()) return false;
    if (const auto* p = std::get_if<StringId>(&x.payload)) {
      return text(*p, std::get<StringId>(y.payload));
    }
    if (const auto* p = std::get_if<BlockRef>(&x.payload)) {
      const BlockRef& q = std::get<BlockRef>(y.payload);
      return text(p->name, q.name) && blocks(p->block, q.block);
    }
    if (const auto* p = std::get_if<std::vector<Argument>>(&x.payload)) {
      const auto& q = std::get<std::vector<Argument>>(y.payload);
      return std::equal(p->begin(), p->end(), q.begin(), q.end(),
                        [&](const Argument& f, const Argument& g) { return arguments(f, g); });
    }
    if (const auto* p = std::get_if<std::vector<DictEntry>>(&x.payload)) {
      const auto& q = std::get<std::vector<DictEntry>>(y.payload);
      return std::equal(p->begin(), p->end(), q.begin(), q.end(),
                        [&](const DictEntry& f, const DictEntry& g) {
                          return text(f.key, g.key) && arguments(f.value, g.value);
                        });
    }
    return same_argument(x, y);
  }

  const Graph& a_;
  const Graph& b_;
};

// -- random graphs

class Generator {
 public:
  explicit Generator(std::uint32_t seed)
      : random_(seed),
        graph_(std::make_unique<Graph>()),
        journal_(*graph_, Journal::Recording::off) {}

  std::unique_ptr<Graph> program() {
    block(kRootBlock, 3, 0);
    journal_.set_shape_constraints(constraints());
    return std::move(graph_);
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool coin() { return below(2) == 0; }

  std::string any_text() {
    std::string text;
    for (auto n = below(8); n > 0; --n) {
      text += coin() ? static_cast<char>('a' + below(26)) : static_cast<char>(below(256));
    }
    return text;
  }
  StringId text() { return graph_->intern(any_text()); }
  StringId fresh() {
    const std::string name = below(4) == 0 ? any_text() : std::string(1, "xyz"[below(3)]);
    return journal_.fresh_name(name);
  }
  double real() {
    const double plain[] = {0.0, -0.0, 1.0, 0.1, 1e300, 5e-324};
    return coin() ? plain[below(6)] : std::bit_cast<double>(random_());
  }
  std::int64_t integer() {
    return coin() ? static_cast<std::int64_t>(below(5)) : static_cast<std::int64_t>(random_());
  }
  SymInt size() {
    if (coin()) return below(5);
    SymInt size;
    size.expression = below(4) == 0 ? "x" + any_text() : expression(3);
    size.has_hint = coin();
    if (size.has_hint) size.value = integer();
    return size;
  }
  // srepr, mostly of what sizes are made of.
  std::string expression(int depth) {
    if (depth == 0 || below(3) == 0) {
      const char* symbols[] = {"Symbol('s0', positive=True, integer=True)",
                               "Symbol('s1', integer=True, positive=True)",
                               "Symbol('u0', integer=True)", "Symbol('u0', nonnegative=True)"};
      if (coin()) return symbols[below(4)];
      return "Integer(" + std::to_string(below(2) == 0 ? integer() : below(7) - 3) + ")";
    }
    const char* functions[] = {"Add", "Mul", "Pow", "FloorDiv", "Max", "StrictLessThan", "Foo"};
    std::string text = std::string(functions[below(7)]) + "(" + expression(depth - 1);
    for (auto n = below(3); n > 0; --n) text += ", " + expression(depth - 1);
    return text + ")";
  }
  ShapeConstraints constraints() {
    ShapeConstraints constraints;
    for (auto n = below(3); n > 0; --n) {
      SizeRange& range = constraints.ranges.emplace_back();
      range.expression = coin() ? "2*s0 - u0" : any_text();
      if (coin()) range.low = integer();
      if (coin()) range.high = integer();
    }
    for (auto n = below(3); n > 0; --n) constraints.guards.push_back(any_text());
    return constraints;
  }
  Device device() {
    Device device;
    if (coin()) device.type = coin() ? "cuda" : any_text();
    if (coin()) device.index = below(4);
    return device;
  }

  Type type(TypeKind kind) {
    Type type;
    type.kind = kind;
    if (kind == TypeKind::tensor) {
      type.dtype = static_cast<DType>(below(14));
      for (auto n = below(4); n > 0; --n) {
        type.sizes.push_back(size());
        type.strides.push_back(size());
      }
      type.requires_grad = coin();
      if (below(4) == 0) type.storage_offset = size();
      if (below(4) == 0) type.layout = static_cast<Layout>(below(9));
      type.device = device();
    }
    if (kind == TypeKind::sym_int || kind == TypeKind::sym_bool) type.scalar = size();
    if (kind == TypeKind::sym_float || kind == TypeKind::custom_obj) type.text = any_text();
    return type;
  }
  TypeId any_type() { return graph_->intern(type(static_cast<TypeKind>(below(8)))); }

  Argument argument(ArgKind kind, NodeSpec& node, int depth) {
    const auto operand = [&] { return node.add_operand(values_[below(values_.size())]); };
    const bool can_name = !values_.empty();
    switch (kind) {
      case ArgKind::tensor:
      case ArgKind::custom_obj:
        if (!can_name) break;
        return {kind, operand()};
      case ArgKind::optional_tensor:
        if (can_name && coin()) return {kind, operand()};
        return {kind, {}};
      case ArgKind::sym_int:
        if (can_name && coin()) return {kind, operand()};
        return {kind, integer()};
      case ArgKind::sym_float:
        if (can_name && coin()) return {kind, operand()};
        return {kind, real()};
      case ArgKind::sym_bool:
        if (can_name && coin()) return {kind, operand()};
        return {kind, coin()};
      case ArgKind::integer: return {kind, integer()};
      case ArgKind::dtype:
      case ArgKind::layout:
      case ArgKind::memory_format:
        return {kind, coin() ? integer() : static_cast<std::int64_t>(below(10))};
      case ArgKind::integers: {
        std::vector<std::int64_t> list(below(4));
        for (auto& item : list) item = integer();
        return {kind, list};
      }
      case ArgKind::real: return {kind, real()};
      case ArgKind::reals: {
        std::vector<double> list(below(4));
        for (auto& item : list) item = real();
        return {kind, list};
      }
      case ArgKind::boolean: return {kind, coin()};
      case ArgKind::complex_number: return {kind, std::complex<double>(real(), real())};
      case ArgKind::string:
      case ArgKind::operator_name: return {kind, text()};
      case ArgKind::device: return {kind, device()};
      case ArgKind::dict: {
        std::vector<DictEntry> entries(depth < 3 ? below(3) : 0);
        for (DictEntry& entry : entries) {
          entry.key = text();
          entry.value = any_argument(node, depth + 1);
        }
        return {kind, entries};
      }
      default: break;
    }
    const ArgKind element = element_kind(kind);
    if (element == ArgKind::none || (element == ArgKind::tensor && !can_name)) {
      return {element == ArgKind::none ? ArgKind::none : kind,
              element == ArgKind::none ? Argument::Payload() : std::vector<Argument>()};
    }
    std::vector<Argument> list(below(4));
    for (Argument& item : list) item = argument(element, node, depth + 1);
    return {kind, list};
  }

  Argument any_argument(NodeSpec& node, int depth) {
    return argument(static_cast<ArgKind>(below(static_cast<std::uint32_t>(ArgKind::dict) + 1)),
                    node, depth);
  }

  void finish(NodeId node) {
    for (ValueId value : graph_->results(node)) values_.push_back(value);
    if (below(4) == 0) journal_.set_node_details(node, text(), coin());
  }

  std::vector<MetadataEntry> metadata() {
    std::vector<MetadataEntry> entries(below(3));
    for (MetadataEntry& entry : entries) entry = {text(), text()};
    return entries;
  }

  void placeholder(BlockId block) {
    NodeSpec node;
    node.opcode = Opcode::placeholder;
    node.name = fresh();
    node.result_names = {coin() ? node.name : fresh()};
    node.result_types = {any_type()};
    node.result_forms = {{form_kind(node.result_types[0]), 1}};
    node.metadata = metadata();
    const NodeId id = journal_.create_node(node, {block, {}});
    finish(id);
    if (block != kRootBlock) return;
    InputSpec spec;
    spec.kind = static_cast<InputKind>(below(7));
    if (spec.kind != InputKind::user_input && spec.kind != InputKind::token)
      spec.target = any_text();
    if (spec.kind == InputKind::buffer) spec.persistent = coin();
    if (spec.kind == InputKind::constant_input) {
      const std::vector<ValueId> kept = std::move(values_);
      values_.clear();
      NodeSpec nobody;
      spec.constant = any_argument(nobody, 0);
      values_ = kept;
    }
    journal_.set_input_spec(id, spec);
  }

  ArgKind form_kind(TypeId type) const {
    switch (graph_->types().type(type).kind) {
      case TypeKind::sym_int: return ArgKind::sym_int;
      case TypeKind::sym_float: return ArgKind::sym_float;
      case TypeKind::sym_bool: return ArgKind::sym_bool;
      case TypeKind::custom_obj: return ArgKind::custom_obj;
      default: return ArgKind::tensor;
    }
  }

  void result(NodeSpec& node) {
    node.result_types.push_back(any_type());
    node.result_names.push_back(fresh());
  }

  void results(NodeSpec& node) {
    if (coin()) {
      result(node);
      if (coin()) node.result_names[0] = node.name;
      node.result_forms = {
          {coin() ? form_kind(node.result_types[0]) : ArgKind::optional_tensor, 1}};
      return;
    }
    for (auto n = below(4); n > 0; --n) {
      ResultForm form{ArgKind::none, 0};
      if (coin()) {
        form = {coin() ? ArgKind::tensors : ArgKind::sym_ints, below(4)};
      } else if (coin()) {
        form = {ArgKind::tensor, 1};
      }
      for (std::uint32_t k = 0; k < form.count; ++k) result(node);
      node.result_forms.push_back(form);
    }
  }

  void call(BlockId where, int depth) {
    NodeSpec node;
    node.opcode = below(4) == 0 ? static_cast<Opcode>(1 + below(4)) : Opcode::call_function;
    node.op = coin() ? graph_->intern("aten.f.default") : text();
    node.name = fresh();
    node.metadata = metadata();
    for (auto n = below(5); n > 0; --n) {
      NamedArgument argument{coin() ? StringId() : text(), ArgForm::positional,
                             any_argument(node, 0)};
      if (!graph_->text(argument.name).empty()) argument.form = static_cast<ArgForm>(below(3));
      node.arguments.push_back(std::move(argument));
    }
    if (depth < 3 && below(4) == 0) {
      const BlockId nested = journal_.create_block(text());
      const std::vector<ValueId> kept = std::move(values_);
      values_.clear();
      block(nested, 1, depth + 1);
      values_ = kept;
      node.arguments.push_back({StringId(),
                                ArgForm::positional,
                                {ArgKind::block, BlockRef{nested, graph_->block(nested).name}}});
    }
    results(node);
    finish(journal_.create_node(node, {where, {}}));
  }

  void block(BlockId id, std::uint32_t inputs, int depth) {
    for (std::uint32_t i = 0; i < inputs; ++i) placeholder(id);
    for (auto n = below(6); n > 0; --n) call(id, depth);
    NodeSpec node;
    node.opcode = Opcode::output;
    node.name = coin() ? graph_->intern("output") : fresh();
    std::vector<OutputSpec> specs;
    for (auto n = below(4); n > 0; --n) {
      node.arguments.push_back({StringId(), ArgForm::positional, any_argument(node, 0)});
      OutputSpec spec{static_cast<OutputKind>(below(8)), ""};
      if (spec.kind != OutputKind::user_output) spec.target = any_text();
      specs.push_back(spec);
    }
    finish(journal_.create_node(node, {id, {}}));
    if (id == kRootBlock) journal_.set_output_specs(specs);
    if (coin()) journal_.set_block_details(id, text(), coin());
  }

  std::mt19937_64 random_;
  std::unique_ptr<Graph> graph_;
  Journal journal_;
  std::vector<ValueId> values_;  // of the block being built
};

}  // namespace

TEST_CASE("random graphs print to text that parses to the same graph") {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    INFO("seed " << seed);
    const auto graph = Generator(seed).program();
    const std::string text = print(*graph, PrintOptions::exact());
    INFO(text);
    std::unique_ptr<Graph> parsed;
    REQUIRE_NOTHROW(parsed = parse_graph(text));
    REQUIRE(Comparison(*graph, *parsed).blocks(kRootBlock, kRootBlock));
    REQUIRE(parsed->shape_constraints() == graph->shape_constraints());
    REQUIRE(print(*parsed, PrintOptions::exact()) == text);
    (void)print(*graph);
  }
}

TEST_CASE("damaged text is refused with its place, or parsed") {
  std::mt19937 random(7);
  std::size_t refused = 0;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const std::string whole = print(*Generator(seed).program(), PrintOptions::exact());
    for (int round = 0; round < 30; ++round) {
      std::string text = whole;
      for (auto n = 1 + random() % 3; n > 0 && !text.empty(); --n) {
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
          case 0: text[at] = static_cast<char>(random()); break;
          case 1: text.erase(at, 1 + random() % 5); break;
          case 2: text.insert(at, text.substr(random() % text.size(), 1 + random() % 9)); break;
          default: text.resize(at);
        }
      }
      try {
        const auto graph = parse_graph(text);
        (void)find_problems(*graph);
        (void)print(*graph, PrintOptions::exact());
      } catch (const Error& error) {
        ++refused;
        const std::string_view code = code_name(error.code());
        REQUIRE((code.starts_with("text-") || code == "graph-bad-edit"));
      }
    }
  }
  CHECK(refused > 1000);
}
