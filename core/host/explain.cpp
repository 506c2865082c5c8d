#include "host/explain.hpp"

#include <fmt/format.h>

#include "host/plugin_library.hpp"
#include "host/search.hpp"
#include "host/trust.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

using Loaded = std::vector<std::unique_ptr<PluginLibrary>>;

// Refusals whose own hint says nothing yet of what to do.
std::string mend_of(Code code, const fs::path& file) {
  switch (code) {
    case Code::plugin_not_found:
      return fmt::format("remove '{}', or make it readable", file.string());
    case Code::plugin_init_failed:
      return "the plugin's own messages say what it needs; its author can help";
    case Code::plugin_threw:
      return "catch every exception at the boundary: fettle.hpp does; a C++ plugin on fettle.h "
             "must";
    default:
      return "build it again from source on this fettle's sdk";
  }
}

Diagnostic with_mend(Diagnostic diagnostic, const fs::path& file) {
  if (diagnostic.hint.empty()) diagnostic.hint = mend_of(diagnostic.code, file);
  return diagnostic;
}

// The component name that another plugin offers already, as Host refuses it.
std::optional<Diagnostic> taken_name(const PluginInfo& plugin, const Loaded& loaded) {
  for (const auto& other : loaded) {
    for (const ComponentInfo& theirs : other->info().components) {
      for (const ComponentInfo& ours : plugin.components) {
        if (ours.name != theirs.name) continue;
        return Diagnostic{
            .code = Code::plugin_duplicate_name,
            .what = fmt::format("two plugins offer a component named '{}'", ours.name),
            .where = plugin.path.string(),
            .why = "the other is " + other->info().path.string() +
                   "; no command runs while both are found",
            .hint = "remove one of the files, or rename the component"};
      }
    }
  }
  return std::nullopt;
}

SearchedFile look_at(const fs::path& named, Loaded& loaded) {
  SearchedFile file{named, {}, {}, {}};
  try {
    std::error_code error;
    const fs::path real = fs::canonical(named, error);
    if (error) {
      throw Error({.code = Code::plugin_not_found,
                   .what = "a plugin file cannot be read",
                   .where = named.string(),
                   .why = error.message()});
    }
    require_trusted_file(real);
    auto library = std::make_unique<PluginLibrary>(real);
    file.plugin = library->info();
    for (const auto& other : loaded) {
      if (other->info().path == real || other->info().sha256 == library->info().sha256) {
        file.same_as = other->info().path;
        return file;
      }
    }
    if ((file.refusal = taken_name(library->info(), loaded))) return file;
    library->init();
    loaded.push_back(std::move(library));
  } catch (const Error& refusal) {
    file.refusal = with_mend(refusal.diagnostic(), named);
  }
  return file;
}

SearchedFolder look_in(const SearchFolder& folder, Loaded& loaded) {
  SearchedFolder out{folder.place, folder.path, false, {}, {}};
  std::error_code error;
  const fs::path real = fs::canonical(folder.path, error);
  out.exists = !error && fs::is_directory(real, error);
  if (!out.exists) return out;
  try {
    if (folder.asked_for) require_trusted_folder(real);
  } catch (const Error& refusal) {
    out.refusal = refusal.diagnostic();
    return out;
  }
  for (const fs::path& named : libraries_in(real)) out.files.push_back(look_at(named, loaded));
  return out;
}

}  // namespace

std::vector<SearchedFolder> explain_search(const Search& search) {
  Loaded loaded;
  std::vector<SearchedFolder> out;
  std::vector<Refusal> refusals;
  for (const SearchFolder& folder : search_folders(search, refusals)) {
    out.push_back(look_in(folder, loaded));
  }
  for (const Refusal& refusal : refusals) {  // relative folders of FETTLE_PLUGIN_PATH
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(search.plugin_dirs.size()),
               {kSearchPlaces[1], refusal.path, false, refusal.reason, {}});
  }
  return out;
}

}  // namespace fettle
