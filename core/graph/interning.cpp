#include "graph/interning.hpp"

#include <algorithm>

namespace fettle {

StringId StringPool::intern(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  const StringId id(static_cast<std::uint32_t>(texts_.size()));
  auto* const kept = static_cast<char*>(characters_.allocate(text.size(), 1));
  std::ranges::copy(text, kept);
  texts_.emplace_back(kept, text.size());
  ids_.emplace(texts_.back(), id);
  return id;
}

StringPool::StringPool(const StringPool& other) {
  reserve(other.size());
  for (const std::string_view text : other.texts_) intern(text);
}

void StringPool::reserve(std::size_t count) {
  texts_.reserve(count);
  ids_.reserve(count);
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
