// What fettle_host.extension answers, for those who go through all of it (core/conformance).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fettle {

struct HostExtension {
  std::string_view id;
  const void* table;
  std::size_t size, first_size;  // now, and when it was offered first:
  std::uint32_t minor;           // by version 1.minor
};
std::span<const HostExtension> host_extensions();

}  // namespace fettle
