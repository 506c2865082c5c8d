#include "host/search.hpp"

#include <algorithm>
#include <cstdlib>

namespace fettle {

namespace fs = std::filesystem;

Search Search::standard(const fs::path& executable) {
  Search search;
  if (const char* path = std::getenv("FETTLE_PLUGIN_PATH")) search.plugin_path = path;
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  if (data && fs::path(data).is_absolute()) {
    search.user_dir = fs::path(data) / "fettle" / "plugins";
  } else if (home && fs::path(home).is_absolute()) {
    search.user_dir = fs::path(home) / ".local" / "share" / "fettle" / "plugins";
  }
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(executable, ignored).parent_path();
  if (const fs::path own = folder / "plugins"; fs::is_directory(own, ignored)) {
    // Run from its build: what is installed are the same plugins of another day, under the same
    // names.
    search.build_dir = own;
  } else {
    const fs::path installed = folder.parent_path() / FETTLE_LIBDIR / "fettle" / "plugins";
    search.system_dir = fs::is_directory(installed, ignored)
                            ? installed
                            : fs::path("/usr/local") / FETTLE_LIBDIR / "fettle" / "plugins";
  }
  return search;
}

std::vector<SearchFolder> search_folders(const Search& search, std::vector<Refusal>& refusals) {
  std::vector<SearchFolder> folders;
  for (const fs::path& dir : search.plugin_dirs) folders.push_back({dir, true});
  std::size_t begin = 0;
  while (begin < search.plugin_path.size()) {
    const std::size_t end =
        std::min(search.plugin_path.find(':', begin), search.plugin_path.size());
    const fs::path dir = search.plugin_path.substr(begin, end - begin);
    begin = end + 1;
    if (dir.is_absolute()) {
      folders.push_back({dir, false, kSearchPlaces[1]});
    } else if (!dir.empty()) {
      refusals.push_back({dir,
                          {.code = Code::plugin_relative_path,
                           .what = "FETTLE_PLUGIN_PATH names a folder by a relative path",
                           .where = dir.string(),
                           .why = "plugins are never taken from the working directory",
                           .hint = "write the absolute path"}});
    }
  }
  const std::string_view* place = &kSearchPlaces[2];
  for (const auto& dir : {search.user_dir, search.system_dir, search.build_dir}) {
    if (dir && dir->is_absolute()) folders.push_back({*dir, false, *place});
    ++place;
  }
  return folders;
}

std::vector<fs::path> libraries_in(const fs::path& folder) {
  constexpr std::string_view kEndings[] = {".so", ".dylib"};
  std::vector<fs::path> named;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string ending = entry.path().extension().string();
    std::error_code ignored;
    if (std::ranges::find(kEndings, ending) != std::end(kEndings) && !entry.is_directory(ignored)) {
      named.push_back(entry.path());
    }
  }
  std::ranges::sort(named);
  return named;
}

}  // namespace fettle
