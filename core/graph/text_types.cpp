#include "graph/text_types.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fettle::text {
namespace {

using Detail = PrintOptions::Types;

void append_size(std::string& out, const SymInt& size, Detail detail, SymbolText& symbols) {
  if (!size.symbolic()) {
    fmt::format_to(std::back_inserter(out), "{}", size.value);
    return;
  }
  symbols.append(out, size.expression);
  if (size.has_hint && detail == Detail::full) {
    fmt::format_to(std::back_inserter(out), "={}", size.value);
  }
}

void append_sizes(std::string& out, const std::vector<SymInt>& sizes, Detail detail,
                  SymbolText& symbols) {
  out += '[';
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) out += ", ";
    append_size(out, sizes[i], detail, symbols);
  }
  out += ']';
}

bool has_symbol(const std::vector<SymInt>& sizes) {
  return std::ranges::any_of(sizes, [](const SymInt& size) { return size.symbolic(); });
}

// Contiguous as torch sees it: strides of dimensions of size 1 do not matter.
bool is_contiguous(const Type& type, const std::vector<SymInt>& usual) {
  if (type.strides.size() != usual.size()) return false;
  for (std::size_t d = 0; d < usual.size(); ++d) {
    if (type.sizes[d].value > 1 && !(type.strides[d] == usual[d])) return false;
  }
  return true;
}

void append_flags(std::string& out, const Type& type, SymbolText& symbols) {
  std::vector<std::string> flags;
  if (type.requires_grad) flags.push_back("requires_grad");
  if (!(type.storage_offset == SymInt())) {
    append_size(flags.emplace_back("offset="), type.storage_offset, Detail::full, symbols);
  }
  if (type.layout != Layout::strided) {
    const auto number = static_cast<std::int64_t>(type.layout);
    const std::string_view name = layout_name(number);
    flags.push_back("layout=" + (name.empty() ? std::to_string(number) : std::string(name)));
  }
  if (!flags.empty()) fmt::format_to(std::back_inserter(out), "<{}>", fmt::join(flags, ", "));
}

void append_tensor_type(std::string& out, const Type& type, Detail detail, SymbolText& symbols) {
  const bool full = detail == Detail::full;
  out += dtype_name(type.dtype);
  append_sizes(out, type.sizes, detail, symbols);
  const std::vector<SymInt> usual = contiguous_strides(type.sizes);
  const bool shown = full ? type.strides != usual
                          : !has_symbol(type.sizes) && !is_contiguous(type, usual);
  if (shown) append_sizes(out, type.strides, detail, symbols);
  if (type.device != Device{}) {
    if (is_identifier(type.device.type)) out += type.device.type;
    else append_string(out, type.device.type);
    if (type.device.index) fmt::format_to(std::back_inserter(out), ":{}", *type.device.index);
  }
  if (full) append_flags(out, type, symbols);
}

// `in_angles`: a `>` ends it.
SymInt parse_size(Lexer& lexer, SymbolText& symbols, bool in_angles = false) {
  SymInt size;
  const char after = lexer.after();
  const bool ends = after == ',' || after == ']' || after == ')' || after == '>';
  if (lexer.peek().kind == Tok::integer && ends) {
    size.value = lexer.take().integer;
    return size;
  }
  const std::size_t at = lexer.peek().at;
  if (lexer.peek().kind == Tok::string) {
    size.expression = lexer.take().text;
    if (size.expression.empty()) lexer.fail(Code::text_syntax, at, "a size is an empty expression");
  } else {
    size.expression = symbols.parse(lexer, in_angles);
  }
  size.has_hint = lexer.take_if("=");
  if (size.has_hint) size.value = lexer.take_integer("the hint of a symbolic size");
  return size;
}

std::vector<SymInt> parse_sizes(Lexer& lexer, SymbolText& symbols) {
  std::vector<SymInt> sizes;
  lexer.expect("[");
  while (!lexer.is("]")) {
    sizes.push_back(parse_size(lexer, symbols));
    if (!lexer.take_if(",")) break;
  }
  lexer.expect("]");
  return sizes;
}

void parse_flags(Lexer& lexer, SymbolText& symbols, Type& type) {
  while (!lexer.is(">")) {
    if (lexer.take_if("requires_grad")) {
      type.requires_grad = true;
    } else if (lexer.take_if("offset")) {
      lexer.expect("=");
      type.storage_offset = parse_size(lexer, symbols, true);
    } else if (lexer.take_if("layout")) {
      lexer.expect("=");
      const Token name = lexer.take();
      const std::optional<std::int64_t> number =
          name.kind == Tok::integer ? name.integer : layout_from_name(name.raw);
      if (!number || *number < 0 || *number > 255) {
        lexer.fail(Code::text_syntax, name.at, fmt::format("'{}' is no layout", name.raw));
      }
      type.layout = static_cast<Layout>(*number);
    } else {
      lexer.fail_expected("requires_grad, offset= or layout=");
    }
    if (!lexer.take_if(",")) break;
  }
  lexer.expect(">");
}

Type parse_tensor_type(Lexer& lexer, SymbolText& symbols) {
  Type type;
  type.kind = TypeKind::tensor;
  const Token name = lexer.take();
  if (name.raw != "?") {
    const std::optional<DType> dtype = dtype_from_name(name.raw);
    if (!dtype) {
      lexer.fail(Code::text_syntax, name.at, fmt::format("'{}' is no type", name.raw),
                 "types are f32[2, 3], i64[], Sym(s0), Token …");
    }
    type.dtype = *dtype;
  }
  type.sizes = parse_sizes(lexer, symbols);
  type.strides = lexer.is("[") ? parse_sizes(lexer, symbols) : contiguous_strides(type.sizes);
  if (lexer.is_name() || lexer.peek().kind == Tok::string) {
    type.device.type = lexer.peek().kind == Tok::string ? lexer.take().text
                                                        : lexer.take_name("a device");
    if (lexer.take_if(":")) type.device.index = lexer.take_integer("the device's index");
  }
  if (lexer.take_if("<")) parse_flags(lexer, symbols, type);
  return type;
}

}  // namespace

std::vector<SymInt> contiguous_strides(const std::vector<SymInt>& sizes) {
  if (has_symbol(sizes)) return {};
  std::vector<SymInt> strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    strides[d] = stride;
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(sizes[d].value, 1), &stride))
      return {};
  }
  return strides;
}

void append_type(std::string& out, const Type& type, Detail detail, SymbolText& symbols) {
  switch (type.kind) {
    case TypeKind::unknown: return;
    case TypeKind::tensor: return append_tensor_type(out, type, detail, symbols);
    case TypeKind::sym_int:
    case TypeKind::sym_bool:
      out += type.kind == TypeKind::sym_int ? "Sym(" : "SymBool(";
      append_size(out, type.scalar, detail, symbols);
      break;
    case TypeKind::sym_float:
    case TypeKind::custom_obj:
      out += type.kind == TypeKind::sym_float ? "SymFloat(" : "CustomObj(";
      append_string(out, type.text);
      break;
    case TypeKind::token: out += "Token"; return;
    case TypeKind::none: out += "None"; return;
  }
  out += ')';
}

Type parse_type(Lexer& lexer, SymbolText& symbols) {
  Type type;
  const auto in_parentheses = [&](TypeKind kind, auto&& read) {
    type.kind = kind;
    lexer.expect("(");
    read();
    lexer.expect(")");
    return type;
  };
  const auto scalar = [&] { type.scalar = parse_size(lexer, symbols); };
  const auto text = [&] { type.text = lexer.take_string("a quoted text"); };
  if (lexer.take_if("Sym")) return in_parentheses(TypeKind::sym_int, scalar);
  if (lexer.take_if("SymBool")) return in_parentheses(TypeKind::sym_bool, scalar);
  if (lexer.take_if("SymFloat")) return in_parentheses(TypeKind::sym_float, text);
  if (lexer.take_if("CustomObj")) return in_parentheses(TypeKind::custom_obj, text);
  if (lexer.take_if("Token")) {
    type.kind = TypeKind::token;
    return type;
  }
  if (lexer.take_if("None")) {
    type.kind = TypeKind::none;
    return type;
  }
  if (lexer.peek().kind != Tok::word && !lexer.is("?")) lexer.fail_expected("a type");
  return parse_tensor_type(lexer, symbols);
}

}  // namespace fettle::text

namespace fettle {

std::string print_type(const Type& type, PrintOptions::Types detail) {
  std::string out;
  text::SymbolText symbols(type);
  text::append_type(out, type, detail, symbols);
  return out;
}

}  // namespace fettle
