// JSON text in the form that Python's json.dumps gives it (", " and ": "), appended to a string.
// Numbers read back to the same bits; infinities and NaN become the strings that torch.export uses.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace fettle {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& text) : text_(text) {}

  // What was written since the text had `size()` characters, and taking it back.
  std::size_t size() const { return text_.size(); }
  std::string_view since(std::size_t begin) const { return std::string_view(text_).substr(begin); }
  void truncate(std::size_t size) { text_.resize(size); }

  void raw(std::string_view text) { text_ += text; }
  void string(std::string_view text);
  void integer(std::int64_t value);
  void real(double value);
  void boolean(bool value) { text_ += value ? "true" : "false"; }
  void value(const boost::json::value& value);

  // `"key": `, after a comma unless it is the first of its object.
  void key(std::string_view name, bool first = false);
  void comma(bool first) {
    if (!first) text_ += ", ";
  }

  // [ element, … ] with fn(element) writing each.
  template <class Range, class Fn>
  void list(const Range& range, Fn&& fn) {
    text_ += '[';
    bool first = true;
    for (const auto& element : range) {
      comma(first);
      first = false;
      fn(element);
    }
    text_ += ']';
  }

 private:
  std::string& text_;
};

}  // namespace fettle
