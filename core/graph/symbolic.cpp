// Nodes, each once, and srepr both ways.
#include "graph/symbolic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <charconv>
#include <unordered_set>

namespace fettle {
namespace {

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads srepr: NAME, or NAME(argument, …), where leaves hold text that is kept as it is. Answers
// nothing for what does not come out again letter by letter.
class SreprParser {
 public:
  SreprParser(Expressions& into, std::string_view text) : into_(into), text_(text) {}

  std::optional<ExprId> all() {
    const auto id = expression(1);
    return id && at_ == text_.size() ? id : std::nullopt;
  }

 private:
  std::optional<ExprId> expression(int depth) {
    const std::size_t start = at_;
    while (at_ < text_.size() && name_char(text_[at_])) ++at_;
    const std::string_view name = text_.substr(start, at_ - start);
    if (name.empty() || depth > Expressions::kDeepest) return std::nullopt;
    if (!take("(")) return into_.atom(Expressions::Kind::constant, name);
    if (name == "Integer" || name == "Rational") return number(name);
    if (name == "Symbol" || name == "Float") return quoted(name);
    std::vector<ExprId> arguments;
    if (!take(")")) {
      do {
        const auto argument = expression(depth + 1);
        if (!argument) return std::nullopt;
        arguments.push_back(*argument);
      } while (take(", "));
      if (!take(")")) return std::nullopt;
    }
    return into_.call(name, arguments);
  }

  // Integer(-1), Rational(1, 2).
  std::optional<ExprId> number(std::string_view name) {
    const std::string_view inside = up_to_end();
    const std::size_t comma = inside.find(", ");
    const auto value = whole_number(inside.substr(0, comma));
    if (!value || !take(")")) return std::nullopt;
    if (name == "Integer") {
      return comma == inside.npos ? std::optional(into_.integer(*value)) : std::nullopt;
    }
    if (comma == inside.npos) return std::nullopt;
    const auto denominator = whole_number(inside.substr(comma + 2));
    if (!denominator || *denominator <= 0) return std::nullopt;
    return into_.rational(*value, *denominator);
  }

  // Symbol('s77', positive=True, integer=True), Float('0.5', precision=53).
  std::optional<ExprId> quoted(std::string_view name) {
    if (!take("'")) return std::nullopt;
    const std::size_t end = text_.find('\'', at_);
    if (end == text_.npos) return std::nullopt;
    const std::string_view text = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (text.find('\\') != text.npos) return std::nullopt;
    std::string_view details;
    if (take(", ")) details = up_to_end();
    if (!take(")")) return std::nullopt;
    return into_.atom(
        name == "Symbol" ? Expressions::Kind::symbol : Expressions::Kind::real, text, details);
  }

  std::string_view up_to_end() {
    const std::size_t start = at_;
    at_ = std::min(text_.find_first_of("()'", at_), text_.size());
    return text_.substr(start, at_ - start);
  }

  bool take(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }

  Expressions& into_;
  std::string_view text_;
  std::size_t at_ = 0;
};

void append_srepr(std::string& out, const Expressions& all, ExprId id) {
  const Expressions::Node& node = all.node(id);
  const auto quoted = [&](std::string_view head) {
    fmt::format_to(std::back_inserter(out), "{}('{}'", head, all.text(node.text));
    if (!all.text(node.details).empty()) out += ", ";
    out += all.text(node.details);
    out += ')';
  };
  switch (node.kind) {
    case Expressions::Kind::integer:
      fmt::format_to(std::back_inserter(out), "Integer({})", node.value);
      break;
    case Expressions::Kind::rational:
      fmt::format_to(std::back_inserter(out), "Rational({}, {})", node.value, node.denominator);
      break;
    case Expressions::Kind::real: quoted("Float"); break;
    case Expressions::Kind::symbol: quoted("Symbol"); break;
    case Expressions::Kind::constant:
    case Expressions::Kind::opaque: out += all.text(node.text); break;
    case Expressions::Kind::call: {
      out += all.text(node.text);
      std::string_view separator = "(";
      for (const ExprId child : all.children(id)) {
        out += separator;
        append_srepr(out, all, child);
        separator = ", ";
      }
      out += node.child_count == 0 ? "()" : ")";
    }
  }
}

}  // namespace

std::string_view usual_symbol_details(std::string_view name) {
  return name.starts_with('s') ? "positive=True, integer=True" : "integer=True";
}

ExprId Expressions::parse(std::string_view srepr) {
  const auto [at, added] = parsed_.try_emplace(std::string(srepr));
  if (added) {
    const auto id = SreprParser(*this, srepr).all();
    // Number forms that differ from how they are printed ("Integer(+1)") stay as they are, too.
    at->second = id && this->srepr(*id) == srepr ? *id : atom(Kind::opaque, srepr);
  }
  return at->second;
}

std::string Expressions::srepr(ExprId id) const {
  std::string out;
  append_srepr(out, *this, id);
  return out;
}

std::vector<std::string> Expressions::symbols(ExprId id) const {
  std::vector<std::string> names;
  std::vector<ExprId> open = {id};
  std::unordered_set<std::uint32_t> seen;
  while (!open.empty()) {
    const ExprId at = open.back();
    open.pop_back();
    if (!seen.insert(at.index).second) continue;
    if (node(at).kind == Kind::symbol) names.emplace_back(text(node(at).text));
    for (const ExprId child : children(at)) open.push_back(child);
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

ExprId Expressions::integer(std::int64_t value) {
  Node node{.kind = Kind::integer, .text = {}, .details = {}};
  node.value = value;
  return unique(node, {});
}

ExprId Expressions::rational(std::int64_t numerator, std::int64_t denominator) {
  Node node{.kind = Kind::rational, .text = {}, .details = {}};
  node.value = numerator;
  node.denominator = denominator;
  return unique(node, {});
}

ExprId Expressions::symbol(std::string_view name, std::string_view details) {
  return atom(Kind::symbol, name, details);
}

ExprId Expressions::atom(Kind kind, std::string_view text, std::string_view details) {
  Node node{.kind = kind, .text = strings_.intern(text), .details = {}};
  if (!details.empty()) node.details = strings_.intern(details);
  return unique(node, {});
}

ExprId Expressions::call(std::string_view function, std::span<const ExprId> arguments) {
  Node node{.kind = Kind::call, .text = strings_.intern(function), .details = {}};
  for (const ExprId argument : arguments) {
    node.depth = std::max(node.depth, nodes_[argument.index].depth + 1);
  }
  return unique(node, arguments);
}

ExprId Expressions::unique(Node node, std::span<const ExprId> children) {
  std::size_t hash = static_cast<std::size_t>(node.kind);
  boost::hash_combine(hash, node.text.index);
  boost::hash_combine(hash, node.details.index);
  boost::hash_combine(hash, node.value);
  boost::hash_combine(hash, node.denominator);
  for (const ExprId child : children) boost::hash_combine(hash, child.index);
  const auto [first, last] = ids_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const Node& other = nodes_[at->second.index];
    if (other.kind == node.kind && other.text == node.text && other.details == node.details &&
        other.value == node.value && other.denominator == node.denominator &&
        std::ranges::equal(this->children(at->second), children)) {
      return at->second;
    }
  }
  node.first_child = static_cast<std::uint32_t>(children_.size());
  node.child_count = static_cast<std::uint32_t>(children.size());
  children_.insert(children_.end(), children.begin(), children.end());
  nodes_.push_back(node);
  const ExprId id(size() - 1);
  ids_.emplace(hash, id);
  return id;
}

}  // namespace fettle
