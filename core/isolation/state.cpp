#include "isolation/state.hpp"

#include <boost/container_hash/hash.hpp>
#include <string>
#include <string_view>

#include "graph/text.hpp"

namespace fettle {
namespace {

std::uint64_t hash_interned(const Graph& graph, Interned count) {
  std::size_t hash = 0;
  for (std::uint32_t i = 0; i < count.strings; ++i) {
    boost::hash_combine(hash, std::hash<std::string_view>{}(graph.text(StringId(i))));
  }
  for (std::uint32_t i = 0; i < count.types; ++i) {
    boost::hash_combine(hash, hash_value(graph.types().type(TypeId(i))));
  }
  return hash;
}

}  // namespace

LoadedState LoadedState::of(const Graph& graph) {
  const Interned now = Interned::of(graph);
  return {now, hash_interned(graph, now)};
}

bool LoadedState::begins(const Graph& graph) const {
  const Interned now = Interned::of(graph);
  return interned.strings <= now.strings && interned.types <= now.types &&
         hash_interned(graph, interned) == interned_hash;
}

void LoadedState::write(ByteWriter& out) const {
  out.number(interned.strings);
  out.number(interned.types);
  out.number(interned_hash);
}

LoadedState LoadedState::read(ByteReader& in) {
  LoadedState state;
  state.interned.strings = in.number<std::uint32_t>();
  state.interned.types = in.number<std::uint32_t>();
  state.interned_hash = in.number<std::uint64_t>();
  return state;
}

std::uint64_t hash_program(const Graph& graph) {
  std::size_t hash = std::hash<std::string>{}(print(graph, PrintOptions::exact()));
  for (const std::uint32_t bound : {graph.node_bound(), graph.value_bound(), graph.block_bound()}) {
    boost::hash_combine(hash, bound);
  }
  for (NodeId node : graph.nodes()) boost::hash_combine(hash, node.index);
  for (const auto& [name, data] : graph.constants()) {
    boost::hash_combine(hash, std::hash<std::string>{}(name));
    boost::hash_combine(hash, hash_value(data.type));
    boost::hash_combine(hash, data.storage->size);
    boost::hash_combine(hash, data.storage->crc32.value_or(0));
  }
  return hash;
}

}  // namespace fettle
