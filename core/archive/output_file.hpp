// A file that appears whole or not at all: written beside its target without a name (or under
// another one, where the file system knows no nameless files), flushed to the disk, then renamed
// over it. Destroyed before commit, it leaves nothing behind.
//
// Killed, it leaves the target as it was, or whole. What it may leave is a file `.NAME.xxxxxxxx.tmp`
// beside it: without nameless files, always; else only between the two system calls that name the
// whole file and rename it over an old one. The next write of that target removes it: whoever still
// writes one holds a lock on it.
//
// What the target named before stays valid for whoever has it open or mapped, so that a program may
// be written over the archive it was read from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "archive/mapped_file.hpp"

namespace fettle {

class OutputFile {
 public:
  // Throws archive_write: no such folder, no permission, the target is a folder or a device …
  explicit OutputFile(const std::filesystem::path& target);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  // The same for a part of `source`: by the system where it can copy between files, so that large
  // weights do not pass through this process.
  void copy(const MappedFile& source, std::span<const std::byte> part);
  std::uint64_t offset() const { return offset_; }
  void commit();  // flushes and renames

 private:
  void flush();
  void write_through(std::span<const std::byte> bytes);
  std::filesystem::path folder() const;
  std::filesystem::path temporary_name() const;
  void remove_abandoned() const;
  void open_named();
  void name_it();
  void check(bool ok, const char* what) const;

  std::filesystem::path target_, temporary_;
  int file_ = -1;
  std::uint64_t offset_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace fettle
