#include "isolation/memory_limit.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace fettle {
namespace {

// Of the process: a handler has no other place to look. The worker's process is fettle's own.
int socket_to_host = -1;
std::string prepared;
std::uint64_t limit_set = 0;  // what the limit allows on top of …
std::uint64_t used_before = 0;

constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGABRT};
struct sigaction actions_before[NSIG];

// Private writable memory in bytes; 0 where it is not known. Safe in a handler: no allocation.
std::uint64_t data_memory() {
  std::array<char, 256> text{};
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  const char* at = size > 0 ? text.data() : "";
  for (int field = 0; field < 5; ++field) {  // size resident shared text lib data
    at = std::strchr(at, ' ');
    if (!at) return 0;
    ++at;
  }
  std::uint64_t pages = 0;
  for (; *at >= '0' && *at <= '9'; ++at) pages = pages * 10 + static_cast<std::uint64_t>(*at - '0');
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Whether that much of the limit is in use.
bool used_up(std::uint64_t percent) {
  const std::uint64_t used = data_memory();
  return limit_set > 0 && used > used_before && used - used_before > limit_set / 100 * percent;
}

void tell_host() {
  (void)!::send(socket_to_host, prepared.data(), prepared.size(), 0);
}

void on_new_failed() {
  // Somebody who asks for an absurd amount at once is told so, and is not out of memory.
  if (!used_up(50)) throw std::bad_alloc();
  tell_host();
  ::_exit(EXIT_FAILURE);
}

void on_crash(int signal, siginfo_t*, void*) {
  if (used_up(80)) tell_host();
  ::sigaction(signal, &actions_before[signal], nullptr);
  ::raise(signal);
}

// A stack that overflowed has no room for a handler.
void use_other_stack() {
  static std::array<char, 64 * 1024> space;
  stack_t stack = {};
  stack.ss_sp = space.data();
  stack.ss_size = space.size();
  ::sigaltstack(&stack, nullptr);
}

void set_limit(rlim_t bytes) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  ::setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace

void report_memory_exhausted(int socket, std::string message) {
  socket_to_host = socket;
  prepared = std::move(message);
  std::set_new_handler(on_new_failed);
  use_other_stack();
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO | SA_NODEFER;
  for (const int signal : kCrashes) ::sigaction(signal, &action, &actions_before[signal]);
}

void limit_memory(std::uint64_t bytes) {
  used_before = data_memory();
  if (used_before == 0) return;
  limit_set = bytes;
  set_limit(bytes < std::numeric_limits<rlim_t>::max() - used_before ? used_before + bytes
                                                                     : RLIM_INFINITY);
}

void lift_memory_limit() {
  set_limit(RLIM_INFINITY);
}

}  // namespace fettle
