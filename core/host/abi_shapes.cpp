// "fettle.shapes/1": symbols of dynamic sizes, for whoever makes inputs.
#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/program_impl.hpp"

namespace fettle {
namespace {

SymbolValues values_of(std::uint64_t n, const fettle_symbol_value* values) {
  SymbolValues result;
  for (std::uint64_t k = 0; k < n; ++k) {
    result.emplace(to_view(values[k].name), values[k].value);
  }
  return result;
}

std::uint64_t symbol_count(const fettle_program* p) {
  try {
    return p ? p->handle.shapes().symbols().size() : 0;
  } catch (...) {
    return 0;  // out of memory
  }
}

fettle_status symbol(fettle_ctx* ctx, const fettle_program* p, std::uint64_t index,
                     fettle_symbol_info* out) {
  return guarded(ctx, "symbol", [&]() -> fettle_status {
    if (!p || !usable(out)) return FETTLE_E_ARGUMENT;
    const auto& symbols = p->handle.shapes().symbols();
    if (index >= symbols.size()) return FETTLE_E_ABSENT;
    const ProgramShapes::Symbol& symbol = symbols[index];
    fettle_symbol_info info{};
    info.known = (symbol.range.low ? FETTLE_SYMBOL_LOW : 0u) |
                 (symbol.range.high ? FETTLE_SYMBOL_HIGH : 0u) |
                 (symbol.hint ? FETTLE_SYMBOL_HINT : 0u);
    info.name = to_abi(symbol.name);
    info.low = symbol.range.low.value_or(0);
    info.high = symbol.range.high.value_or(0);
    info.hint = symbol.hint.value_or(0);
    write_struct(out, info);
    return FETTLE_OK;
  });
}

fettle_status check(fettle_ctx* ctx, const fettle_program* p, std::uint64_t n,
                    const fettle_symbol_value* values) {
  return guarded(ctx, "check", [&]() -> fettle_status {
    if (!ctx || !p || (!values && n > 0)) return FETTLE_E_ARGUMENT;
    try {
      p->handle.shapes().check(values_of(n, values));
    } catch (const Error& error) {
      return refuse(ctx, FETTLE_E_REFUSED, error.diagnostic().what);
    }
    return FETTLE_OK;
  });
}

fettle_status evaluate(fettle_ctx* ctx, const fettle_program* p, fettle_str expression,
                       std::uint64_t n, const fettle_symbol_value* values, std::int64_t* out) {
  return guarded(ctx, "evaluate", [&]() -> fettle_status {
    if (!ctx || !p || !out || (!values && n > 0)) return FETTLE_E_ARGUMENT;
    const auto size = p->handle.shapes().evaluate_size(to_view(expression), values_of(n, values));
    if (!size) return FETTLE_E_ABSENT;
    *out = *size;
    return FETTLE_OK;
  });
}

fettle_status text(fettle_ctx* ctx, const fettle_program* p, fettle_str expression,
                   fettle_str* out) {
  return guarded(ctx, "text", [&]() -> fettle_status {
    if (!ctx || !p || !out) return FETTLE_E_ARGUMENT;
    *out = ctx->keep(p->handle.shapes().shown(to_view(expression)));
    return FETTLE_OK;
  });
}

fettle_status tensor_bytes(fettle_ctx* ctx, const fettle_program* p, std::uint64_t n,
                           const fettle_symbol_value* values, std::int64_t* out) {
  return guarded(ctx, "tensor_bytes", [&]() -> fettle_status {
    if (!ctx || !p || !out || (!values && n > 0)) return FETTLE_E_ARGUMENT;
    *out = p->handle.shapes().tensor_bytes(values_of(n, values));
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_shapes_v1 kShapesTable = {
    .size = sizeof(fettle_shapes_v1),
    .reserved = 0,
    .symbol_count = symbol_count,
    .symbol = symbol,
    .check = check,
    .evaluate = evaluate,
    .text = text,
    .tensor_bytes = tensor_bytes,
};

}  // namespace fettle
