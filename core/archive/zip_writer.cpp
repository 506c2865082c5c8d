#include "archive/zip_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <functional>

#include "archive/zip_format.hpp"

namespace fettle {
namespace {

// Little-endian fields, appended.
class Fields {
 public:
  explicit Fields(std::string& bytes) : bytes_(bytes) {}
  Fields& u16(std::uint64_t value) { return append(value, 2); }
  Fields& u32(std::uint64_t value) { return append(value, 4); }
  Fields& u64(std::uint64_t value) { return append(value, 8); }

 private:
  Fields& append(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string& bytes_;
};

constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kNewYear1980 = 0x0021;  // the earliest date that zip knows

bool large(std::uint64_t value) {
  return value >= zip::kSeeZip64;
}
std::uint64_t short_form(std::uint64_t value) {
  return std::min<std::uint64_t>(value, zip::kSeeZip64);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::uint32_t checksum(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool contains(std::span<const std::byte> whole, std::span<const std::byte> part) {
  const std::less_equal<> before;  // a total order of pointers, unlike <=
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

// version, flags, method, time, date, crc, sizes, name's length: common to both headers.
void common_fields(Fields& out, bool zip64, std::uint32_t crc32, std::uint64_t packed,
                   std::size_t name) {
  out.u16(zip64 ? kVersion64 : kVersion).u16(zip::kUtf8Names).u16(zip::kStored);
  out.u16(0).u16(kNewYear1980).u32(crc32).u32(packed).u32(packed).u16(name);
}

}  // namespace

void ZipWriter::add(std::string_view path, const Storage& storage) {
  const std::span<const std::byte> bytes(storage.data, storage.size);
  add(path, bytes, storage.crc32 ? *storage.crc32 : checksum(bytes));
}

void ZipWriter::add(std::string_view path, std::string_view text) {
  add(path, bytes_of(text), checksum(bytes_of(text)));
}

void ZipWriter::add(std::string_view path, std::span<const std::byte> bytes, std::uint32_t crc32) {
  Entry entry{root_ + "/" + std::string(path), bytes.size(), file_.offset(), crc32};
  const bool zip64 = large(entry.size);
  const std::uint64_t zip64_field = zip64 ? 20 : 0;
  // The data begins behind header, name, zip64's field and the padding field's own four bytes.
  const std::uint64_t before =
      entry.header + zip::kLocalHeaderSize + entry.name.size() + zip64_field + 4;
  const std::uint64_t padding =
      (zip::kDataAlignment - before % zip::kDataAlignment) % zip::kDataAlignment;

  std::string header;
  Fields out(header);
  out.u32(zip::kLocalHeader);
  common_fields(out, zip64, crc32, short_form(entry.size), entry.name.size());
  out.u16(zip64_field + 4 + padding);
  header += entry.name;
  if (zip64) out.u16(zip::kZip64Field).u16(16).u64(entry.size).u64(entry.size);
  out.u16(zip::kPaddingField).u16(padding);
  header.append(padding, 'Z');
  file_.write(bytes_of(header));
  source_ && contains(source_->bytes(), bytes) ? file_.copy(*source_, bytes) : file_.write(bytes);
  entries_.push_back(std::move(entry));
}

void ZipWriter::write_entry(const Entry& entry, std::string& directory) const {
  std::string extra;  // those fields that do not fit, in this order
  Fields more(extra);
  if (large(entry.size)) more.u64(entry.size).u64(entry.size);
  if (large(entry.header)) more.u64(entry.header);

  Fields out(directory);
  const bool zip64 = !extra.empty();
  out.u32(zip::kCentralHeader).u16(zip64 ? kVersion64 : kVersion);
  common_fields(out, zip64, entry.crc32, short_form(entry.size), entry.name.size());
  out.u16(zip64 ? extra.size() + 4 : 0).u16(0).u16(0).u16(0).u32(0).u32(short_form(entry.header));
  directory += entry.name;
  if (zip64) out.u16(zip::kZip64Field).u16(extra.size());
  directory += extra;
}

void ZipWriter::finish() {
  std::string directory;
  for (const Entry& entry : entries_) write_entry(entry, directory);
  const std::uint64_t offset = file_.offset(), size = directory.size(), count = entries_.size();
  Fields out(directory);
  if (large(offset) || large(size) || count >= zip::kSeeZip64Short) {
    const std::uint64_t end = offset + size;
    out.u32(zip::kEnd64).u64(zip::kEnd64Size - 12).u16(kVersion64).u16(kVersion64).u32(0).u32(0);
    out.u64(count).u64(count).u64(size).u64(offset);
    out.u32(zip::kEnd64Locator).u32(0).u64(end).u32(1);
  }
  const std::uint64_t shown = std::min<std::uint64_t>(count, zip::kSeeZip64Short);
  out.u32(zip::kEnd)
      .u16(0)
      .u16(0)
      .u16(shown)
      .u16(shown)
      .u32(short_form(size))
      .u32(short_form(offset))
      .u16(0);
  file_.write(bytes_of(directory));
}

}  // namespace fettle
