// The leaderboard file: appended to, never overwritten when it is not one.
#include "fixture.hpp"
#include "pipeline/leaderboard.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

LeaderboardEntry entry(const std::string& backend, std::optional<double> median) {
  LeaderboardEntry e;
  e.model = "m.pt2";
  e.model_sha256 = "ab";
  e.cpu = "a chip";
  e.device = "cpu";
  e.cores = e.threads = 2;
  e.backend = backend;
  e.backend_version = "1.0";
  e.verified = median.has_value();
  e.why = median ? "" : "numeric: fail";
  e.median_ms = e.low_ms = e.high_ms = median;
  e.date = "2026-01-01T00:00:00Z";
  e.fettle_version = "0";
  return e;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a leaderboard grows by what is appended") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "l.json";
  CHECK(read_leaderboard(path).empty());
  append_to_leaderboard(path, {entry("aten", 1.5), entry("wrong", std::nullopt)});
  append_to_leaderboard(path, {entry("mine", 0.5)});
  const std::vector<LeaderboardEntry> all = read_leaderboard(path);
  REQUIRE(all.size() == 3);
  CHECK(all[0].backend == "aten");
  CHECK(all[0].median_ms == 1.5);
  CHECK(all[1].why == "numeric: fail");
  CHECK_FALSE(all[1].verified);
  CHECK_FALSE(all[1].median_ms);
  CHECK(all[2].backend == "mine");
}

TEST_CASE("keys that another fettle wrote survive an append") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "l.json";
  append_to_leaderboard(path, {entry("aten", 1)});
  std::string text = text_of(path);
  text.insert(text.find("\"verified\""), "\"colour\": \"red\", ");
  folder.write("l.json", text);
  append_to_leaderboard(path, {entry("mine", 2)});
  CHECK(text_of(path).find("colour") != std::string::npos);
}

TEST_CASE("what is no leaderboard is refused and left alone") {
  const TemporaryFolder folder;
  const std::string text = GENERATE(
      as<std::string>(), "", "{", "[]", "{\"fettle_leaderboard\": 2, \"entries\": []}",
      "{\"fettle_leaderboard\": 1, \"entries\": [{\"model\": 1}]}", "{\"entries\": []}");
  const fs::path path = folder.write("l.json", text);
  CHECK(code_of([&] { append_to_leaderboard(path, {entry("aten", 1)}); }) ==
        "leaderboard-unreadable");
  CHECK(text_of(path) == text);
}

TEST_CASE("a wrong entry with a time is no entry") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "l.json";
  append_to_leaderboard(path, {entry("aten", 1)});
  std::string text = text_of(path);
  text.replace(text.find("true"), 4, "false");
  folder.write("l.json", text);
  CHECK(error_of([&] { read_leaderboard(path); }).why.find("entry 0") != std::string::npos);
}
