#include "host/trust.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void distrust(const fs::path& path, std::string why, std::string hint) {
  throw Error({.code = Code::plugin_untrusted,
               .what = "a plugin was not loaded, as others could have changed it",
               .where = path.string(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

struct stat status_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw Error({.code = Code::plugin_not_found,
                 .what = "a plugin file or folder cannot be read",
                 .where = path.string(),
                 .why = std::generic_category().message(errno)});
  }
  return status;
}

}  // namespace

void require_trusted_folder(const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    const struct stat status = status_of(at);
    if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX)) {
      distrust(folder, fmt::format("the folder '{}' is world-writable", at.string()),
               fmt::format("chmod o-w '{}'", at.string()));
    }
    if (at == at.parent_path()) return;
  }
}

void require_trusted_file(const fs::path& path) {
  const struct stat status = status_of(path);
  if (!S_ISREG(status.st_mode)) {  // a pipe would be read for ever
    throw Error({.code = Code::plugin_not_loadable,
                 .what = "a plugin is not a file",
                 .where = path.string(),
                 .why = "it is a pipe, a socket or a device",
                 .hint = "remove it from the plugin folder"});
  }
  if (status.st_mode & S_IWOTH) {
    distrust(path, "the file is world-writable", fmt::format("chmod o-w '{}'", path.string()));
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    distrust(path, fmt::format("the file belongs to user {}, neither root nor you", status.st_uid),
             "copy it to a folder of your own, if you trust it");
  }
  require_trusted_folder(path.parent_path());
}

}  // namespace fettle
