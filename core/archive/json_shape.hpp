// The schema's own elements as tables: which members an object has, in which order torch writes
// them. What deviates, by a field of a later schema, a missing or null one, another order, was not
// written as fettle would write it, and is kept as it came (archive/originals.hpp).
//
// The tables decide nothing else: whether an element can be read is the readers' business.
#pragma once

#include <boost/json/value.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fettle {

struct Shape;

struct Member {
  std::string_view key;
  const Shape* shape;
};

struct Shape {
  enum class Kind {
    leaf,      // anything but an object or array
    text,      // a string
    real,      // a number with a fraction, or "NaN", "Infinity", "-Infinity"
    object,    // exactly `members`, in that order
    tagged,    // one of `members`
    list,      // of `element`
    map,       // of `element` by name
    optional,  // null or `element`
    nested,    // a nested graph: its elements are looked at one by one
  };
  Kind kind = Kind::leaf;
  std::span<const Member> members = {};
  const Shape* element = nullptr;
};

namespace shapes {
extern const Shape node, argument, tensor_meta, sym_int, sym_bool, sym_float, custom_obj,
    input_spec, output_spec, payload;
}

// What a look at an element finds beside the answer.
struct ShapeFindings {
  std::vector<const boost::json::value*> nested;  // nested graphs, in order
  std::set<std::string, std::less<>> unknown;     // names of members that the schema does not have
};
// Whether `value` is what `shape` says, to the member.
bool has_shape(const boost::json::value& value, const Shape& shape, ShapeFindings& findings);
bool has_shape(const boost::json::value& value, const Shape& shape);  // which has no nested graphs

}  // namespace fettle
