#include <algorithm>
#include <limits>

#include "damage.hpp"

namespace fettle::soak {
namespace {

namespace json = boost::json;
using test::Records;
using test::ZipImage;

constexpr std::int64_t kNumbers[] = {-1,
                                     0,
                                     1,
                                     2,
                                     7,
                                     99,
                                     1 << 20,
                                     std::int64_t{1} << 31,
                                     std::int64_t{1} << 32,
                                     std::int64_t{1} << 62,
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min()};

// Any string of the document: names of other values, operators, tags.
std::string some_string(Random& random, const json::value& document) {
  const json::value* at = &document;
  for (int steps = 0; steps < 64; ++steps) {
    if (const auto* text = at->if_string()) return std::string(*text);
    if (const auto* object = at->if_object(); object && !object->empty()) {
      const auto& member =
          *(object->begin() + static_cast<std::ptrdiff_t>(below(random, object->size())));
      if (below(random, 8) == 0) return member.key();
      at = &member.value();
    } else if (const auto* array = at->if_array(); array && !array->empty()) {
      at = &one_of(random, *array);
    } else {
      break;
    }
  }
  return "x";
}

json::value nested(Random& random) {
  json::value value = nullptr;
  for (std::size_t depth = below(random, 700); depth > 0; --depth) {
    value = depth % 2 == 0 ? json::value(json::array{std::move(value)})
                           : json::value(json::object{{"as_tensors", std::move(value)}});
  }
  return value;
}

json::value random_value(Random& random, const json::value& document) {
  switch (below(random, 12)) {
    case 0:
      return nullptr;
    case 1:
      return static_cast<std::int64_t>(random());
    case 2:
    case 3:
      return one_of(random, kNumbers);
    case 4:
      return 1e300;
    case 5:
      return random() % 2 == 0;
    case 6:
      return json::array();
    case 7:
      return json::object();
    case 8:
      return nested(random);
    case 9:
      return json::string(below(random, 3000), static_cast<char>(1 + below(random, 255)));
    case 10:
      return document;  // the whole in a part of itself
    default:
      return json::string(some_string(random, document));
  }
}

void damage_array(Random& random, json::array& array) {
  const std::size_t at = below(random, array.size());
  switch (below(random, 4)) {
    case 0:
      array.erase(array.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      array.push_back(json::value(array[at]));
      break;
    case 2:
      std::swap(array[at], array[below(random, array.size())]);
      break;
    default:
      for (std::size_t i = below(random, 1000); i > 0; --i) array.push_back(json::value(array[at]));
      break;
  }
}

void damage_object(Random& random, json::object& object, const json::value& document) {
  const auto member = object.begin() + static_cast<std::ptrdiff_t>(below(random, object.size()));
  const json::value value = member->value();
  if (below(random, 3) != 0) object.erase(member);
  if (below(random, 2) == 0) object[some_string(random, document)] = value;
}

// Walks down at random and changes what it ends at.
void damage_json(Random& random, json::value& document) {
  const json::value whole = document;
  json::value* at = &document;
  for (;;) {
    if (auto* object = at->if_object(); object && !object->empty() && below(random, 12) != 0) {
      if (below(random, 20) == 0) return damage_object(random, *object, whole);
      at = &(object->begin() + static_cast<std::ptrdiff_t>(below(random, object->size())))->value();
    } else if (auto* array = at->if_array(); array && !array->empty() && below(random, 12) != 0) {
      if (below(random, 20) == 0) return damage_array(random, *array);
      at = &(*array)[below(random, array->size())];
    } else {
      *at = random_value(random, whole);
      return;
    }
  }
}

const std::vector<std::string_view> kJsonTokens = {"{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ",",
                                                   ":",
                                                   "\"",
                                                   "\\u0000",
                                                   "\\ud800",
                                                   "NaN",
                                                   "-Infinity",
                                                   "1e999",
                                                   "null",
                                                   "99999999999999999999",
                                                   "\"as_none\": true",
                                                   "\"x\": 1,",
                                                   "\xff",
                                                   "[[",
                                                   "{\"a\":"};

void damage_records(Random& random, Records& records) {
  const std::size_t at = below(random, records.size());
  test::TestRecord& record = records[at];
  switch (below(random, 8)) {
    case 0:
      records.erase(records.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      records.push_back(test::TestRecord(record));
      break;
    case 2:
      std::swap(record, records[below(random, records.size())]);
      break;
    case 3:
      record.bytes.resize(below(random, record.bytes.size() + 1));
      break;
    case 4:
      record.path = one_of(random, records).path;
      break;
    case 5:
      record.path = one_of(random, std::vector<std::string>{
                                       "../up", "/root", "a//b", "models/two.json", "models/.json",
                                       "data/weights/", "data/aotinductor/model/x.so", "\x7f", "",
                                       "fettle/capture.json", std::string(70000, 'n')});
      break;
    case 6:
      record.bytes = one_of(random, records).bytes;
      break;
    default:
      record.bytes.append(below(random, 1 << 16), '\0');
      break;
  }
}

void damage_headers(Random& random, ZipImage& image) {
  constexpr std::uint64_t values[] = {0,      1,          8,          0xff,
                                      0xffff, 0x7fffffff, 0xffffffff, 0xffffffffffffffff};
  for (std::size_t i = below(random, 3) + 1; i > 0; --i) {
    const std::size_t base = below(random, 3) == 0   ? image.end
                             : below(random, 2) == 0 ? one_of(random, image.central)
                                                     : one_of(random, image.local);
    const int size = 1 << below(random, 4);
    const std::size_t at = base + below(random, 46);
    if (at + static_cast<std::size_t>(size) > image.bytes.size()) continue;
    const std::uint64_t value = below(random, 2) == 0 ? one_of(random, values) : random() % 4096;
    image.put(at, value, size);
  }
}

}  // namespace

std::string damaged_archive(Random& random, Records records) {
  const std::size_t kind = below(random, 10);
  if (kind < 6) {  // a JSON record, whose checksum then is right; sometimes another one's bytes
    for (std::size_t i = below(random, 3) + 1; i > 0; --i) {
      test::TestRecord& record = records[below(random, records.size())];
      if (record.path.ends_with(".json") && below(random, 4) != 0) {
        boost::json::error_code failed;
        json::value document = json::parse(record.bytes, failed);
        if (failed) continue;
        damage_json(random, document);
        record.bytes = json::serialize(document);
      } else if (record.path.ends_with(".json") || below(random, 4) == 0) {
        damage_text(random, record.bytes,
                    record.path.ends_with(".json") ? kJsonTokens : std::vector<std::string_view>{});
      } else {
        ++i;  // weights are any bytes: look for something else
      }
    }
  } else if (kind == 6) {
    for (std::size_t i = below(random, 3) + 1; i > 0 && !records.empty(); --i)
      damage_records(random, records);
  }
  ZipImage image = test::zip(records, {.zip64 = below(random, 4) == 0});
  if (kind == 7) damage_headers(random, image);
  if (kind > 7) damage_text(random, image.bytes, {});
  return std::move(image.bytes);
}

}  // namespace fettle::soak
