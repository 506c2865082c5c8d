// A folder for files on the way, removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>

namespace fettle {

class ScratchFolder {
 public:
  // In TMPDIR, its name begins with `prefix`. Throws report_unwritable.
  explicit ScratchFolder(const std::string& prefix);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fettle
