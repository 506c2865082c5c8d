// Damage at random: whatever the bytes, reading ends in a program or in one of fettle's errors, and
// what was read can be written. The same body runs for long under tools/soak.
#include <cstdlib>
#include <iostream>
#include <random>

#include "archive/program.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;
namespace json = boost::json;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

void damage_bytes(Random& random, std::string& bytes) {
  for (std::size_t i = below(random, 4) + 1; i > 0; --i) {
    const std::size_t at = below(random, bytes.size());
    switch (below(random, 4)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(random, 8));
        break;
      case 2:
        bytes.erase(at, below(random, 64));
        break;
      default:
        bytes.insert(at, bytes.substr(below(random, bytes.size()), below(random, 64)));
        break;
    }
    if (bytes.empty()) return;
  }
}

json::value random_value(Random& random, const json::value& document) {
  switch (below(random, 9)) {
    case 0:
      return nullptr;
    case 1:
      return static_cast<std::int64_t>(random());
    case 2:
      return static_cast<std::int64_t>(below(random, 40)) - 2;
    case 3:
      return json::string("x");
    case 4:
      return json::array();
    case 5:
      return json::object();
    case 6:
      return random() % 2 == 0;
    case 7:
      return 1e300;
    default:
      return document;  // the whole in a part of itself
  }
}

// Walks down at random and changes what it ends at.
void damage_json(Random& random, json::value& document) {
  const json::value whole = document;
  json::value* at = &document;
  for (;;) {
    if (auto* object = at->if_object(); object && !object->empty() && below(random, 12) != 0) {
      auto member = object->begin() + static_cast<std::ptrdiff_t>(below(random, object->size()));
      if (below(random, 20) == 0) {
        object->erase(member);
        return;
      }
      at = &member->value();
    } else if (auto* array = at->if_array(); array && !array->empty() && below(random, 12) != 0) {
      const std::size_t index = below(random, array->size());
      if (below(random, 20) == 0) {
        array->push_back((*array)[index]);
        return;
      }
      at = &(*array)[index];
    } else {
      *at = random_value(random, whole);
      return;
    }
  }
}

// True if the archive was read.
bool survives(const TempFolder& folder, std::string_view bytes) {
  const auto path = folder.write("fuzz.pt2", bytes);
  try {
    const Program program = read_program(path);
    write_program(program, folder.path() / "out.pt2");
    read_program(folder.path() / "out.pt2");
    return true;
  } catch (const Error& error) {
    REQUIRE(code_blame(error.code()) == Blame::input);
    return false;
  }
}

std::uint64_t fuzz_seed() {
  const char* given = std::getenv("FETTLE_FUZZ_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cerr << "FETTLE_FUZZ_SEED=" << seed << "\n";  // before a crash could hide it
  return seed;
}

std::chrono::duration<double> fuzz_time() {
  const char* given = std::getenv("FETTLE_FUZZ_SECONDS");
  return std::chrono::duration<double>(given ? std::strtod(given, nullptr) : 0.5);
}

template <class Body>
void fuzz(Body&& body) {
  Random random(fuzz_seed());
  const auto end = std::chrono::steady_clock::now() + fuzz_time();
  do {
    body(random);
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace

TEST_CASE("damaged bytes never crash the reader") {
  const TempFolder folder;
  const std::string sound = zip(small_program()).bytes;
  CHECK(survives(folder, sound));
  fuzz([&](Random& random) {
    std::string bytes = sound;
    damage_bytes(random, bytes);
    survives(folder, bytes);
  });
}

TEST_CASE("damaged JSON never crashes the reader") {
  const TempFolder folder;
  const Records sound = small_program();
  fuzz([&](Random& random) {
    Records records = sound;
    const std::string_view paths[] = {kModel, kModel, kModel, kWeights, kConstants};
    for (std::size_t i = below(random, 3) + 1; i > 0; --i) {
      const std::string_view path = paths[below(random, 5)];
      edit_json(records, path, [&](json::value& document) { damage_json(random, document); });
    }
    survives(folder, zip(records).bytes);
  });
}
