#include "isolation/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fettle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMagic = "fettle1:";
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;  // more is no length
constexpr std::size_t kPiece = 1 << 20;
constexpr int kLookAround = 50;  // milliseconds between looks at the cancel flag

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
#else
constexpr int kSendFlags = MSG_DONTWAIT;  // the command line ignores SIGPIPE
#endif

bool try_again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

std::string Channel::header(std::uint64_t size) {
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
  return bytes;
}

void Channel::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

Channel::Result Channel::wait(short events, const Patience& patience) const {
  for (;;) {
    if (patience.cancel && patience.cancel->load(std::memory_order_relaxed)) {
      return Result::cancelled;
    }
    int milliseconds = patience.cancel || patience.deadline ? kLookAround : -1;
    if (patience.deadline) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*patience.deadline - Clock::now());
      if (left.count() <= 0) return Result::timed_out;
      milliseconds = static_cast<int>(std::min<std::int64_t>(left.count(), milliseconds));
    }
    pollfd descriptor{socket_, events, 0};
    const int ready = ::poll(&descriptor, 1, milliseconds);
    if (ready > 0) return (descriptor.revents & POLLNVAL) ? Result::closed : Result::done;
    if (ready < 0 && !try_again()) return Result::closed;
  }
}

Channel::Result Channel::read(char* to, std::size_t size, const Patience& patience) {
  while (size > 0) {
    if (const Result result = wait(POLLIN, patience); result != Result::done) return result;
    const ssize_t got = ::recv(socket_, to, size, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && !try_again())) return Result::closed;
    if (got < 0) continue;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return Result::done;
}

Channel::Result Channel::write(std::string_view bytes, const Patience& patience) {
  while (!bytes.empty()) {
    if (const Result result = wait(POLLOUT, patience); result != Result::done) return result;
    const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), kSendFlags);
    if (put < 0 && !try_again()) return Result::closed;
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Result::done;
}

Channel::Result Channel::send(std::string_view frame, const Patience& patience) {
  const Result result = write(header(frame.size()), patience);
  return result == Result::done ? write(frame, patience) : result;
}

Channel::Result Channel::receive(std::string& frame, const Patience& patience) {
  std::string head = header(0);
  if (const Result result = read(head.data(), head.size(), patience); result != Result::done) {
    return result;
  }
  std::uint64_t size = 0;
  std::memcpy(&size, head.data() + kMagic.size(), sizeof(size));
  if (!head.starts_with(kMagic) || size > kMostBytes) return Result::nonsense;
  frame.clear();
  while (frame.size() < size) {
    const std::size_t had = frame.size();
    frame.resize(had + std::min<std::uint64_t>(size - had, std::max(kPiece, had)));
    const Result result = read(frame.data() + had, frame.size() - had, patience);
    if (result != Result::done) return result;
  }
  return Result::done;
}

}  // namespace fettle
