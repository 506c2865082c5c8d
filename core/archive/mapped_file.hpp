// A file mapped read-only. Pages are read when touched: opening a large file costs nothing.
//
// The mapping outlives the file's name: renaming another file over it leaves these bytes as they
// were. It does not survive that somebody truncates the file in place; nothing that maps a file
// does.
#pragma once

#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace fettle {

class MappedFile {
 public:
  // Throws archive_open: no such file, no permission, a directory, an empty file …
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(region_.get_address()), region_.get_size()};
  }
  // Open for reading; its position is nobody's.
  int descriptor() const { return file_.get_mapping_handle().handle; }

 private:
  explicit MappedFile(const std::filesystem::path& path)
      : file_(path.c_str(), boost::interprocess::read_only),
        region_(file_, boost::interprocess::read_only) {}
  boost::interprocess::file_mapping file_;
  boost::interprocess::mapped_region region_;
};

}  // namespace fettle
