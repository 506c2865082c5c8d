// What the edits of "fettle.edit/1" and "fettle.blocks/1" share.
#pragma once

#include <fmt/format.h>

#include "host/abi_arguments.hpp"
#include "host/context.hpp"

namespace fettle {

// The body of an edit on a graph that may be edited. What was done before it was refused is undone.
template <class Fn>
fettle_status edit(fettle_ctx* ctx, fettle_graph* g, const char* function, Fn&& fn) noexcept {
  if (!g) return FETTLE_E_ARGUMENT;
  if (!g->journal) {
    return guarded(ctx, function, [&] {
      return refuse(ctx, FETTLE_E_REFUSED,
                    fmt::format("{}: this graph is for reading only", function));
    });
  }
  return guarded(ctx, function, [&]() -> fettle_status {
    const Journal::Mark before = g->journal->mark();
    try {
      return fn(*g->journal);
    } catch (...) {
      if (g->journal->mark() > before) g->journal->rollback(before);
      throw;
    }
  });
}

[[noreturn]] inline void refuse_edit(std::string_view function, std::string why,
                                     std::string hint = {}) {
  throw Error({.code = Code::graph_bad_edit,
               .what = fmt::format("the edit '{}' was refused", function),
               .why = std::move(why),
               .hint = std::move(hint)});
}

[[noreturn]] inline void refuse_stale(std::string_view function, std::string why) {
  throw Error({.code = Code::graph_stale_id,
               .what = fmt::format("the edit '{}' was refused", function),
               .why = std::move(why)});
}

inline const Node& live(const Graph& graph, fettle_node id, std::string_view function) {
  if (!graph.alive(NodeId(id))) {
    refuse_stale(function, fmt::format("node {} does not exist or was erased", id));
  }
  return graph.node(NodeId(id));
}

inline void require_type(const Graph& graph, fettle_type_id id, std::string_view function) {
  if (id >= graph.types().size()) refuse_stale(function, fmt::format("there is no type {}", id));
}

// A call as create_node makes it: before `before`, or at the end of `where.block` (abi_edit.cpp).
NodeId create_call(fettle_graph& g, const fettle_node_spec& asked, InsertPoint where);

// What rules say about a call of bound arguments (abi_types.cpp).
CallTypes infer_call(const fettle_graph& g, StringId op, const BoundArguments& call);

}  // namespace fettle
