#include "torchscript/side_results.hpp"

#include <ATen/core/Tensor.h>

namespace fettle {
namespace {

bool same_keys(const c10::IValue& first, const c10::IValue& second) {
  const auto a = first.toGenericDict(), b = second.toGenericDict();
  auto other = b.begin();
  for (const auto& entry : a) {
    if (!(entry.key() == other->key())) return false;
    ++other;
  }
  return true;
}

bool same_container(const c10::IValue& first, const c10::IValue& second) {
  if (first.isTuple() && second.isTuple()) {
    return first.toTupleRef().elements().size() == second.toTupleRef().elements().size();
  }
  if (first.isList() && second.isList()) {
    return first.toListRef().size() == second.toListRef().size();
  }
  if (first.isGenericDict() && second.isGenericDict()) {
    return first.toGenericDict().size() == second.toGenericDict().size() &&
           same_keys(first, second);
  }
  return false;
}

c10::IValue rebuild(const c10::IValue& value, std::vector<c10::IValue>::const_iterator& leaf) {
  if (value.isTuple()) {
    std::vector<c10::IValue> elements;
    for (const c10::IValue& e : value.toTupleRef().elements()) elements.push_back(rebuild(e, leaf));
    return c10::ivalue::Tuple::create(std::move(elements));
  }
  if (value.isList()) {
    c10::impl::GenericList list(value.toList().elementType());
    for (const c10::IValue& e : value.toListRef()) list.push_back(rebuild(e, leaf));
    return list;
  }
  if (value.isGenericDict()) {
    const auto from = value.toGenericDict();
    c10::impl::GenericDict dict(from.keyType(), from.valueType());
    for (const auto& entry : from) dict.insert(entry.key(), rebuild(entry.value(), leaf));
    return dict;
  }
  return *leaf++;
}

std::string counted(const char* what, std::size_t size) {
  return std::string(what) + " of " + std::to_string(size);
}

}  // namespace

c10::IValue zip_leaves(const c10::IValue& first, const c10::IValue& second, const LeafPair& fn) {
  if (!same_container(first, second)) return fn(first, second);
  if (!first.isTuple() && first.is(second)) return first;
  if (first.isTuple()) {
    const auto& a = first.toTupleRef().elements();
    const auto& b = second.toTupleRef().elements();
    std::vector<c10::IValue> elements;
    for (std::size_t i = 0; i < a.size(); ++i) elements.push_back(zip_leaves(a[i], b[i], fn));
    return c10::ivalue::Tuple::create(std::move(elements));
  }
  if (first.isList()) {
    c10::impl::GenericList list(first.toList().elementType());
    for (std::size_t i = 0; i < first.toListRef().size(); ++i) {
      list.push_back(zip_leaves(first.toListRef()[i], second.toListRef()[i], fn));
    }
    return list;
  }
  const auto from = first.toGenericDict(), other = second.toGenericDict();
  c10::impl::GenericDict dict(from.keyType(), from.valueType());
  auto at = other.begin();
  for (const auto& entry : from) {
    dict.insert(entry.key(), zip_leaves(entry.value(), at->value(), fn));
    ++at;
  }
  return dict;
}

c10::IValue with_leaves(const c10::IValue& value, const std::vector<c10::IValue>& leaves) {
  auto leaf = leaves.begin();
  return rebuild(value, leaf);
}

std::string describe(const c10::IValue& value) {
  if (value.isTensor() && value.toTensor().defined()) {
    const at::Tensor& tensor = value.toTensor();
    std::string sizes;
    for (const std::int64_t size : tensor.sizes()) {
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    }
    return std::string("a tensor ") + c10::toString(tensor.scalar_type()) + "[" + sizes + "]";
  }
  if (value.isTuple()) return counted("a tuple", value.toTupleRef().elements().size());
  if (value.isList()) return counted("a list", value.toListRef().size());
  if (value.isGenericDict()) return counted("a dictionary", value.toGenericDict().size());
  if (value.isString()) return "'" + value.toStringRef() + "'";
  if (value.isBool()) return value.toBool() ? "True" : "False";
  if (value.isInt()) return std::to_string(value.toInt());
  if (value.isDouble()) return std::to_string(value.toDouble());
  return value.tagKind();
}

bool is_uninitialized(const c10::IValue& value) {
  return value.tagKind() == "Uninitialized";
}

bool same_plain(const c10::IValue& first, const c10::IValue& second) {
  if (first.isTensor() || second.isTensor()) return false;
  if (is_uninitialized(first) || is_uninitialized(second)) {
    return is_uninitialized(first) && is_uninitialized(second);
  }
  if (first.tagKind() != second.tagKind()) return false;
  if (first.is(second)) return true;
  return (first.isScalar() || first.isString() || first.isBool()) && first == second;
}

}  // namespace fettle
