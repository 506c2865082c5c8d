// What a Host does with each place and file that it searches, told instead of done: nothing here
// throws for what it finds, so that a person sees every reason at once. Follows Host step by step,
// and a test holds the two against each other.
#pragma once

#include <optional>
#include <string_view>

#include "host/host.hpp"

namespace fettle {

struct SearchedFile {
  std::filesystem::path path;
  std::optional<PluginInfo> plugin;   // what it offers, where that could be read
  std::optional<Diagnostic> refusal;  // why it was refused, with a hint: what mends it
  std::filesystem::path same_as;      // the same plugin, loaded from there before
  bool loaded() const { return plugin && !refusal && same_as.empty(); }
};

struct SearchedFolder {
  std::string_view place;  // kSearchPlaces
  std::filesystem::path path;
  bool exists = false;
  std::optional<Diagnostic> refusal;  // of the folder as a whole
  std::vector<SearchedFile> files;
};

// In order of discovery. Runs the init and the fini of what can be loaded.
std::vector<SearchedFolder> explain_search(const Search& search);

}  // namespace fettle
