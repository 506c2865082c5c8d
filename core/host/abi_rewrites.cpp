// "fettle.rewrites/1": what one pass did, rewrite by rewrite.
#include <fmt/format.h>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/program_impl.hpp"
#include "host/rewrite_log.hpp"

namespace fettle {
namespace {

const RewriteLog& log_of(const fettle_rewrites* rewrites) {
  return *reinterpret_cast<const RewriteLog*>(rewrites);
}

std::uint64_t count(const fettle_rewrites* r) {
  return r ? log_of(r).count() : 0;
}

fettle_status info(fettle_ctx* ctx, const fettle_rewrites* r, std::uint64_t index,
                   fettle_rewrite_info* out) {
  return guarded(ctx, "info", [&]() -> fettle_status {
    if (!r || !usable(out)) return FETTLE_E_ARGUMENT;
    if (index >= count(r)) return FETTLE_E_ABSENT;
    fettle_rewrite_info found{};
    found.root = to_abi(log_of(r).root(index));
    found.why = to_abi(log_of(r).why(index));
    write_struct(out, found);
    return FETTLE_OK;
  });
}

// People should know what was not looked at; the first reason stands for the others.
void say_why(fettle_ctx& ctx, const RewriteLog& log, std::uint64_t index, const std::string& why) {
  ctx.outcome.notes.push_back(
      {.code = Code::plugin_message,
       .what = fmt::format("{}: rewrite {} cannot be looked at by itself", ctx.speaker, index + 1),
       .where = fmt::format("{}, at '{}'", log.why(index), log.root(index)),
       .why = why,
       .severity = Severity::note});
}

fettle_status cut(fettle_ctx* ctx, const fettle_rewrites* r, std::uint64_t index,
                  std::uint64_t radius, fettle_rewrite_cut* out) {
  return guarded(ctx, "cut", [&]() -> fettle_status {
    if (!ctx || !r || !usable(out)) return FETTLE_E_ARGUMENT;
    if (index >= count(r)) return FETTLE_E_ABSENT;
    const RewriteLog::Cut made = log_of(r).cut(index, radius);
    if (!made.refusal.empty()) {
      if (log_of(r).first_refusal()) say_why(*ctx, log_of(r), index, made.refusal);
      return refuse(ctx, FETTLE_E_UNSUPPORTED, made.refusal);
    }
    fettle_rewrite_cut found{};
    found.whole = made.whole;
    found.before = made.before->abi();
    found.after = made.after->abi();
    write_struct(out, found);
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_rewrites_v1 kRewritesTable = {
    .size = sizeof(fettle_rewrites_v1),
    .reserved = 0,
    .count = count,
    .info = info,
    .cut = cut,
};

}  // namespace fettle
