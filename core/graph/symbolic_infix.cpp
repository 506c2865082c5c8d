// Expressions as people and Python write them, both ways.
//
// What is written follows print(exported_program), except that nothing is reordered and what would
// be ambiguous is a call: parentheses are where the tree has them. Reading knows more: Python's
// notation of guards, with `//`, `%`, `and`, comparisons in a chain, math.floor, and sources such as
// L['x'].size()[0], which become symbols of that name.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "graph/symbolic.hpp"

namespace fettle {
namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain_name(std::string_view text) {
  constexpr std::array kWords = {"and", "or", "not", "in", "true", "false", "True", "False"};
  if (text.empty() || !starts_name(text[0])) return false;
  for (const char c : text) {
    if (!starts_name(c) && !is_digit(c)) return false;
  }
  for (const std::string_view word : kWords) {
    if (text == word) return false;
  }
  return true;
}

struct Spelling {
  std::string_view written, function;
};
constexpr Spelling kFunctions[] = {
    {"Eq", "Equality"},
    {"Ne", "Unequality"},
    {"abs", "Abs"},
    {"float", "ToFloat"},
    {"int", "TruncToInt"},
    {"math.ceil", "CeilToInt"},
    {"math.floor", "FloorToInt"},
    {"math.sqrt", "OpaqueUnaryFn_sqrt"},
    {"math.trunc", "TruncToInt"},
    {"max", "Max"},
    {"min", "Min"},
    {"round", "RoundToInt"},
    {"torch._sym_sqrt", "OpaqueUnaryFn_sqrt"},
    {"torch.sym_float", "ToFloat"},
    {"torch.sym_ite", "Where"},
    {"torch.sym_max", "Max"},
    {"torch.sym_min", "Min"},
};
constexpr Spelling kComparisons[] = {
    {"==", "Equality"},    {"!=", "Unequality"},     {"<=", "LessThan"},
    {">=", "GreaterThan"}, {"<", "StrictLessThan"},  {">", "StrictGreaterThan"},
};

class InfixParser {
 public:
  InfixParser(Expressions& into, std::string_view text, const Expressions::SymbolDetails& details)
      : into_(into), text_(text), details_(details) {}

  std::optional<ExprId> all() {
    const ExprId id = disjunction();
    skip_space();
    return ok_ && at_ == text_.size() ? std::optional(id) : std::nullopt;
  }

 private:
  // An operand, and whether it stood in parentheses: `a + (b + c)` keeps its inner sum.
  struct Item {
    ExprId id;
    bool group = false;
  };

  ExprId fail() {
    ok_ = false;
    at_ = text_.size();
    return into_.integer(0);
  }

  ExprId joined(std::string_view word, std::string_view function, ExprId (InfixParser::*operand)()) {
    std::vector<ExprId> operands = {(this->*operand)()};
    while (take_word(word)) operands.push_back((this->*operand)());
    return operands.size() == 1 ? operands[0] : into_.call(function, operands);
  }
  ExprId disjunction() {
    if (++depth_ > Expressions::kDeepest) return fail();
    const ExprId id = joined("or", "Or", &InfixParser::conjunction);
    --depth_;
    return id;
  }
  ExprId conjunction() { return joined("and", "And", &InfixParser::negation); }
  ExprId negation() {
    bool negated = false;
    while (take_word("not")) negated = !negated;
    const ExprId id = comparison();
    return negated ? into_.call("Not", {{id}}) : id;
  }

  ExprId comparison() {
    ExprId left = sum();
    std::vector<ExprId> relations;
    for (;;) {
      std::string_view function;
      for (const Spelling& comparison : kComparisons) {
        if (function.empty() && take(comparison.written)) function = comparison.function;
      }
      if (function.empty()) break;
      const ExprId right = sum();
      relations.push_back(into_.call(function, {{left, right}}));
      left = right;
    }
    if (relations.empty()) return left;
    return relations.size() == 1 ? relations[0] : into_.call("And", relations);
  }

  ExprId sum() { return sum_item().id; }
  Item sum_item() {
    Item first = product();
    std::vector<ExprId> terms = {first.id};
    for (;;) {
      if (take("+")) terms.push_back(product().id);
      else if (take("-")) terms.push_back(negative(product()));
      else break;
    }
    return terms.size() == 1 ? first : Item{into_.call("Add", terms)};
  }

  Item product() {
    Item left = unary();
    for (;;) {
      if (take("//")) {
        left = {into_.call("FloorDiv", {{left.id, unary().id}})};
      } else if (take("/")) {
        left = {quotient(left.id, unary().id)};
      } else if (take("%")) {
        left = {into_.call("PythonMod", {{left.id, unary().id}})};
      } else if (!peek("**") && take("*")) {
        std::vector<ExprId> factors = factors_of(left);
        factors.push_back(unary().id);
        left = {into_.call("Mul", factors)};
      } else {
        return left;
      }
    }
  }

  Item unary() {
    if (++depth_ > Expressions::kDeepest) return {fail()};
    const Item item = take("-") ? Item{negative(unary())} : power();
    --depth_;
    return item;
  }

  Item power() {
    const Item base = atom();
    if (!take("**")) return base;
    return {into_.call("Pow", {{base.id, unary().id}})};
  }

  Item atom() {
    skip_space();
    if (take("(")) {
      const ExprId inside = disjunction();
      return take(")") ? Item{inside, true} : Item{fail()};
    }
    if (at_ < text_.size() && is_digit(text_[at_])) return {number()};
    if (at_ < text_.size() && starts_name(text_[at_])) return {name()};
    return {fail()};
  }

  ExprId number() {
    const std::size_t start = at_;
    bool real = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool sign = (c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && !sign) break;
      real = real || !is_digit(c);
      ++at_;
    }
    const std::string_view digits = text_.substr(start, at_ - start);
    if (real) return into_.atom(Expressions::Kind::real, digits, "precision=53");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} ? into_.integer(value) : fail();
  }

  ExprId name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (starts_name(text_[at_]) || is_digit(text_[at_]) ||
                                  (text_[at_] == '.' && at_ + 1 < text_.size() &&
                                   starts_name(text_[at_ + 1])))) {
      ++at_;
    }
    std::string_view name = text_.substr(start, at_ - start);
    if (at_ < text_.size() && text_[at_] == '[') return source(start);
    if (take("(")) return call(name);
    if (name == "true" || name == "false" || name == "True" || name == "False") {
      return into_.atom(Expressions::Kind::constant,
                        name == "true" || name == "True" ? "true" : "false");
    }
    if (!is_plain_name(name)) return fail();
    const auto known = details_.find(name);
    return into_.symbol(name, known == details_.end() ? usual_symbol_details(name) : known->second);
  }

  // L['x'].size()[0], L['args'][0]: all of it is the name.
  ExprId source(std::size_t start) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '[') {
        const std::size_t end = text_.find(']', at_);
        if (end == text_.npos) return fail();
        at_ = end + 1;
      } else if (c == '.') {
        ++at_;
        while (at_ < text_.size() && (starts_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
      } else if (text_.substr(at_).starts_with("()")) {
        at_ += 2;
      } else {
        break;
      }
    }
    return into_.symbol(text_.substr(start, at_ - start), {});
  }

  ExprId call(std::string_view name) {
    for (const Spelling& known : kFunctions) {
      if (name == known.written) name = known.function;
    }
    std::vector<ExprId> arguments;
    if (!take(")")) {
      do arguments.push_back(disjunction());
      while (take(","));
      if (!take(")")) return fail();
    }
    return into_.call(name, arguments);
  }

  std::vector<ExprId> factors_of(Item item) const {
    const Expressions::Node& node = into_.node(item.id);
    const bool product = node.kind == Expressions::Kind::call && into_.text(node.text) == "Mul";
    if (!product || item.group) return {item.id};
    const auto children = into_.children(item.id);
    return {children.begin(), children.end()};
  }

  // -3, -2*x, -x.
  ExprId negative(Item item) {
    const auto negated = [&](ExprId id) -> std::optional<ExprId> {
      const Expressions::Node& node = into_.node(id);
      if (node.kind != Expressions::Kind::integer || node.value <= 0) return std::nullopt;
      return into_.integer(-node.value);
    };
    if (const auto number = negated(item.id)) return *number;
    std::vector<ExprId> factors = factors_of(item);
    const auto first = factors.size() > 1 ? negated(factors[0]) : std::nullopt;
    if (first) factors[0] = *first;
    else factors.insert(factors.begin(), into_.integer(-1));
    return into_.call("Mul", factors);
  }

  ExprId quotient(ExprId a, ExprId b) {
    const Expressions::Node &top = into_.node(a), &bottom = into_.node(b);
    if (top.kind == Expressions::Kind::integer && bottom.kind == Expressions::Kind::integer &&
        bottom.value > 0) {
      return into_.rational(top.value, bottom.value);
    }
    return into_.call("IntTrueDiv", {{a, b}});
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool peek(std::string_view wanted) {
    skip_space();
    return text_.substr(at_).starts_with(wanted);
  }
  bool take(std::string_view wanted) {
    if (!peek(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!peek(word)) return false;
    const char after = at_ + word.size() < text_.size() ? text_[at_ + word.size()] : ' ';
    if (starts_name(after) || is_digit(after)) return false;
    at_ += word.size();
    return true;
  }

  Expressions& into_;
  std::string_view text_;
  const Expressions::SymbolDetails& details_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool ok_ = true;
};

enum Level { kRelation, kSum, kProduct, kPower, kAtom };  // how tightly what is written binds

class InfixPrinter {
 public:
  explicit InfixPrinter(const Expressions& all) : all_(all) {}

  std::string print(ExprId id) {
    expression(id, kRelation);
    return std::move(out_);
  }

 private:
  void expression(ExprId id, Level least) {
    const bool grouped = level(id) < least;
    if (grouped) out_ += '(';
    bare(id);
    if (grouped) out_ += ')';
  }

  bool is_call(ExprId id, std::string_view function, std::uint32_t least_children) const {
    const Expressions::Node& node = all_.node(id);
    return node.kind == Expressions::Kind::call && all_.text(node.text) == function &&
           node.child_count >= least_children;
  }
  std::string_view relation(ExprId id) const {
    for (const Spelling& comparison : kComparisons) {
      if (comparison.written != "==" && comparison.written != "!=" &&
          is_call(id, comparison.function, 2)) {
        return comparison.written;
      }
    }
    return {};
  }
  bool is_negative(ExprId id) const {
    return all_.node(id).kind == Expressions::Kind::integer && all_.node(id).value < 0;
  }

  Level level(ExprId id) const {
    if (is_negative(id)) return kProduct;
    if (is_call(id, "Add", 2)) return kSum;
    if (is_call(id, "Mul", 2)) return kProduct;
    if (is_call(id, "Pow", 2)) return kPower;
    return relation(id).empty() ? kAtom : kRelation;
  }

  void bare(ExprId id) {
    const Expressions::Node& node = all_.node(id);
    const auto children = all_.children(id);
    if (is_call(id, "Add", 2)) return sum(children);
    if (is_call(id, "Mul", 2)) return product(children, false);
    if (is_call(id, "Pow", 2)) return pair(children, "**", kAtom);
    if (is_call(id, "FloorDiv", 2)) {
      out_ += '(';
      pair(children, "//", kAtom);
      out_ += ')';
      return;
    }
    if (const std::string_view sign = relation(id); !sign.empty()) {
      return pair(children, fmt::format(" {} ", sign), kSum);
    }
    switch (node.kind) {
      case Expressions::Kind::integer: out_ += std::to_string(node.value); break;
      case Expressions::Kind::rational:
        fmt::format_to(std::back_inserter(out_), "({}/{})", node.value, node.denominator);
        break;
      case Expressions::Kind::call: call(node, children); break;
      default: out_ += all_.text(node.text);
    }
  }

  void sum(std::span<const ExprId> terms) {
    expression(terms[0], kProduct);
    for (const ExprId term : terms.subspan(1)) {
      if (is_negative(term)) {
        fmt::format_to(std::back_inserter(out_), " - {}", -(all_.node(term).value + 1) + 1ull);
      } else if (is_call(term, "Mul", 2) && is_negative(all_.children(term)[0])) {
        out_ += " - ";
        product(all_.children(term), true);
      } else {
        out_ += " + ";
        expression(term, kProduct);
      }
    }
  }

  void product(std::span<const ExprId> factors, bool without_sign) {
    if (is_negative(factors[0])) {
      if (!without_sign) out_ += '-';
      const auto magnitude =
          static_cast<std::uint64_t>(-(all_.node(factors[0]).value + 1)) + 1u;
      if (magnitude != 1) fmt::format_to(std::back_inserter(out_), "{}*", magnitude);
    } else {
      expression(factors[0], kPower);
      out_ += '*';
    }
    for (const ExprId factor : factors.subspan(1)) {
      expression(factor, kPower);
      out_ += '*';
    }
    out_.pop_back();
  }

  void pair(std::span<const ExprId> operands, std::string_view sign, Level least) {
    expression(operands[0], least);
    out_ += sign;
    expression(operands[1], least);
  }

  void call(const Expressions::Node& node, std::span<const ExprId> arguments) {
    std::string_view name = all_.text(node.text);
    if (name == "Equality") name = "Eq";
    if (name == "Unequality") name = "Ne";
    out_ += name;
    out_ += '(';
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0) out_ += ", ";
      expression(arguments[i], kRelation);
    }
    out_ += ')';
  }

  const Expressions& all_;
  std::string out_;
};

}  // namespace

std::optional<ExprId> Expressions::parse_infix(std::string_view text,
                                               const SymbolDetails& details) {
  return InfixParser(*this, text, details).all();
}

std::string Expressions::infix(ExprId id, const SymbolDetails& details) {
  std::string text = InfixPrinter(*this).print(id);
  return parse_infix(text, details) == id ? text : std::string();
}

}  // namespace fettle
