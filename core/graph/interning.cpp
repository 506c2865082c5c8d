#include "graph/interning.hpp"

namespace fettle {

StringId StringPool::intern(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  const StringId id(static_cast<std::uint32_t>(texts_.size()));
  texts_.emplace_back(text);
  ids_.emplace(texts_.back(), id);
  return id;
}

StringId StringPool::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? StringId{} : found->second;
}

TypeId TypeTable::intern(Type type) {
  const std::size_t hash = hash_value(type);
  const auto [first, last] = ids_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (types_[it->second.index] == type) return it->second;
  }
  const TypeId id(static_cast<std::uint32_t>(types_.size()));
  types_.push_back(std::move(type));
  ids_.emplace(hash, id);
  return id;
}

}  // namespace fettle
