// The container of a .pt2: a zip whose records are stored, not compressed, below one root folder.
//
// Reads the central directory alone (zip64 included) and one local header for each record, so that
// weights are not touched. Everything in the file is distrusted: every offset and size is checked
// against the mapping before use, and names, ranges and headers must agree with one another.
// Refuses: compressed or encrypted records, several disks, records that overlap, repeat a name or
// lie outside the file, and names that would leave the archive ("/x", "a/../b").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/mapped_file.hpp"
#include "graph/constants.hpp"

namespace fettle {

struct ZipRecord {
  std::string_view path;  // within the root folder; views the mapping
  std::span<const std::byte> bytes;
  std::uint32_t crc32 = 0;  // as the directory says; see ZipReader::checked_text
};

class ZipReader {
 public:
  // Throws archive_open, archive_not_zip, archive_truncated, archive_damaged, archive_compressed,
  // archive_unsafe_path.
  explicit ZipReader(const std::filesystem::path& path);

  const std::string& file() const { return file_; }  // for messages
  const std::string& root() const { return root_; }
  const std::shared_ptr<const MappedFile>& mapping() const { return mapping_; }
  const std::vector<ZipRecord>& records() const { return records_; }  // in the file's order
  const ZipRecord* find(std::string_view path) const;
  const ZipRecord& require(std::string_view path) const;  // archive_missing_record

  // The record's bytes as text, after comparing its checksum (archive_damaged).
  std::string_view checked_text(const ZipRecord& record) const;
  // The record's bytes, kept alive by the mapping.
  std::shared_ptr<const Storage> storage(const ZipRecord& record) const;

 private:
  std::string file_;
  std::shared_ptr<const MappedFile> mapping_;
  std::string root_;
  std::vector<ZipRecord> records_;
  std::unordered_map<std::string_view, std::size_t> by_path_;
};

// Whether the zip names such a record, below its root folder; compressed ones count. False for what
// is no whole zip.
bool zip_has_record(const std::filesystem::path& path, std::string_view record);

}  // namespace fettle
