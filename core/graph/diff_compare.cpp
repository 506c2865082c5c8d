#include "graph/diff_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/container_hash/hash.hpp>

namespace fettle::diff {
namespace {

// Hashes a call's operator and arguments; `operand(ValueId)` says what an operand counts as.
template <class OperandHash>
class CallHash {
 public:
  CallHash(const Graph& graph, const Node& node, const OperandHash& operand)
      : graph_(graph), node_(node), operand_(operand) {}

  std::size_t hash() {
    add(graph_.text(node_.op));
    for (const NamedArgument& argument : node_.arguments) add(argument.value);
    return hash_;
  }

 private:
  template <class T>
  void add(const T& value) {
    boost::hash_combine(hash_, value);
  }
  void add(std::string_view text) { add(std::hash<std::string_view>()(text)); }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(const Argument& argument) {
    add(static_cast<int>(argument.kind));
    std::visit([&](const auto& payload) { part(payload); }, argument.payload);
  }

  void part(std::monostate) {}
  void part(bool value) { add(value); }
  void part(std::int64_t value) { add(value); }
  void part(double value) { add(value); }
  void part(const std::complex<double>& value) { add(value.real()), add(value.imag()); }
  void part(StringId id) { add(graph_.text(id)); }
  void part(Operand operand) { add(operand_(node_.operands[operand.index])); }
  void part(const BlockRef& ref) { add(graph_.text(ref.name)); }
  void part(const DeviceArgument& device) { add(std::string_view((*device).type)); }
  void part(const std::vector<DictEntry>& entries) {
    for (const DictEntry& entry : entries) add(graph_.text(entry.key)), add(entry.value);
  }
  template <class T>
  void part(const std::vector<T>& list) {
    add(list.size());
    for (const T& element : list) add(element);
  }

  const Graph& graph_;
  const Node& node_;
  const OperandHash& operand_;
  std::size_t hash_ = 0;
};

std::size_t hash_result(NodeId producer, std::uint32_t result) {
  std::size_t hash = 0;
  boost::hash_combine(hash, producer.index);
  boost::hash_combine(hash, result);
  return hash;
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

Comparison::Comparison(const Graph& a, const Graph& b, const Matching& matching)
    : a_(a), b_(b), matching_(matching) {}

bool Comparison::same(StringId a, StringId b) {
  if (!a || !b) return a_.text(a) == b_.text(b);
  if (a.index >= translated_.size()) {
    translated_.resize(a_.strings().size());
    is_translated_.resize(a_.strings().size());
  }
  if (!is_translated_[a.index]) {
    is_translated_[a.index] = true;
    translated_[a.index] = b_.strings().find(a_.text(a));
  }
  return translated_[a.index] == b;
}

bool Comparison::same(TypeId a, TypeId b) {
  if (!a || !b) return !a && !b;
  const auto [known, fresh] =
      types_.try_emplace(std::uint64_t{a.index} << 32 | std::uint64_t{b.index});
  if (fresh) known->second = a_.types().type(a) == b_.types().type(b);
  return known->second;
}

bool Comparison::same_value(ValueId a, ValueId b) const {
  const Value &x = a_.value(a), &y = b_.value(b);
  return matching_.of_b(y.producer) == x.producer && x.result == y.result;
}

bool Comparison::same_list(const Node& a, const std::vector<Argument>& x, const Node& b,
                           const std::vector<Argument>& y) {
  return std::ranges::equal(x, y,
                            [&](const Argument& p, const Argument& q) { return same(a, p, b, q); });
}

bool Comparison::same(const Node& a, const Argument& x, const Node& b, const Argument& y) {
  if (x.kind != y.kind || x.payload.index() != y.payload.index()) return false;
  return std::visit(
      [&](const auto& p) {
        using P = std::decay_t<decltype(p)>;
        const auto& q = std::get<P>(y.payload);
        if constexpr (std::is_same_v<P, Operand>) {
          return same_value(a.operands[p.index], b.operands[q.index]);
        } else if constexpr (std::is_same_v<P, StringId>) {
          return same(p, q);
        } else if constexpr (std::is_same_v<P, BlockRef>) {
          return same(p.name, q.name);
        } else if constexpr (std::is_same_v<P, double>) {
          return same_bits(p, q);
        } else if constexpr (std::is_same_v<P, std::complex<double>>) {
          return same_bits(p.real(), q.real()) && same_bits(p.imag(), q.imag());
        } else if constexpr (std::is_same_v<P, std::vector<double>>) {
          return std::ranges::equal(p, q, same_bits);
        } else if constexpr (std::is_same_v<P, std::vector<Argument>>) {
          return same_list(a, p, b, q);
        } else if constexpr (std::is_same_v<P, std::vector<DictEntry>>) {
          return std::ranges::equal(p, q, [&](const DictEntry& d, const DictEntry& e) {
            return same(d.key, e.key) && same(a, d.value, b, e.value);
          });
        } else {
          return p == q;
        }
      },
      x.payload);
}

bool Comparison::same_call(NodeId a, NodeId b) {
  const Node &x = a_.node(a), &y = b_.node(b);
  return x.opcode == y.opcode && same(x.op, y.op) && x.result_count == y.result_count &&
         std::ranges::equal(x.arguments, y.arguments,
                            [&](const NamedArgument& p, const NamedArgument& q) {
                              return same(p.name, q.name) && same(x, p.value, y, q.value);
                            });
}

bool Comparison::share_an_operand(NodeId a, NodeId b) const {
  const Node &x = a_.node(a), &y = b_.node(b);
  const std::size_t count = std::min(x.operands.size(), y.operands.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (same_value(x.operands[i], y.operands[i])) return true;
  }
  return x.operands.empty() && y.operands.empty();
}

std::size_t Comparison::hash_a(NodeId a) const {
  const auto operand = [&](ValueId value) {
    return hash_result(a_.value(value).producer, a_.value(value).result);
  };
  return CallHash(a_, a_.node(a), operand).hash();
}

std::size_t Comparison::hash_b(NodeId b) const {
  const auto operand = [&](ValueId value) {
    return hash_result(matching_.of_b(b_.value(value).producer), b_.value(value).result);
  };
  return CallHash(b_, b_.node(b), operand).hash();
}

std::vector<std::string> Comparison::differences(NodeId a, NodeId b) {
  const Node &x = a_.node(a), &y = b_.node(b);
  std::vector<std::string> fields;
  if (x.opcode != y.opcode || !same(x.op, y.op)) fields.emplace_back("operator");
  compare_results(a, b, fields);
  compare_arguments(x, y, fields);
  compare_signature(x, y, fields);
  compare_metadata(x, y, fields);
  return fields;
}

void Comparison::compare_results(NodeId a, NodeId b, std::vector<std::string>& fields) {
  const Node &x = a_.node(a), &y = b_.node(b);
  if (x.result_count != y.result_count || x.result_forms != y.result_forms) {
    fields.emplace_back("results");
    return;
  }
  bool names = same(x.name, y.name), types = true;
  for (std::uint32_t k = 0; k < x.result_count; ++k) {
    const Value &v = a_.value(a_.result(a, k)), &w = b_.value(b_.result(b, k));
    names = names && same(v.name, w.name);
    types = types && same(v.type, w.type);
  }
  if (!names) fields.insert(fields.begin(), "name");
  if (!types) fields.emplace_back("type");
}

void Comparison::compare_arguments(const Node& a, const Node& b, std::vector<std::string>& fields) {
  if (a.arguments.size() != b.arguments.size()) {
    fields.emplace_back("number of arguments");
    return;
  }
  for (std::size_t i = 0; i < a.arguments.size(); ++i) {
    const NamedArgument &p = a.arguments[i], &q = b.arguments[i];
    const std::string_view name = b_.text(q.name);
    const std::string_view what = b.opcode == Opcode::output ? "output" : "argument";
    const std::string label =
        name.empty() ? fmt::format("{} {}", what, i) : fmt::format("{} '{}'", what, name);
    if (!same(p.name, q.name) || !same(a, p.value, b, q.value)) {
      fields.push_back(label);
    } else if (p.form != q.form) {
      fields.push_back("form of " + label);
    }
  }
}

bool Comparison::same_spec(const InputSpec* a, const InputSpec* b) {
  if (!a || !b) return a == b;
  const Node none;  // a Python constant names no operand
  return a->kind == b->kind && a->target == b->target && a->persistent == b->persistent &&
         same(none, a->constant, none, b->constant);
}

void Comparison::compare_signature(const Node& a, const Node& b, std::vector<std::string>& fields) {
  if (!same_spec(a.input_spec.get(), b.input_spec.get()) || a.output_specs != b.output_specs) {
    fields.emplace_back("signature");
  }
}

void Comparison::compare_metadata(const Node& a, const Node& b, std::vector<std::string>& fields) {
  const auto entry = [&](const Graph& graph, const Node& node, std::string_view key) {
    const auto found = std::ranges::find_if(
        node.metadata, [&](const MetadataEntry& e) { return graph.text(e.key) == key; });
    return found == node.metadata.end() ? nullptr : &*found;
  };
  for (const MetadataEntry& p : a.metadata) {
    const MetadataEntry* q = entry(b_, b, a_.text(p.key));
    if (!q || !same(p.text, q->text)) {
      fields.push_back(fmt::format("metadata '{}'", a_.text(p.key)));
    }
  }
  for (const MetadataEntry& q : b.metadata) {
    if (!entry(a_, a, b_.text(q.key))) {
      fields.push_back(fmt::format("metadata '{}'", b_.text(q.key)));
    }
  }
  if (a.hop_single_tensor_return != b.hop_single_tensor_return) {
    fields.emplace_back("is_hop_single_tensor_return");
  }
  if (!same(a.unknown_fields, b.unknown_fields)) fields.emplace_back("unknown fields");
}

}  // namespace fettle::diff
