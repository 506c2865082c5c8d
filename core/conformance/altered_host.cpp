#include "conformance/altered_host.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <new>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/host_extensions.hpp"

namespace fettle::conformance {
namespace {

constexpr std::size_t kTail = 256;
constexpr unsigned char kPoison = 0xa5;

// What the altered host offers instead. The plain function below has no other way to know.
std::map<std::string, const void*, std::less<>> replaced;

const void* extension(const char* id) {
  if (!id) return nullptr;
  const auto found = replaced.find(std::string_view(id));
  return found == replaced.end() ? kHostTable.extension(id) : found->second;
}

void set_size(void* of, std::size_t size) {
  const auto bytes = static_cast<std::uint32_t>(size);
  std::memcpy(of, &bytes, sizeof bytes);
}

}  // namespace

void* cut_copy(const void* of, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t room = (bytes + page - 1) / page * page;
  void* memory =
      ::mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::mprotect(static_cast<char*>(memory) + room, page, PROT_NONE);
  constexpr std::size_t kAlign = alignof(std::max_align_t) / 2;  // of all structs of the ABI
  void* copy = static_cast<char*>(memory) + (room - bytes) / kAlign * kAlign;
  std::memcpy(copy, of, bytes);
  set_size(copy, bytes);
  return copy;
}

void* grown_copy(const void* of, std::size_t bytes) {
  void* copy = ::operator new(bytes + kTail);  // never freed: valid for the process
  std::memcpy(copy, of, bytes);
  std::memset(static_cast<char*>(copy) + bytes, kPoison, kTail);
  set_size(copy, bytes + kTail);
  return copy;
}

bool tail_is_whole(const void* grown, std::size_t bytes) {
  const auto* tail = static_cast<const unsigned char*>(grown) + bytes;
  return std::all_of(tail, tail + kTail, [](unsigned char byte) { return byte == kPoison; });
}

AlteredHost::AlteredHost() : own_(new fettle_host(kHostTable)), table_(own_) {
  own_->extension = extension;
}

AlteredHost::~AlteredHost() {
  replaced.clear();
}

void AlteredHost::replace(std::string_view id, const void* table) {
  replaced.insert_or_assign(std::string(id), table);
}

void AlteredHost::cut(std::uint32_t minor) {
  for (const HostExtension& e : host_extensions()) {
    const std::size_t size = minor == FETTLE_ABI_MINOR ? e.size : e.first_size;
    replace(e.id, e.minor <= minor ? cut_copy(e.table, size) : nullptr);
  }
  own_->abi_minor = minor;
  table_ = static_cast<const fettle_host*>(cut_copy(own_, kFirstSize<fettle_host>));
}

void AlteredHost::grow() {
  for (const HostExtension& e : host_extensions()) replace(e.id, grown_copy(e.table, e.size));
  ++own_->abi_minor;
  table_ = static_cast<const fettle_host*>(grown_copy(own_, sizeof *own_));
}

}  // namespace fettle::conformance
