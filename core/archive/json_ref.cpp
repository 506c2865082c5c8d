#include "archive/json_ref.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "archive/json_write.hpp"

namespace fettle {
namespace {

std::string_view kind_name(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
      return "an integer";
    case boost::json::kind::double_:
      return "a number";
    case boost::json::kind::string:
      return "a string";
    case boost::json::kind::array:
      return "an array";
    case boost::json::kind::object:
      return "an object";
  }
  return "a value";
}

}  // namespace

JsonRef JsonRef::get(std::string_view key) const& {
  const boost::json::value* member = object().if_contains(key);
  if (!member) fail(Code::archive_json_shape, fmt::format("the field '{}' is missing", key));
  return {*member, *this, key, 0};
}

std::optional<JsonRef> JsonRef::find(std::string_view key) const& {
  const boost::json::value* member = object().if_contains(key);
  if (!member || member->is_null()) return std::nullopt;
  return JsonRef{*member, *this, key, 0};
}

std::size_t JsonRef::size() const {
  return value_->is_object() ? object().size() : array().size();
}

JsonRef JsonRef::at(std::size_t index) const& {
  if (index >= size()) {
    fail(Code::archive_json_shape, "a list is too short",
         fmt::format("it has {} elements and must have at least {}", size(), index + 1));
  }
  if (value_->is_object()) {
    const auto& member = *(value_->get_object().begin() + static_cast<std::ptrdiff_t>(index));
    return {member.value(), *this, member.key(), 0};
  }
  return {array()[index], *this, {}, index};
}

std::pair<std::string_view, JsonRef> JsonRef::tagged() const& {
  if (object().size() != 1) {
    fail(Code::archive_json_shape,
         fmt::format("a union must have exactly one member, and this has {}", object().size()));
  }
  JsonRef member = at(0);
  return {member.key_, member};
}

const boost::json::object& JsonRef::object() const {
  if (const auto* object = value_->if_object()) return *object;
  wrong_type("an object");
}

const boost::json::array& JsonRef::array() const {
  if (const auto* array = value_->if_array()) return *array;
  wrong_type("an array");
}

std::string_view JsonRef::string() const {
  if (const auto* string = value_->if_string()) return {string->data(), string->size()};
  wrong_type("a string");
}

std::int64_t JsonRef::integer() const {
  if (const auto* integer = value_->if_int64()) return *integer;
  wrong_type("an integer");
}

std::int64_t JsonRef::count() const {
  if (integer() < 0) wrong_type("a non-negative integer");
  return integer();
}

double JsonRef::real() const {
  if (const auto* real = value_->if_double()) return *real;
  if (const auto* integer = value_->if_int64()) return static_cast<double>(*integer);
  if (value_->is_string()) {
    if (string() == "Infinity") return std::numeric_limits<double>::infinity();
    if (string() == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (string() == "NaN") return std::numeric_limits<double>::quiet_NaN();
  }
  wrong_type("a number");
}

bool JsonRef::boolean() const {
  if (const auto* boolean = value_->if_bool()) return *boolean;
  wrong_type("a boolean");
}

std::string JsonRef::path() const {
  if (!parent_) return {};
  std::string path = parent_->path();
  if (!key_.data()) return path + "[" + std::to_string(index_) + "]";
  return path.empty() ? std::string(key_) : path + "." + std::string(key_);
}

std::string JsonRef::where() const {
  const std::string way = path();
  return way.empty() ? *where_ : *where_ + ": " + way;
}

void JsonRef::fail(Code code, std::string what, std::string why, std::string hint) const {
  throw Error({.code = code,
               .what = std::move(what),
               .where = where(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

void JsonRef::wrong_type(std::string_view expected) const {
  fail(Code::archive_json_shape,
       fmt::format("{} was expected here, and the file has {}", expected, kind_name(*value_)));
}

std::string unknown_fields(const boost::json::object& object,
                           std::initializer_list<std::string_view> known) {
  std::string text;
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    JsonWriter out(text);
    text += text.empty() ? "{" : ", ";
    out.string(key);
    text += ": ";
    out.value(member.value());
  }
  if (!text.empty()) text += "}";
  return text;
}

}  // namespace fettle
