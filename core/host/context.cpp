#include "host/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <new>

namespace fettle {

const PluginCall*& current_plugin_call() noexcept {
  thread_local const PluginCall* current = nullptr;
  return current;
}

std::string printable(std::string_view text) {
  namespace utf = boost::locale::utf;
  if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return std::string(text);
  }
  std::string clean;
  clean.reserve(text.size());
  for (auto at = text.begin(); at != text.end();) {
    const utf::code_point point = utf::utf_traits<char>::decode(at, text.end());
    const bool valid = point != utf::illegal && point != utf::incomplete;
    if (point == '\n' || point == '\t') {
      clean += static_cast<char>(point);
    } else if (valid && point >= 0x20 && point != 0x7f) {
      utf::utf_traits<char>::encode(point, std::back_inserter(clean));
    } else {
      clean += '?';
    }
  }
  return clean;
}

std::string_view status_name(fettle_status status) {
  switch (status) {
    case FETTLE_OK:
      return "ok";
    case FETTLE_E_ARGUMENT:
      return "argument";
    case FETTLE_E_STALE:
      return "stale";
    case FETTLE_E_REFUSED:
      return "refused";
    case FETTLE_E_LIMIT:
      return "limit";
    case FETTLE_E_ABSENT:
      return "absent";
    case FETTLE_E_UNSUPPORTED:
      return "unsupported";
    case FETTLE_E_FAILED:
      return "failed";
    case FETTLE_E_CANCELLED:
      return "cancelled";
    case FETTLE_E_PLUGIN:
      return "plugin";
    default:
      return "internal";
  }
}

fettle_status status_of(Code code) {
  switch (code) {
    case Code::graph_stale_id:
      return FETTLE_E_STALE;
    case Code::graph_has_users:
    case Code::graph_use_before_definition:
    case Code::graph_foreign_value:
    case Code::graph_duplicate_name:
    case Code::graph_bad_signature:
    case Code::graph_bad_arguments:
    case Code::graph_new_alias:
    case Code::graph_bad_edit:
    case Code::graph_bad_block:
      return FETTLE_E_REFUSED;
    case Code::run_cancelled:
      return FETTLE_E_CANCELLED;
    case Code::graph_corrupt:
      return FETTLE_E_INTERNAL;
    default:
      return FETTLE_E_FAILED;
  }
}

fettle_status refuse(fettle_ctx* ctx, fettle_status status, std::string why) {
  if (ctx) ctx->last_refusal = std::move(why);
  return status;
}

fettle_status refuse_current_exception(fettle_ctx* ctx, const char* function) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    const Diagnostic& d = error.diagnostic();
    std::string why = fmt::format("{}[{}]: {}", function, code_name(d.code), d.what);
    if (!d.where.empty()) why += ", " + d.where;
    if (!d.why.empty()) why += ": " + d.why;
    return refuse(ctx, status_of(d.code), std::move(why));
  } catch (const std::bad_alloc&) {
    return FETTLE_E_INTERNAL;
  } catch (const std::exception& error) {
    return refuse(ctx, FETTLE_E_INTERNAL, fmt::format("{}: {}", function, error.what()));
  } catch (...) {
    return FETTLE_E_INTERNAL;
  }
}

namespace {

// What the plugin said, or else what the host refused it.
std::string reasons(const fettle_ctx& ctx) {
  if (ctx.errors.empty()) return ctx.last_refusal;
  std::string text;
  for (const std::string& error : ctx.errors) text += (text.empty() ? "" : "; ") + error;
  if (!ctx.last_refusal.empty()) text += "; the host had refused: " + ctx.last_refusal;
  return text;
}

std::string place(const fettle_ctx& ctx) {
  for (const std::string& where : ctx.error_places) {
    if (!where.empty()) return where;
  }
  return {};
}

}  // namespace

void throw_failed(fettle_ctx& ctx, std::string_view what, fettle_status status) {
  throw Error({.code = Code::plugin_failed,
               .what = fmt::format("{} answered {} ({})", what, status, status_name(status)),
               .where = place(ctx),
               .why = reasons(ctx),
               .hint = ctx.hint});
}

void throw_threw(fettle_ctx& ctx, std::string_view what, std::string_view text) {
  throw Error({.code = Code::plugin_threw,
               .what = fmt::format("{} threw a C++ exception across the C boundary", what),
               .where = place(ctx),
               .why = printable(text),
               .hint = "a plugin catches everything at its boundary and answers a status; "
                       "fettle.hpp does so"});
}

}  // namespace fettle
