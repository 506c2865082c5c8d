// Where plugins are looked for. See Search in host/host.hpp for the order.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.hpp"

namespace fettle {

// In order of discovery, as people name them.
inline constexpr std::string_view kSearchPlaces[] = {
    "--plugin-dir", "FETTLE_PLUGIN_PATH", "your folder", "the system's folder", "the build's folder"};

struct SearchFolder {
  std::filesystem::path path;
  bool asked_for = false;  // by --plugin-dir: must exist, be trusted, and hold a plugin that loads
  std::string_view place = kSearchPlaces[0];
};

// In order of discovery. A relative path in FETTLE_PLUGIN_PATH, or an empty one, would mean the
// working directory: it is refused, not resolved.
std::vector<SearchFolder> search_folders(const Search& search, std::vector<Refusal>& refusals);

// The libraries in a folder by their real paths, sorted by name; empty if it does not exist.
std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder);

}  // namespace fettle
