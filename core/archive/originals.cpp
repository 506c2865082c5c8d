#include "archive/originals.hpp"

#include <functional>
#include <unordered_map>

namespace fettle {
namespace {

namespace json = boost::json;

// A copy with nested graphs counted instead of copied: parse_json makes no unsigned numbers.
using Numbers = std::unordered_map<const json::value*, std::uint64_t>;
json::value without_nested(const json::value& value, const Numbers& nested) {
  if (const auto found = nested.find(&value); found != nested.end()) return found->second;
  if (const auto* array = value.if_array()) {
    json::array copy;
    for (const json::value& element : *array) copy.push_back(without_nested(element, nested));
    return copy;
  }
  if (const auto* object = value.if_object()) {
    json::object copy;
    for (const auto& member : *object)
      copy.emplace(member.key(), without_nested(member.value(), nested));
    return copy;
  }
  return json::value(value, json::storage_ptr());
}

}  // namespace

void Originals::keep_odd(ElementKey key, const json::value& value, const Shape& shape) {
  ShapeFindings findings;
  if (has_shape(value, shape, findings)) return;
  unknown_names_.merge(findings.unknown);
  Numbers numbers;
  for (const json::value* graph : findings.nested) numbers.emplace(graph, numbers.size());
  keep(key, without_nested(value, numbers));
}

std::size_t hash_text(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

}  // namespace fettle
