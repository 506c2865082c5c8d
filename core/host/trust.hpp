// Which files may be loaded into this process. A plugin runs with the user's rights, so a file that
// somebody else could have put or changed there is refused:
//   - world-writable files, and files that belong to a user other than root and this process's;
//   - files below a folder that is world-writable without the sticky bit, up to the root.
// Asked of the real path, symbolic links resolved.
#pragma once

#include <filesystem>

namespace fettle {

// Throws plugin_untrusted. `path` is absolute and has no symbolic links.
void require_trusted_file(const std::filesystem::path& path);
void require_trusted_folder(const std::filesystem::path& path);  // the folder and its parents

}  // namespace fettle
