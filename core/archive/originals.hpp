// Elements of the document that the file wrote otherwise than fettle would: with fields of a later
// schema, in another order, a null for a default. Each is kept as it was read, and written so again
// as long as the graph still says the same of it: as long as fettle's own text for it is the one
// that it had right after reading.
//
// Most archives have none. Ids of nodes and values are never reused, so that a key cannot come to
// mean something else.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/json_shape.hpp"
#include "archive/json_write.hpp"
#include "graph/types.hpp"

namespace fettle {

enum class Element : std::uint8_t {
  node,         // by its id
  type,         // an entry of tensor_values …, by the value's id
  input,        // of a block, by the placeholder's id
  output,       // of a block, by the output node's id and position
  input_spec,   // by the placeholder's id
  output_spec,  // by position
  stray_types,  // entries of tensor_values … that no value has, by the block's id and the field
  payload,      // an entry of the weights' or constants' configuration, by its position in
                // Program::payloads
  payload_config,  // the other members of that configuration: of the weights' (1), constants' (0)
};

struct ElementKey {
  Element element;
  std::uint32_t id = 0, position = 0;
  friend auto operator<=>(const ElementKey&, const ElementKey&) = default;
};

class Originals {
 public:
  struct Original {
    std::string text;                 // nested graphs left out: a fifth of what values would take
    std::vector<std::size_t> nested;  // where in it each of them stands
    std::size_t own_hash = 0;         // of fettle's own text
  };

  // Keeps `value` unless it has the shape to the member.
  void keep_odd(ElementKey key, const boost::json::value& value, const Shape& shape);
  // Whatever shape it has; it holds no nested graph.
  void keep(ElementKey key, const boost::json::value& value);
  // Once the program is read: `hash(key)` of each element kept.
  template <class Fn>
  void seal(Fn&& hash) {
    for (auto& [key, original] : elements_) original.own_hash = hash(key);
  }
  // Of all elements kept, the names of members that the schema does not have.
  const std::set<std::string, std::less<>>& unknown_names() const { return unknown_names_; }
  const Original* find(ElementKey key) const {
    if (elements_.empty()) return nullptr;
    const auto found = elements_.find(key);
    return found == elements_.end() ? nullptr : &found->second;
  }

 private:
  std::map<ElementKey, Original> elements_;
  std::set<std::string, std::less<>> unknown_names_;
};

std::size_t hash_text(std::string_view text);

// Writes an original as it was read, `write_nested(k)` standing for the nested graph number k.
template <class Fn>
void write_original(JsonWriter& out, const Originals::Original& original, Fn&& write_nested) {
  const std::string_view text = original.text;
  std::size_t written = 0;
  for (std::size_t k = 0; k < original.nested.size(); ++k) {
    out.raw(text.substr(written, original.nested[k] - written));
    written = original.nested[k];
    write_nested(k);
  }
  out.raw(text.substr(written));
}

// Writes the members of an original that is an object, behind others of the object they belong to.
void write_members(JsonWriter& out, const Originals::Original& original, bool first = false);

}  // namespace fettle
