// Writes a .pt2's container as torch's PyTorchFileWriter lays it out: stored records, each one's
// data at a multiple of 64 bytes behind padding in an "FB" extra field, zip64 fields where numbers
// need them. The same records give the same bytes: no time of day is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "archive/output_file.hpp"
#include "graph/constants.hpp"

namespace fettle {

class ZipWriter {
 public:
  // Records that lie in `source`, if there is one, are copied from file to file.
  ZipWriter(OutputFile& file, std::string root, const MappedFile* source = nullptr)
      : file_(file), root_(std::move(root)), source_(source) {}

  // `storage`'s checksum is used where it is known, so that copying a weight does not read it
  // twice.
  void add(std::string_view path, const Storage& storage);
  void add(std::string_view path, std::string_view text);
  void finish();  // the directory

 private:
  struct Entry {
    std::string name;
    std::uint64_t size, header;
    std::uint32_t crc32;
  };
  void add(std::string_view path, std::span<const std::byte> bytes, std::uint32_t crc32);
  void write_entry(const Entry& entry, std::string& directory) const;

  OutputFile& file_;
  std::string root_;
  const MappedFile* source_;
  std::vector<Entry> entries_;
};

}  // namespace fettle
