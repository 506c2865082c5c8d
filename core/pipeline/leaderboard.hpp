// A leaderboard: what measured runs of models on backends came to, in one JSON file that later runs
// append to. Entries are kept as they are; a file that is no leaderboard is refused and left alone. A
// wrong backend has an entry without figures: it is listed as wrong, never as fast.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fettle {

struct LeaderboardEntry {
  std::string model, model_sha256;
  std::string cpu, device;
  std::uint32_t cores = 0, threads = 0;  // of the machine; that libtorch uses
  std::string backend, backend_version;
  bool verified = false;
  std::string why;  // what was wrong
  std::optional<double> median_ms, low_ms, high_ms, peak_bytes;
  std::string date;  // "2026-11-21T19:52:49Z"
  std::string fettle_version;
};

// Throws leaderboard_unreadable for one that is none; a file that does not exist is an empty one.
std::vector<LeaderboardEntry> read_leaderboard(const std::filesystem::path& path);

// Reads, appends, and replaces the file as a whole. Throws that, too, and report_unwritable.
void append_to_leaderboard(const std::filesystem::path& path,
                           const std::vector<LeaderboardEntry>& entries);

// The processor's name as the system tells it; empty where it does not.
std::string cpu_model();

}  // namespace fettle
