// A JSON value together with the way that leads to it, so that whoever decodes it can say where the
// document is wrong: "graph_module.graph.nodes[12].inputs[0].arg". The way is a chain of
// references on the stack: a JsonRef must not outlive the one it was taken from.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace fettle {

class JsonRef {
 public:
  // The root; `where` names file and record.
  JsonRef(const boost::json::value& value, const std::string& where)
      : value_(&value), where_(&where) {}
  JsonRef(const boost::json::value& value, std::string&& where) = delete;

  const boost::json::value& value() const { return *value_; }

  // Members of an object. get: it must be there; find: none when absent or null.
  JsonRef get(std::string_view key) const&;
  std::optional<JsonRef> find(std::string_view key) const&;
  JsonRef get(std::string_view key) const&& = delete;
  std::optional<JsonRef> find(std::string_view key) const&& = delete;

  // Elements of an array, or members of an object, by position.
  std::size_t size() const;
  JsonRef at(std::size_t index) const&;
  JsonRef at(std::size_t index) const&& = delete;

  // A union: an object of exactly one member, whose name is the tag.
  std::pair<std::string_view, JsonRef> tagged() const&;
  std::pair<std::string_view, JsonRef> tagged() const&& = delete;

  const boost::json::object& object() const;
  const boost::json::array& array() const;
  std::string_view string() const;
  std::int64_t integer() const;
  std::int64_t count() const;  // a non-negative integer
  double real() const;         // a number, or "Infinity", "-Infinity", "NaN"
  bool boolean() const;

  std::string path() const;   // "graph_module.graph.nodes[12]"
  std::string where() const;  // with file and record
  [[noreturn]] void fail(Code code, std::string what, std::string why = {},
                         std::string hint = {}) const;
  [[noreturn]] void wrong_type(std::string_view expected) const;

 private:
  JsonRef(const boost::json::value& value, const JsonRef& parent, std::string_view key,
          std::size_t index)
      : value_(&value), where_(parent.where_), parent_(&parent), key_(key), index_(index) {}

  const boost::json::value* value_;
  const std::string* where_;
  const JsonRef* parent_ = nullptr;
  std::string_view key_;  // of an object's member; without data for an array's element
  std::size_t index_ = 0;
};

// The members of `object` that are not among `known`, as the JSON text of an object; empty if none.
std::string unknown_fields(const boost::json::object& object,
                           std::initializer_list<std::string_view> known);

}  // namespace fettle
