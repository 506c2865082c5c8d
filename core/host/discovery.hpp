// What is found in the places that are searched for plugins: each folder and file in order, with
// what came of it. Nothing here throws for what it finds, so that a person can be told every reason
// at once (`fettle plugins why`); what a Host cannot go on after is `stop`.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "host/host.hpp"
#include "host/plugin_library.hpp"

namespace fettle {

struct SearchedFile {
  std::filesystem::path path;
  std::optional<PluginInfo> plugin;   // what it offers, where that could be read
  std::optional<Diagnostic> refusal;  // why it was refused
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

struct Discovery {
  std::vector<SearchedFolder> folders;                          // in order
  std::vector<std::shared_ptr<const PluginLibrary>> libraries;  // initialized, each once
  std::vector<Refusal> refusals() const;

  // What every command stops at, whatever it is asked for: a folder that the user named and that
  // does not exist, is not trusted or has nothing but refused plugins; two plugins that offer one
  // name.
  const Diagnostic* stop() const;
};

Discovery discover(const Search& search);

}  // namespace fettle
