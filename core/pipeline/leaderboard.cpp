#include "pipeline/leaderboard.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "pipeline/report.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

constexpr std::string_view kKey = "fettle_leaderboard";
constexpr std::int64_t kFormat = 1;

[[noreturn]] void unreadable(const std::filesystem::path& path, std::string why) {
  throw Error({.code = Code::leaderboard_unreadable,
               .what = "the leaderboard cannot be appended to",
               .where = path.string(),
               .why = std::move(why),
               .hint = "it was left as it is; name another file, or move it away"});
}

json::value number(const std::optional<double>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object to_json(const LeaderboardEntry& e) {
  return {{"model", json::object{{"name", e.model}, {"sha256", e.model_sha256}}},
          {"machine", json::object{{"cpu", e.cpu},
                                   {"cores", e.cores},
                                   {"threads", e.threads},
                                   {"device", e.device}}},
          {"backend", json::object{{"name", e.backend}, {"version", e.backend_version}}},
          {"verified", e.verified},
          {"why", e.why},
          {"latency_ms", json::object{{"median", number(e.median_ms)},
                                      {"low", number(e.low_ms)},
                                      {"high", number(e.high_ms)}}},
          {"peak_bytes", number(e.peak_bytes)},
          {"date", e.date},
          {"fettle_version", e.fettle_version}};
}

std::optional<double> number(const json::value& value) {
  return value.is_null() ? std::nullopt : std::optional(value.to_number<double>());
}
std::string text(const json::value& value) {
  return std::string(value.as_string());
}

// Throws what Boost throws for keys that are missing and values of another type.
LeaderboardEntry entry_of(const json::value& value) {
  const json::object& e = value.as_object();
  const json::object& machine = e.at("machine").as_object();
  const json::object& latency = e.at("latency_ms").as_object();
  LeaderboardEntry entry;
  entry.model = text(e.at("model").at("name"));
  entry.model_sha256 = text(e.at("model").at("sha256"));
  entry.cpu = text(machine.at("cpu"));
  entry.device = text(machine.at("device"));
  entry.cores = machine.at("cores").to_number<std::uint32_t>();
  entry.threads = machine.at("threads").to_number<std::uint32_t>();
  entry.backend = text(e.at("backend").at("name"));
  entry.backend_version = text(e.at("backend").at("version"));
  entry.verified = e.at("verified").as_bool();
  entry.why = text(e.at("why"));
  entry.median_ms = number(latency.at("median"));
  entry.low_ms = number(latency.at("low"));
  entry.high_ms = number(latency.at("high"));
  entry.peak_bytes = number(e.at("peak_bytes"));
  entry.date = text(e.at("date"));
  entry.fettle_version = text(e.at("fettle_version"));
  if (!entry.verified && entry.median_ms) {
    throw std::runtime_error("a wrong entry has a time");
  }
  return entry;
}

// The file's document with its array of entries; an empty one for a file that does not exist.
json::object read_document(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    return {{kKey, kFormat}, {"entries", json::array()}};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    unreadable(path, "it is no file that can be read");
  const std::string content(std::istreambuf_iterator<char>(file), {});
  json::value document;
  try {
    document = json::parse(content);
    if (document.at(kKey).as_int64() != kFormat) throw std::runtime_error("of another format");
    std::size_t at = 0;
    for (const json::value& entry : document.at("entries").as_array()) {
      try {
        entry_of(entry);
      } catch (const std::exception& fault) {
        throw std::runtime_error(fmt::format("entry {}: {}", at, fault.what()));
      }
      ++at;
    }
  } catch (const std::exception& fault) {
    unreadable(path, fmt::format("it is no leaderboard: {}", fault.what()));
  }
  return std::move(document.as_object());
}

}  // namespace

std::vector<LeaderboardEntry> read_leaderboard(const std::filesystem::path& path) {
  std::vector<LeaderboardEntry> entries;
  const json::object document = read_document(path);
  for (const json::value& entry : document.at("entries").as_array()) {
    entries.push_back(entry_of(entry));
  }
  return entries;
}

void append_to_leaderboard(const std::filesystem::path& path,
                           const std::vector<LeaderboardEntry>& entries) {
  json::object document = read_document(path);
  json::array& list = document.at("entries").as_array();
  for (const LeaderboardEntry& entry : entries) list.push_back(to_json(entry));
  write_report(path, pretty(document));
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return {};
}

}  // namespace fettle
