// Dynamic sizes: the symbols of a program's inputs, and sizes under values of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fettle/cpp/program.hpp"

namespace fettle {
inline namespace sdk {

using SymbolValues = std::map<std::string, std::int64_t>;  // by name

struct Dynamic {     // a symbol that sizes of inputs have
  std::string name;  // "s77"
  std::optional<std::int64_t> low, high;  // the range that the program was exported for
  std::optional<std::int64_t> hint;       // its value at export
};

class Shapes {
 public:
  explicit Shapes(const Program& program) : program_(program.raw()), context_(program.context()) {
    if (detail::tables.shapes == nullptr) return;  // an older host: no symbols
    const std::uint64_t n = detail::tables.shapes->symbol_count(program_);
    for (std::uint64_t k = 0; k < n; ++k) {
      fettle_symbol_info info{};
      info.size = sizeof info;
      detail::check(detail::tables.shapes->symbol(context_.raw(), program_, k, &info), "symbol");
      Dynamic& symbol = symbols_.emplace_back();
      symbol.name = text(info.name);
      if ((info.known & FETTLE_SYMBOL_LOW) != 0) symbol.low = info.low;
      if ((info.known & FETTLE_SYMBOL_HIGH) != 0) symbol.high = info.high;
      if ((info.known & FETTLE_SYMBOL_HINT) != 0) symbol.hint = info.hint;
    }
  }

  const std::vector<Dynamic>& symbols() const { return symbols_; }

  // Whether inputs of these sizes are within ranges and guards.
  bool fit(const SymbolValues& values) const {
    if (detail::tables.shapes == nullptr) return true;
    const std::vector<fettle_symbol_value> raw = raw_of(values);
    return detail::tables.shapes->check(context_.raw(), program_, raw.size(), raw.data()) ==
           FETTLE_OK;
  }

  // The size; nothing if these values do not determine it.
  std::optional<std::int64_t> size(const fettle_dim& dim, const SymbolValues& values) const {
    if (dim.expression.size == 0) return dim.value;
    if (detail::tables.shapes == nullptr)
      return dim.has_hint != 0 ? std::optional(dim.value) : std::nullopt;
    const std::vector<fettle_symbol_value> raw = raw_of(values);
    std::int64_t out = 0;
    const fettle_status status = detail::tables.shapes->evaluate(
        context_.raw(), program_, dim.expression, raw.size(), raw.data(), &out);
    if (status == FETTLE_E_ABSENT) return std::nullopt;
    detail::check(status, "evaluate");
    return out;
  }

  // Bytes of all tensors of a run under these values, weights not counted.
  std::int64_t tensor_bytes(const SymbolValues& values) const {
    if (detail::tables.shapes == nullptr) return 0;
    const std::vector<fettle_symbol_value> raw = raw_of(values);
    std::int64_t out = 0;
    detail::check(detail::tables.shapes->tensor_bytes(context_.raw(), program_, raw.size(),
                                                      raw.data(), &out),
                  "tensor_bytes");
    return out;
  }

 private:
  static std::vector<fettle_symbol_value> raw_of(const SymbolValues& values) {
    std::vector<fettle_symbol_value> raw;
    for (const auto& [name, value] : values) raw.push_back({str(name), value});
    return raw;
  }

  const fettle_program* program_;
  Context context_;
  std::vector<Dynamic> symbols_;
};

// "s27=4, s77=2"
inline std::string to_text(const SymbolValues& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += (text.empty() ? "" : ", ") + name + "=" + std::to_string(value);
  return text;
}

}  // namespace sdk
}  // namespace fettle
