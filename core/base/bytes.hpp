// Numbers and text as bytes for another process on this machine, and back.
//
// A reader trusts nothing: every length is held against what is left, and what is wrong is Error
// (isolation_bad_answer), never a crash or an allocation larger than the bytes account for.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace fettle {

class ByteWriter {
 public:
  template <class Number>
  void number(Number value) {
    static_assert(std::is_arithmetic_v<Number>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  template <class Id>
  void id(Id value) {
    number(value.index);
  }
  template <class Enum>
  void choice(Enum value) {
    number(static_cast<std::uint8_t>(value));
  }
  void count(std::size_t n) { number(static_cast<std::uint64_t>(n)); }
  void text(std::string_view value) {
    count(value.size());
    out_.append(value);
  }
  // A list: its length, then each by fn(element).
  template <class List, class Fn>
  void list(const List& elements, Fn&& fn) {
    count(elements.size());
    for (const auto& element : elements) fn(element);
  }

  std::string_view text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  void expect_end() const;  // refuses what is left over
  [[noreturn]] static void refuse(std::string why);

  template <class Number>
  Number number() {
    static_assert(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>);
    Number value;
    std::memcpy(&value, bytes(sizeof(value)).data(), sizeof(value));
    return value;
  }
  bool boolean() { return choice(2) == 1; }
  // A number below `bound`.
  std::uint32_t choice(std::uint32_t bound);
  template <class Enum>
  Enum choice(Enum last) {
    return static_cast<Enum>(choice(static_cast<std::uint32_t>(last) + 1));
  }
  template <class Id>
  Id id() {
    return Id(number<std::uint32_t>());
  }
  // The length of a list whose elements take at least one byte each.
  std::size_t count();
  std::string_view bytes(std::uint64_t size);  // of the text that is read
  std::string_view text() { return bytes(number<std::uint64_t>()); }
  std::string utf8();  // text that has to be valid UTF-8 without NUL

 private:
  std::string_view left_;
};

}  // namespace fettle
