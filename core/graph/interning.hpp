// Strings and types are stored once per graph and named by 32-bit ids, so that comparing two
// operators, names or types is comparing two integers. Entries are never removed.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/types.hpp"

namespace fettle {

class StringPool {
 public:
  StringId intern(std::string_view text);
  StringId find(std::string_view text) const;  // none if it was never interned
  std::string_view text(StringId id) const { return texts_[id.index]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // a deque: the map's keys view these strings
  std::unordered_map<std::string_view, StringId> ids_;
};

class TypeTable {
 public:
  TypeId intern(Type type);
  const Type& type(TypeId id) const { return types_[id.index]; }
  std::size_t size() const { return types_.size(); }

 private:
  std::deque<Type> types_;
  std::unordered_multimap<std::size_t, TypeId> ids_;  // by hash_value
};

}  // namespace fettle
