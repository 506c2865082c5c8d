#include "archive/originals.hpp"

#include <functional>
#include <unordered_set>

namespace fettle {
namespace {

namespace json = boost::json;

// Writes `value` without the nested graphs, and where they were.
void write_without(JsonWriter& out, const json::value& value,
                   const std::unordered_set<const json::value*>& nested,
                   std::vector<std::size_t>& places) {
  if (nested.contains(&value)) return places.push_back(out.size());
  if (const auto* array = value.if_array()) {
    out.list(*array, [&](const auto& element) { write_without(out, element, nested, places); });
  } else if (const auto* object = value.if_object()) {
    bool first = true;
    out.raw("{");
    for (const auto& member : *object) {
      out.key(member.key(), first);
      first = false;
      write_without(out, member.value(), nested, places);
    }
    out.raw("}");
  } else {
    out.value(value);
  }
}

}  // namespace

void Originals::keep_odd(ElementKey key, const json::value& value, const Shape& shape) {
  ShapeFindings findings;
  if (has_shape(value, shape, findings)) return;
  unknown_names_.merge(findings.unknown);
  const std::unordered_set<const json::value*> nested(findings.nested.begin(),
                                                      findings.nested.end());
  Original original;
  JsonWriter out(original.text);
  write_without(out, value, nested, original.nested);
  original.text.shrink_to_fit();
  elements_[key] = std::move(original);
}

void Originals::keep(ElementKey key, const json::value& value) {
  Original original;
  JsonWriter(original.text).value(value);
  elements_[key] = std::move(original);
}

void write_members(JsonWriter& out, const Originals::Original& original, bool first) {
  const std::string_view members =
      std::string_view(original.text).substr(1, original.text.size() - 2);
  if (members.empty()) return;
  out.comma(first);
  out.raw(members);
}

std::size_t hash_text(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

}  // namespace fettle
