// What stands behind the opaque handles of the C ABI while a callback runs, and the rules of the
// boundary in one place: sizes of structs, text by pointer and length, exceptions into status.
//
// A fettle_ctx lives for one callback: it collects what the plugin says, remembers what the host
// refused, and owns the scratch memory that borrowed answers point into.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/manager.hpp"
#include "base/error.hpp"
#include "fettle/fettle.h"
#include "graph/graph.hpp"
#include "graph/journal.hpp"
#include "host/components.hpp"
#include "host/plugin_call.hpp"
#include "ops/facts.hpp"
#include "ops/type_inference.hpp"

namespace fettle {
class AnalysisLookup;  // host/instance.hpp
}

struct fettle_ctx {
  fettle_ctx(fettle::Outcome& o, std::string_view speaker_name, const fettle::Graph* g = nullptr)
      : outcome(o), speaker(speaker_name), graph(g) {}

  fettle::Outcome& outcome;
  std::string speaker;              // the component or plugin, for messages
  const fettle::Graph* graph;       // the one whose node ids messages mean; may be null
  std::vector<std::string> errors;  // what the plugin reported with severity error, the first few
  std::vector<std::string> error_places;
  std::string hint;          // of the first error
  std::string last_refusal;  // what the host last refused, should the plugin not say why
  std::uint32_t dropped_notes = 0;
  std::pmr::monotonic_buffer_resource arena;
  std::vector<std::shared_ptr<const void>> borrowed;  // what answers point into, until the end

  template <class T>
  T* allocate(std::size_t n) {
    return static_cast<T*>(arena.allocate(std::max<std::size_t>(n, 1) * sizeof(T), alignof(T)));
  }
  // An analysis that the plugin may look at until the callback's answers were read.
  template <class T>
  const T& lend(std::shared_ptr<const T> answer) {
    borrowed.push_back(answer);
    return *answer;
  }
  // A copy that lives as long as the callback's answers.
  fettle_str keep(std::string_view text) {
    char* copy = allocate<char>(text.size());
    std::copy(text.begin(), text.end(), copy);
    return {copy, text.size()};
  }
};

// A graph as a plugin holds it. Analyses are the run's, so that each pass finds what the last one
// asked for; the other caches belong to the handle. One thread uses it at a time.
struct fettle_graph {
  explicit fettle_graph(fettle::AnalysisManager& a, fettle::Journal* j = nullptr,
                        const fettle::AnalysisLookup* l = nullptr)
      : graph(a.graph()), journal(j), analyses(a), lookup(l), plain_calls(a.graph()) {}
  fettle_graph(const fettle_graph&) = delete;
  fettle_graph& operator=(const fettle_graph&) = delete;

  const fettle::Graph& graph;
  fettle::Journal* journal;  // null: reading only
  fettle::AnalysisManager& analyses;
  const fettle::AnalysisLookup* lookup;  // of plugins' analyses; null: there are none to be had
  // The first erased node whose neighbour was asked for: whoever iterates has lost the way.
  mutable fettle::NodeId lost_at = {};

  struct TypeView {  // fettle_dim arrays of an interned type, made when first asked for
    std::vector<fettle_dim> sizes, strides, scalar;
  };
  mutable std::vector<std::unique_ptr<TypeView>> type_views;  // by type id
  mutable fettle::PlainCalls plain_calls;
  mutable std::unique_ptr<fettle::TypeInference> inference;  // made when first asked
  mutable fettle::NodeId constants_go_before;                 // cached: see abi_constants.cpp
};

namespace fettle {

// -- text

inline fettle_str to_abi(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view to_view(fettle_str text) {
  return text.data ? std::string_view(text.data, text.size) : std::string_view{};
}
// Valid UTF-8 without control characters, for messages of plugins that end up in reports.
std::string printable(std::string_view text);

// -- sizes: a struct of the other side may be older (shorter) or newer (longer) than ours.

// The size of T in version 1.0. When a struct grows, specialize this with the end of its last
// member of 1.0.
template <class T>
inline constexpr std::size_t kFirstSize = sizeof(T);

template <>
inline constexpr std::size_t kFirstSize<fettle_pass_v1> = offsetof(fettle_pass_v1, flags);
template <>
inline constexpr std::size_t kFirstSize<fettle_run_stats> =
    offsetof(fettle_run_stats, workspace_bytes);

template <>
inline constexpr std::size_t kFirstSize<fettle_verify_request> =
    offsetof(fettle_verify_request, rewrites);
template <>
inline constexpr std::size_t kFirstSize<fettle_verdict> = offsetof(fettle_verdict, rule);
template <>
inline constexpr std::size_t kFirstSize<fettle_verifier_v1> = offsetof(fettle_verifier_v1, flags);

template <class T>
bool usable(const T* them) {
  return them && them->size >= kFirstSize<T>;
}

// What they gave, as far as they know it; the rest is zero.
template <class T>
T read_struct(const T* them) {
  T mine{};
  std::memcpy(static_cast<void*>(&mine), them, std::min<std::size_t>(them->size, sizeof(T)));
  return mine;
}

// Fills their struct as far as they know it, and leaves their `size` alone.
template <class T>
void write_struct(T* them, T mine) {
  mine.size = them->size;
  std::memcpy(static_cast<void*>(them), &mine, std::min<std::size_t>(them->size, sizeof(T)));
}

// -- refusals and exceptions

fettle_status status_of(Code code);

// Remembers why the host said no, for the case that the plugin fails because of it.
fettle_status refuse(fettle_ctx* ctx, fettle_status status, std::string why);
fettle_status refuse_current_exception(fettle_ctx* ctx, const char* function) noexcept;

// The body of an ABI function: whatever it throws becomes a status.
template <class Fn>
fettle_status guarded(fettle_ctx* ctx, const char* function, Fn&& fn) noexcept {
  try {
    return fn();
  } catch (...) {
    return refuse_current_exception(ctx, function);
  }
}

// -- the other direction: calling a plugin. A status below zero and what it throws become Error
// (plugin_failed, plugin_threw), with the plugin's own messages; `what` is "pass 'dce': transform".
template <class Fn>
void call_plugin(fettle_ctx& ctx, std::string_view what, Fn&& fn);
[[noreturn]] void throw_failed(fettle_ctx& ctx, std::string_view what, fettle_status status);
[[noreturn]] void throw_threw(fettle_ctx& ctx, std::string_view what, std::string_view text);

template <class Fn>
void call_plugin(fettle_ctx& ctx, std::string_view what, Fn&& fn) {
  fettle_status status = FETTLE_OK;
  const PluginCallScope scope(what, ctx.speaker);
  try {
    status = fn();
  } catch (const std::exception& e) {
    throw_threw(ctx, what, e.what());
  } catch (...) {
    throw_threw(ctx, what, "an exception that is not a std::exception");
  }
  if (status < 0) throw_failed(ctx, what, status);
}

std::string_view status_name(fettle_status status);

}  // namespace fettle
