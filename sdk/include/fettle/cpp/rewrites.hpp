// What one pass did, rewrite by rewrite, each as a pair of small programs.
#pragma once

#include <memory>
#include <string>

#include "fettle/cpp/program.hpp"

#if FETTLE_TARGET_MINOR >= 1
namespace fettle {
inline namespace sdk {

// The programs are good until the next cut.
struct RewriteCut {
  Program before, after;
  bool whole;  // nothing was left out
};

class Rewrites {
 public:
  Rewrites(fettle_ctx* context, const fettle_rewrites* raw) : context_(context), raw_(raw) {}

  std::uint64_t count() const { return detail::rewrites_table().count(raw_); }
  fettle_rewrite_info info(std::uint64_t index) const {
    fettle_rewrite_info info{};
    info.size = sizeof info;
    detail::check(detail::rewrites_table().info(context_, raw_, index, &info), "info");
    return info;
  }
  // Nothing: this rewrite cannot be looked at by itself; the host has said why.
  std::unique_ptr<RewriteCut> cut(std::uint64_t index, std::uint64_t radius) const {
    fettle_rewrite_cut raw{};
    raw.size = sizeof raw;
    const fettle_status status = detail::rewrites_table().cut(context_, raw_, index, radius, &raw);
    if (status == FETTLE_E_UNSUPPORTED) return nullptr;
    detail::check(status, "cut");
    return std::unique_ptr<RewriteCut>(
        new RewriteCut{{context_, raw.before}, {context_, raw.after}, raw.whole != 0});
  }

 private:
  fettle_ctx* context_;
  const fettle_rewrites* raw_;
};

}  // namespace sdk
}  // namespace fettle
#endif
