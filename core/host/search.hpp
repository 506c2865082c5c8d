// Where plugins are looked for. See Search in host/host.hpp for the order.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/host.hpp"

namespace fettle {

struct SearchFolder {
  std::filesystem::path path;
  bool asked_for = false;  // by --plugin-dir: must exist, be trusted, and hold a plugin that loads
};

// In order of discovery. A relative path in FETTLE_PLUGIN_PATH, or an empty one, would mean the
// working directory: it is refused, not resolved.
std::vector<SearchFolder> search_folders(const Search& search, std::vector<Refusal>& refusals);

// The libraries in a folder by their real paths, sorted by name; empty if it does not exist.
std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder);

}  // namespace fettle
