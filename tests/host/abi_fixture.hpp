// The C ABI called as a plugin calls it: the host's tables, a callback's context, a graph's handle.
#pragma once

#include "fixture.hpp"
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle::test {

struct Abi {
  explicit Abi(const std::string& text)
      : graph(graph_of(text)), journal(*graph), analyses(*graph), handle(analyses, &journal) {}

  template <class T>
  static T sized() {
    T out{};
    out.size = sizeof(T);
    return out;
  }
  fettle_node node(std::string_view name) const {
    for (std::uint32_t i = 0; i < graph->node_bound(); ++i) {
      if (graph->alive(NodeId(i)) && graph->text(graph->node(NodeId(i)).name) == name) return i;
    }
    FAIL("no node " << name);
    return FETTLE_NONE;
  }
  fettle_value value(std::string_view name) const {
    return graph->result(NodeId(node(name))).index;
  }
  fettle_type_id type(std::string_view name) const {
    return graph->value(ValueId(value(name))).type.index;
  }
  std::string text() const { return print(*graph); }

  std::unique_ptr<Graph> graph;
  Journal journal;
  Outcome outcome;
  fettle_ctx ctx{outcome, "test"};
  AnalysisManager analyses;
  fettle_graph handle;
};

inline std::string text_of(fettle_str s) {
  return std::string(to_view(s));
}
inline fettle_str str(std::string_view s) {
  return to_abi(s);
}

// Arguments of calls to be made. A list borrows its elements.
inline fettle_arg tensor(fettle_value value) {
  fettle_arg arg{};
  arg.payload = FETTLE_PAYLOAD_VALUE;
  arg.value = value;
  return arg;
}
inline fettle_arg block_arg(fettle_block block) {
  fettle_arg arg{};
  arg.payload = FETTLE_PAYLOAD_BLOCK;
  arg.block = block;
  return arg;
}
inline fettle_arg boolean(bool value) {
  fettle_arg arg{};
  arg.payload = FETTLE_PAYLOAD_BOOL;
  arg.i = value;
  return arg;
}
inline fettle_arg list(const std::vector<fettle_arg>& elements) {
  fettle_arg arg{};
  arg.payload = FETTLE_PAYLOAD_LIST;
  arg.n = elements.size();
  arg.elements = elements.data();
  return arg;
}
inline fettle_arg integer(std::int64_t i) {
  fettle_arg arg{};
  arg.payload = FETTLE_PAYLOAD_INT;
  arg.i = i;
  return arg;
}
inline fettle_arg named(fettle_arg arg, const char* name) {
  arg.name = str(name);
  arg.form = FETTLE_FORM_KEYWORD;
  return arg;
}

}  // namespace fettle::test
