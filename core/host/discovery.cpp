#include "host/discovery.hpp"

#include <fmt/format.h>

#include "host/search.hpp"
#include "host/trust.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

using Libraries = std::vector<std::shared_ptr<const PluginLibrary>>;

void require_new_names(const PluginInfo& plugin, const Libraries& libraries) {
  for (const auto& other : libraries) {
    for (const ComponentInfo& theirs : other->info().components) {
      for (const ComponentInfo& ours : plugin.components) {
        if (ours.name != theirs.name) continue;
        throw Error({.code = Code::plugin_duplicate_name,
                     .what = fmt::format("two plugins offer a component named '{}'", ours.name),
                     .where = plugin.path.string(),
                     .why = "the other is " + other->info().path.string(),
                     .hint = "remove one of the files, or rename the component"});
      }
    }
  }
}

void load(SearchedFile& file, Libraries& libraries) {
  std::error_code error;
  const fs::path real = fs::canonical(file.path, error);
  if (error) {
    throw Error({.code = Code::plugin_not_found,
                 .what = "a plugin file cannot be read",
                 .where = file.path.string(),
                 .why = error.message()});
  }
  require_trusted_file(real);
  auto library = std::make_shared<PluginLibrary>(real);
  file.plugin = library->info();
  for (const auto& other : libraries) {
    // The same plugin met again through another folder, by name or as a copy.
    if (other->info().path != real && other->info().sha256 != library->info().sha256) continue;
    file.same_as = other->info().path;
    return;
  }
  require_new_names(library->info(), libraries);
  library->init();
  libraries.push_back(std::move(library));
}

SearchedFolder look_in(const SearchFolder& folder, Libraries& libraries) {
  SearchedFolder out{folder.place, folder.path, false, {}, {}};
  std::error_code error;
  const fs::path real = fs::canonical(folder.path, error);
  out.exists = !error && fs::is_directory(real, error);
  if (!out.exists) {
    if (!folder.asked_for) return out;
    out.refusal = {
        .code = Code::plugin_not_found,
        .what = error ? "a plugin folder does not exist" : "a plugin folder is not a folder",
        .where = folder.path.string(),
        .why = error ? error.message() : "it is a file",
        .hint = "name the folder that holds the plugin's library"};
    return out;
  }
  try {
    if (folder.asked_for) require_trusted_folder(real);
  } catch (const Error& refusal) {
    out.refusal = refusal.diagnostic();
    return out;
  }
  for (const fs::path& named : libraries_in(real)) {
    SearchedFile& file = out.files.emplace_back(SearchedFile{named, {}, {}, {}});
    try {
      load(file, libraries);
    } catch (const Error& refusal) {
      file.refusal = refusal.diagnostic();
    }
  }
  return out;
}

}  // namespace

std::vector<Refusal> Discovery::refusals() const {
  std::vector<Refusal> out;
  for (const SearchedFolder& folder : folders) {
    if (folder.refusal) out.push_back({folder.path, *folder.refusal});
    for (const SearchedFile& file : folder.files) {
      if (file.refusal) out.push_back({file.path, *file.refusal});
    }
  }
  return out;
}

const Diagnostic* Discovery::stop() const {
  for (const SearchedFolder& folder : folders) {
    const bool asked_for = folder.place == kSearchPlaces[0];
    if (asked_for && folder.refusal) return &*folder.refusal;
    bool any_loaded = false;
    const Diagnostic* first = nullptr;
    for (const SearchedFile& file : folder.files) {
      any_loaded |= file.loaded();
      if (!file.refusal) continue;
      if (file.refusal->code == Code::plugin_duplicate_name) return &*file.refusal;
      if (!first) first = &*file.refusal;
    }
    if (asked_for && !any_loaded && first) return first;
  }
  return nullptr;
}

Discovery discover(const Search& search) {
  Discovery found;
  std::vector<Refusal> relative;  // folders of FETTLE_PLUGIN_PATH
  for (const SearchFolder& folder : search_folders(search, relative)) {
    found.folders.push_back(look_in(folder, found.libraries));
  }
  for (const Refusal& refusal : relative) {
    found.folders.insert(
        found.folders.begin() + static_cast<std::ptrdiff_t>(search.plugin_dirs.size()),
        {kSearchPlaces[1], refusal.path, false, refusal.reason, {}});
  }
  return found;
}

}  // namespace fettle
