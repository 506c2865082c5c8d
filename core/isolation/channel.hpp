// Frames over a socket to another process: a length and that many bytes, each way.
//
// The other side may die, hang, or write anything: every wait has an end (a deadline, or somebody
// asking to stop), what is no frame is told apart from silence, and a frame's announced length
// allocates nothing before its bytes are there.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fettle {

// How long to wait: both may be absent.
struct Patience {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  const std::atomic<bool>* cancel = nullptr;
};

class Channel {
 public:
  enum class Result { done, closed, timed_out, cancelled, nonsense };

  explicit Channel(int socket) : socket_(socket) {}  // which it owns from here on
  ~Channel() { close(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Result send(std::string_view frame, const Patience& patience);
  Result receive(std::string& frame, const Patience& patience);
  void close();

  // The bytes before a frame of that size; for who cannot call send, in a signal's handler.
  static std::string header(std::uint64_t size);

 private:
  Result wait(short events, const Patience& patience) const;
  Result read(char* to, std::size_t size, const Patience& patience);
  Result write(std::string_view bytes, const Patience& patience);

  int socket_;
};

}  // namespace fettle
