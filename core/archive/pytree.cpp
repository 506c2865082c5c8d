#include "archive/pytree.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace fettle {
namespace {

namespace json = boost::json;

json::object node(const char* type, const std::string& context, json::array children) {
  return {{"type", type}, {"context", context}, {"children_spec", std::move(children)}};
}

json::value key_json(const c10::IValue& key) {
  if (key.isString()) return json::value(key.toStringRef());
  if (key.isInt()) return key.toInt();
  if (key.isDouble()) return key.toDouble();
  if (key.isBool()) return key.toBool();
  return nullptr;
}

// Python's own containers; a named tuple becomes a plain one, as its class is Python's alone.
json::object spec_of(const c10::IValue& value) {
  json::array children;
  if (value.isTuple()) {
    for (const c10::IValue& e : value.toTupleRef().elements()) children.push_back(spec_of(e));
    return node("builtins.tuple", "null", std::move(children));
  }
  if (value.isList()) {
    for (const c10::IValue& e : value.toListRef()) children.push_back(spec_of(e));
    return node("builtins.list", "null", std::move(children));
  }
  if (value.isGenericDict()) {
    json::array keys;
    for (const auto& entry : value.toGenericDict()) {
      keys.push_back(key_json(entry.key()));
      children.push_back(spec_of(entry.value()));
    }
    return node("builtins.dict", json::serialize(keys), std::move(children));
  }
  return {{"type", nullptr}, {"context", nullptr}, {"children_spec", json::array()}};
}

void add_leaves(const c10::IValue& value, std::vector<c10::IValue>& leaves) {
  if (value.isTuple()) {
    for (const c10::IValue& e : value.toTupleRef().elements()) add_leaves(e, leaves);
  } else if (value.isList()) {
    for (const c10::IValue& e : value.toListRef()) add_leaves(e, leaves);
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) add_leaves(entry.value(), leaves);
  } else {
    leaves.push_back(value);
  }
}

}  // namespace

std::vector<c10::IValue> tree_leaves(const c10::IValue& value) {
  std::vector<c10::IValue> leaves;
  add_leaves(value, leaves);
  return leaves;
}

std::string tree_spec(const c10::IValue& value) {
  return json::serialize(json::array{1, spec_of(value)});
}

}  // namespace fettle
