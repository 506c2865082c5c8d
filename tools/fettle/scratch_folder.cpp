#include "scratch_folder.hpp"

#include <stdlib.h>

#include <cerrno>
#include <system_error>

#include "base/error.hpp"

namespace fettle {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const std::string& prefix, const fs::path& left) : path_(left) {
  if (!left.empty()) return;
  std::string name = (fs::temp_directory_path() / (prefix + "-XXXXXX")).string();
  if (!::mkdtemp(name.data())) {
    throw Error({Code::report_unwritable, "no folder for files on the way can be made", name,
                 std::generic_category().message(errno), "set TMPDIR to a folder with room"});
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace fettle
