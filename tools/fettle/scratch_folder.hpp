// A folder for files on the way, removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>

namespace fettle {

class ScratchFolder {
 public:
  // In TMPDIR, its name begins with `prefix`. Throws report_unwritable. `left`: one that the process
  // which this one was before has left; empty: a new one.
  explicit ScratchFolder(const std::string& prefix, const std::filesystem::path& left = {});
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fettle
