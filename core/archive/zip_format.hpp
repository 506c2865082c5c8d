// The numbers of the zip format (PKWARE's APPNOTE 6.3) that reader and writer share.
#pragma once

#include <cstdint>

namespace fettle::zip {

inline constexpr std::uint32_t kLocalHeader = 0x04034b50;
inline constexpr std::uint32_t kCentralHeader = 0x02014b50;
inline constexpr std::uint32_t kEnd = 0x06054b50;
inline constexpr std::uint32_t kEnd64 = 0x06064b50;
inline constexpr std::uint32_t kEnd64Locator = 0x07064b50;

inline constexpr std::uint64_t kLocalHeaderSize = 30;
inline constexpr std::uint64_t kCentralHeaderSize = 46;
inline constexpr std::uint64_t kEndSize = 22;
inline constexpr std::uint64_t kEnd64Size = 56;
inline constexpr std::uint64_t kEnd64LocatorSize = 20;

inline constexpr std::uint32_t kSeeZip64 = 0xffffffff;  // the 32-bit field's value is in zip64's
inline constexpr std::uint16_t kSeeZip64Short = 0xffff;
inline constexpr std::uint16_t kZip64Field = 0x0001;    // id of the extra field
inline constexpr std::uint16_t kPaddingField = 0x4246;  // "FB": torch's padding before the data
inline constexpr std::uint64_t kDataAlignment = 64;  // of every record's data, as torch writes it

inline constexpr std::uint16_t kEncrypted = 1u << 0;
inline constexpr std::uint16_t kUtf8Names = 1u << 11;
inline constexpr std::uint16_t kStored = 0;

}  // namespace fettle::zip
