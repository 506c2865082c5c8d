#include "conformance/host_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/altered_host.hpp"
#include "conformance/counted_tensors.hpp"
#include "conformance/failing_calls.hpp"
#include "conformance/resized_calls.hpp"
#include "conformance/work.hpp"
#include "host/host_extensions.hpp"

namespace fettle::conformance {
namespace {

// What the plugin answers to init and its work on this host, if that is an error.
std::optional<Diagnostic> refusal_on(Subject& subject, const fettle_host& host,
                                     const WorkOptions& options = {}) {
  return refusal_of([&] {
    const Session session(subject, host);
    work(subject, session, options);
  });
}

}  // namespace

Finding check_absent_extensions(Subject& subject) {
  std::size_t without = 0;
  const auto extensions = host_extensions();
  for (const HostExtension& extension : extensions) {
    AlteredHost host;
    host.replace(extension.id, nullptr);
    const auto refused = refusal_on(subject, host.table());
    without += !refused;
    if (!refused || !refused->why.empty()) continue;
    return failed(fmt::format("without {}, {}, and reported nothing", extension.id, refused->what),
                  "say by fettle_host.report what is missing before answering an error");
  }
  return passed(fmt::format("it works without {} of {}", without, extensions.size()));
}

Finding check_old_host(Subject& subject) {
  const fettle_plugin& plugin = subject.library()->descriptor();
  const std::uint32_t oldest = plugin.abi_min_minor;
  if (oldest > 0 && oldest < FETTLE_ABI_MINOR) {
    return skipped(fmt::format("of hosts before 1.{}, only 1.0 is known here", FETTLE_ABI_MINOR));
  }
  if (refusal_on(subject, kHostTable)) return skipped("it does not do its work on any host");
  AlteredHost host;
  host.cut(oldest);
  const auto refused = refusal_of([&] {
    const Session session(subject, host.table());
    work(subject, session);
    call_with_cut_structs(subject, session);
  });
  if (!refused) return passed(fmt::format("1.{}", oldest));
  return failed(fmt::format("on a host of version 1.{}, {}", oldest, one_line(*refused)),
                "ask FETTLE_HAS for what is newer, or raise abi_min_minor");
}

Finding check_newer_host(Subject& subject) {
  if (refusal_on(subject, kHostTable)) return skipped("it does not do its work on any host");
  AlteredHost host;
  host.grow();
  std::string touched;
  const auto refused = refusal_of([&] {
    const Session session(subject, host.table());
    work(subject, session);
    touched = call_with_grown_structs(subject, session).touched;
  });
  if (refused) {
    return failed("on a host whose tables are longer, " + one_line(*refused),
                  "a table that is longer than yours is fine: compare sizes with FETTLE_HAS");
  }
  if (!touched.empty()) {
    return failed("it wrote behind the end of its own " + touched,
                  "of a struct of the host's, write what your header knows and no more");
  }
  return passed();
}

namespace {

// Every call up to some number, then ever fewer.
std::vector<std::uint64_t> calls_to_fail(std::uint64_t made) {
  constexpr std::uint64_t kAll = 80;
  std::vector<std::uint64_t> calls;
  for (std::uint64_t call = 1; call <= made; call += 1 + call / kAll) calls.push_back(call);
  return calls;
}

}  // namespace

Finding check_failing_calls(Subject& subject) {
  AlteredHost host;
  install_failing_calls(host);
  const Session session(subject, host.table());
  const WorkOptions briefly{.briefly = true};
  fail_call(0, FETTLE_OK);
  if (refusal_of([&] { work(subject, session, briefly); })) {
    return skipped("it does not do its work on any host");
  }
  const std::uint64_t made = calls_made();
  if (made == 0) return skipped("it calls nothing that can fail");
  const std::vector<std::uint64_t> calls = calls_to_fail(made);
  for (const std::uint64_t call : calls) {
    const fettle_status status = call % 2 ? FETTLE_E_REFUSED : FETTLE_E_INTERNAL;
    fail_call(call, status);
    try {
      refusal_of([&] { work(subject, session, briefly); });  // an error is a fine answer
    } catch (const Error& error) {
      const char* function = failed_function();
      if (error.code() == Code::plugin_threw || !function) throw;
      return failed(fmt::format("when {} (call {}) answered {}: {}", function, call, status,
                                one_line(error.diagnostic())),
                    "ask every status; on an error end or abort the rewrite and answer it");
    }
  }
  fail_call(0, FETTLE_OK);
  return passed(fmt::format("{} of {} calls", calls.size(), made));
}

Finding check_cancellation(Subject& subject) {
  const Session session(subject);
  const auto refused = refusal_of([&] { work(subject, session, {.cancelled = true}); });
  return passed(refused ? "it answers an error" : "it does its work all the same");
}

Finding check_tensors_released(Subject& subject) {
  AlteredHost host;
  install_counted_tensors(host);
  refusal_on(subject, host.table());
  const std::vector<HandedOver> all = handed_over();
  if (all.empty()) return skipped("it asked for no tensors");
  const auto fault = std::ranges::find_if(all, [](const auto& h) { return h.released != 1; });
  if (fault == all.end()) return passed(fmt::format("{} tensors", all.size()));
  const auto like_it = std::ranges::count_if(all, [&](const HandedOver& h) {
    return h.by == fault->by && (h.released > 1) == (fault->released > 1) && h.released != 1;
  });
  return failed(
      fmt::format("{} of {} that the host handed over were {}: those of {}", like_it, all.size(),
                  fault->released ? "released twice" : "never released", fault->by),
      "whoever holds a DLManagedTensorVersioned calls its deleter exactly once, on error "
      "paths too; every bound program is released");
}

}  // namespace fettle::conformance
