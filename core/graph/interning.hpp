// Strings and types are stored once per graph and named by 32-bit ids, so that comparing two
// operators, names or types is comparing two integers. Entries are never removed.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory_resource>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/types.hpp"

namespace fettle {

class StringPool {
 public:
  StringPool() = default;
  StringPool(const StringPool& other);  // with the same ids
  StringPool& operator=(const StringPool&) = delete;

  StringId intern(std::string_view text);
  StringId find(std::string_view text) const;  // none if it was never interned
  std::string_view text(StringId id) const { return texts_[id.index]; }
  std::size_t size() const { return texts_.size(); }
  void reserve(std::size_t count);  // room for so many before anything is hashed again

 private:
  std::pmr::monotonic_buffer_resource characters_;
  std::vector<std::string_view> texts_;  // of characters_, as the map's keys are
  // Names are looked up far more often than anything else while a program is read; open addressing
  // costs one cache miss where std::unordered_map costs three.
  boost::unordered_flat_map<std::string_view, StringId> ids_;
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
