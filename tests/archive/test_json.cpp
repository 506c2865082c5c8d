// JSON in and out: numbers to the bit, Python's bare infinities, and errors that say where.
#include <cmath>
#include <cstring>
#include <random>

#include "archive/json_parse.hpp"
#include "archive/json_ref.hpp"
#include "archive/json_write.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::string written(const boost::json::value& value) {
  std::string text;
  JsonWriter(text).value(value);
  return text;
}

double parsed_number(const std::string& text) {
  return parse_json(text, "test").get_double();
}

}  // namespace

TEST_CASE("floating numbers keep every bit") {
  CHECK(parsed_number("-3.4028234663852886e+38") == -3.4028234663852886e+38);
  CHECK(parsed_number("1e-05") == 1e-05);
  CHECK(parsed_number("2.2250738585072014e-308") == 2.2250738585072014e-308);
  CHECK(parsed_number("5e-324") == 5e-324);
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    std::string text;
    JsonWriter(text).real(value);
    const double back = parsed_number(text);
    REQUIRE(std::memcmp(&back, &value, sizeof value) == 0);
  }
}

TEST_CASE("text is written as Python's json.dumps writes it") {
  const std::string text =
      R"({"a": [1, -2, 3.5, 1e-05, true, null], "b": {"c": "x\"\\\n\u0001é"}})";
  CHECK(written(parse_json(text, "test")) == text);
  CHECK(written(2.0) == "2.0");
  CHECK(written(HUGE_VAL) == "\"Infinity\"");
}

TEST_CASE("bare NaN and infinities, as Python may write them, become torch.export's strings") {
  const auto value = parse_json(R"({"NaN \"": [NaN, Infinity, -Infinity, "NaN", 1]})", "test");
  CHECK(written(value) == R"({"NaN \"": ["NaN", "Infinity", "-Infinity", "NaN", 1]})");
}

TEST_CASE("archive-json-syntax says line and column") {
  const auto failure = [](const std::string& text) {
    return failure_of([&] { parse_json(text, "m.pt2: models/model.json"); });
  };
  CHECK(failure("{\"a\": 1,\n \"b\": }").code == "archive-json-syntax");
  CHECK_THAT(failure("{\"a\": 1,\n \"b\": }").text,
             contains("m.pt2: models/model.json: line 2, column 7"));
  CHECK(failure("").code == "archive-json-syntax");
  CHECK(failure("[1] [2]").code == "archive-json-syntax");
  CHECK(failure("[1, Nan]").code == "archive-json-syntax");
  CHECK(failure("[\"\xff\"]").code == "archive-json-syntax");
  CHECK(failure(std::string(100000, '[')).code == "archive-json-syntax");
  for (const char* number :
       {"9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"}) {
    CHECK_THAT(failure(number).text, contains("an integer does not fit into 64 bits"));
  }
}

TEST_CASE("archive-json-shape names the way to the wrong value") {
  const boost::json::value value =
      parse_json(R"({"nodes": [{}, {"inputs": [{"arg": {"as_int": "x"}}]}]})", "test");
  const std::string where = "m.pt2";
  const JsonRef root(value, where);
  const JsonRef nodes = root.get("nodes");
  const JsonRef node = nodes.at(1);
  const JsonRef inputs = node.get("inputs");
  const JsonRef input = inputs.at(0);
  const JsonRef arg = input.get("arg");
  const Failure wrong = failure_of([&] { arg.tagged().second.integer(); });
  CHECK(wrong.code == "archive-json-shape");
  CHECK_THAT(wrong.text, contains("where: m.pt2: nodes[1].inputs[0].arg.as_int"));
  CHECK_THAT(wrong.text, contains("an integer was expected here, and the file has a string"));
  CHECK_THAT(failure_of([&] { node.get("outputs"); }).text,
             contains("the field 'outputs' is missing"));
  CHECK_THAT(failure_of([&] { root.get("nodes").string(); }).text,
             contains("a string was expected"));
}
