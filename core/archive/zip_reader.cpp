#include "archive/zip_reader.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <optional>

#include "archive/zip_format.hpp"
#include "base/error.hpp"

namespace fettle {
namespace {

using Bytes = std::span<const std::byte>;

[[noreturn]] void fail(Code code, const std::string& file, std::string what, std::string why,
                       std::string hint = {}) {
  throw Error({.code = code,
               .what = std::move(what),
               .where = file,
               .why = std::move(why),
               .hint = std::move(hint)});
}

[[noreturn]] void damaged(const std::string& file, std::string why) {
  fail(Code::archive_damaged, file, "the archive is damaged", std::move(why),
       "export or copy the file again");
}

[[noreturn]] void truncated(const std::string& file, std::string why) {
  fail(Code::archive_truncated, file, "the archive is cut short", std::move(why),
       "export or copy the file again");
}

// Little-endian fields at checked offsets. All arithmetic is 64-bit on offsets below the file's
// size.
class Fields {
 public:
  Fields(Bytes bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  std::uint64_t size() const { return bytes_.size(); }
  bool has(std::uint64_t offset, std::uint64_t length) const {
    return offset <= size() && length <= size() - offset;
  }
  Bytes range(std::uint64_t offset, std::uint64_t length, std::string_view what) const {
    if (!has(offset, length)) {
      truncated(file_,
                fmt::format("{} ({} bytes at offset {}) lies past the end of the file ({} bytes)",
                            what, length, offset, size()));
    }
    return bytes_.subspan(offset, length);
  }
  template <class T>
  T get(std::uint64_t offset) const {
    const Bytes field = range(offset, sizeof(T), "a header field");
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(field[i])) << (8 * i));
    }
    return value;
  }
  std::uint16_t u16(std::uint64_t offset) const { return get<std::uint16_t>(offset); }
  std::uint32_t u32(std::uint64_t offset) const { return get<std::uint32_t>(offset); }
  std::uint64_t u64(std::uint64_t offset) const { return get<std::uint64_t>(offset); }
  std::string_view text(std::uint64_t offset, std::uint64_t length) const {
    const Bytes name = range(offset, length, "a record's name");
    return {reinterpret_cast<const char*>(name.data()), name.size()};
  }

 private:
  Bytes bytes_;
  const std::string& file_;
};

struct Directory {
  std::uint64_t count = 0, size = 0, offset = 0;
};

// The end record stands at the very end, behind it at most a comment of 64 KiB.
std::optional<std::uint64_t> find_end(const Fields& in) {
  if (in.size() < zip::kEndSize) return std::nullopt;
  const std::uint64_t last = in.size() - zip::kEndSize;
  const std::uint64_t first = last > 0xffff ? last - 0xffff : 0;
  for (std::uint64_t at = last;; --at) {
    if (in.u32(at) == zip::kEnd && in.u16(at + 20) == last - at) return at;
    if (at == first) return std::nullopt;
  }
}

Directory read_end(const Fields& in, const std::string& file) {
  const auto end = find_end(in);
  if (!end) {
    if (in.size() >= 4 && in.u32(0) == zip::kLocalHeader) {
      truncated(file, "the zip directory at its end is missing");
    }
    fail(Code::archive_not_zip, file, "the file is not a .pt2 archive", "it is not a zip file",
         "give a file that torch.export.save wrote");
  }
  if (in.u16(*end + 4) != in.u16(*end + 6)) damaged(file, "it spans several disks");
  Directory directory{in.u16(*end + 10), in.u32(*end + 12), in.u32(*end + 16)};
  const bool zip64 = directory.count == zip::kSeeZip64Short || directory.size == zip::kSeeZip64 ||
                     directory.offset == zip::kSeeZip64;
  std::uint64_t limit = *end;
  if (zip64) {
    if (*end < zip::kEnd64LocatorSize ||
        in.u32(*end - zip::kEnd64LocatorSize) != zip::kEnd64Locator) {
      damaged(file, "the zip64 locator is missing");
    }
    const std::uint64_t end64 = in.u64(*end - zip::kEnd64LocatorSize + 8);
    if (!in.has(end64, zip::kEnd64Size) || in.u32(end64) != zip::kEnd64) {
      damaged(file, "the zip64 directory's end is not where the locator says");
    }
    directory = {in.u64(end64 + 32), in.u64(end64 + 40), in.u64(end64 + 48)};
    limit = end64;
  }
  if (directory.offset > limit || directory.size > limit - directory.offset) {
    truncated(file, fmt::format("the zip directory ({} bytes at offset {}) lies past its end",
                                directory.size, directory.offset));
  }
  if (directory.count > directory.size / zip::kCentralHeaderSize) {
    damaged(file, fmt::format("a directory of {} bytes cannot name {} records", directory.size,
                              directory.count));
  }
  return directory;
}

struct Entry {
  std::string_view name;  // with the root folder
  std::uint64_t size = 0, packed = 0, header = 0;
  std::uint32_t crc32 = 0;
  bool stored = false;  // neither compressed nor encrypted
};

// zip64's extra field holds, in this order, those of the fields whose 32-bit form says "see there".
void read_zip64(const Fields& in, std::uint64_t at, std::uint64_t end, Entry& entry,
                const std::string& file) {
  while (at + 4 <= end) {
    const std::uint64_t next = at + 4 + in.u16(at + 2);
    if (next > end) damaged(file, fmt::format("extra fields of '{}' overrun", entry.name));
    if (in.u16(at) == zip::kZip64Field) {
      std::uint64_t field = at + 4;
      for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.header}) {
        if (*value != zip::kSeeZip64) continue;
        if (field + 8 > next)
          damaged(file, fmt::format("zip64 sizes of '{}' are missing", entry.name));
        *value = in.u64(field);
        field += 8;
      }
    }
    at = next;
  }
}

// One entry of the central directory; moves `at` behind it.
Entry read_entry(const Fields& in, std::uint64_t& at, std::uint64_t end, const std::string& file) {
  if (end - at < zip::kCentralHeaderSize || in.u32(at) != zip::kCentralHeader) {
    damaged(file, fmt::format("there is no directory entry at offset {}", at));
  }
  const std::uint64_t name_length = in.u16(at + 28), extra = in.u16(at + 30),
                      comment = in.u16(at + 32);
  const std::uint64_t next = at + zip::kCentralHeaderSize + name_length + extra + comment;
  if (next > end) damaged(file, fmt::format("the directory entry at offset {} overruns", at));
  Entry entry;
  entry.name = in.text(at + zip::kCentralHeaderSize, name_length);
  entry.crc32 = in.u32(at + 16);
  entry.size = in.u32(at + 24);
  entry.header = in.u32(at + 42);
  entry.packed = in.u32(at + 20);
  read_zip64(in, next - comment - extra, next - comment, entry, file);
  entry.stored = (in.u16(at + 8) & zip::kEncrypted) == 0 && in.u16(at + 10) == zip::kStored;
  at = next;
  return entry;
}

void require_stored(const Entry& entry, const std::string& file) {
  if (!entry.stored) {
    fail(Code::archive_compressed, file,
         fmt::format("record '{}' is compressed or encrypted", entry.name),
         "weights are mapped, so records must be stored as torch.export.save stores them",
         "do not re-pack the archive with a zip tool, or use its 'store' level (zip -0)");
  }
  if (entry.packed != entry.size) {
    damaged(file, fmt::format("record '{}' is stored, but its two sizes differ", entry.name));
  }
}

// Where the record's data lies, from its local header, which must tell the same name.
std::uint64_t data_offset(const Fields& in, const Entry& entry, std::uint64_t directory,
                          const std::string& file) {
  if (!in.has(entry.header, zip::kLocalHeaderSize) || in.u32(entry.header) != zip::kLocalHeader) {
    damaged(file, fmt::format("there is no header of record '{}' at offset {}", entry.name,
                              entry.header));
  }
  const std::uint64_t name_length = in.u16(entry.header + 26);
  const std::uint64_t data =
      entry.header + zip::kLocalHeaderSize + name_length + in.u16(entry.header + 28);
  if (data > directory || entry.size > directory - data) {
    truncated(file, fmt::format("record '{}' ({} bytes at offset {}) lies past the end", entry.name,
                                entry.size, data));
  }
  if (in.u16(entry.header + 8) != zip::kStored ||
      in.text(entry.header + zip::kLocalHeaderSize, name_length) != entry.name) {
    damaged(file, fmt::format("the directory and the header of record '{}' disagree", entry.name));
  }
  return data;
}

void check_name(std::string_view name, const std::string& file) {
  const auto refuse = [&](std::string why) {
    fail(Code::archive_unsafe_path, file, fmt::format("a record has the name '{}'", name),
         std::move(why));
  };
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\')
      refuse("names are made of printable characters and '/'");
  }
  if (name.empty() || name.front() == '/') refuse("names are relative to the archive");
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t slash = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, slash - begin);
    if (part.empty() || part == "." || part == "..")
      refuse("names may not contain '//', '.' or '..'");
    begin = slash + 1;
  }
}

void check_overlaps(std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges,
                    const std::string& file) {
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      damaged(file, fmt::format("two records overlap at offset {}", ranges[i].first));
    }
  }
}

}  // namespace

ZipReader::ZipReader(const std::filesystem::path& path)
    : file_(path.string()), mapping_(MappedFile::open(path)) {
  const Fields in(mapping_->bytes(), file_);
  const Directory directory = read_end(in, file_);
  const std::uint64_t end = directory.offset + directory.size;
  std::uint64_t at = directory.offset;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    const Entry entry = read_entry(in, at, end, file_);
    require_stored(entry, file_);
    if (entry.name.ends_with('/') && entry.size == 0) continue;  // a folder, as some zip tools note
    check_name(entry.name, file_);
    const std::size_t slash = entry.name.find('/');
    if (slash == std::string_view::npos ||
        (!root_.empty() && entry.name.substr(0, slash) != root_)) {
      fail(Code::archive_unsafe_path, file_,
           fmt::format("record '{}' lies outside the root folder", entry.name),
           "every record of a .pt2 lies in one folder, named after the file");
    }
    root_ = entry.name.substr(0, slash);
    const std::uint64_t data = data_offset(in, entry, directory.offset, file_);
    ranges.emplace_back(entry.header, data + entry.size);
    records_.push_back(
        {entry.name.substr(slash + 1), mapping_->bytes().subspan(data, entry.size), entry.crc32});
    if (!by_path_.emplace(records_.back().path, records_.size() - 1).second) {
      damaged(file_, fmt::format("there are two records '{}'", records_.back().path));
    }
  }
  if (records_.empty()) damaged(file_, "it has no records");
  check_overlaps(std::move(ranges), file_);
}

bool zip_has_record(const std::filesystem::path& path, std::string_view record) {
  try {
    const std::string file = path.string();
    const std::shared_ptr<const MappedFile> mapping = MappedFile::open(path);
    const Fields in(mapping->bytes(), file);
    const Directory directory = read_end(in, file);
    std::uint64_t at = directory.offset;
    for (std::uint64_t i = 0; i < directory.count; ++i) {
      const Entry entry = read_entry(in, at, directory.offset + directory.size, file);
      if (entry.name.substr(entry.name.find('/') + 1) == record) return true;
    }
  } catch (const Error&) {  // the file's own reader says what is wrong with it
  }
  return false;
}

const ZipRecord* ZipReader::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &records_[found->second];
}

const ZipRecord& ZipReader::require(std::string_view path) const {
  if (const ZipRecord* record = find(path)) return *record;
  fail(Code::archive_missing_record, file_, fmt::format("the archive has no record '{}'", path), {},
       "export the model again with torch.export.save");
}

std::string_view ZipReader::checked_text(const ZipRecord& record) const {
  const auto* bytes = reinterpret_cast<const Bytef*>(record.bytes.data());
  if (::crc32_z(0, bytes, record.bytes.size()) != record.crc32) {
    damaged(file_, fmt::format("the checksum of record '{}' does not match", record.path));
  }
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

std::shared_ptr<const Storage> ZipReader::storage(const ZipRecord& record) const {
  auto storage = std::make_shared<Storage>();
  storage->data = record.bytes.data();
  storage->size = record.bytes.size();
  storage->owner = mapping_;
  storage->crc32 = record.crc32;
  return storage;
}

}  // namespace fettle
