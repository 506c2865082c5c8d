#include "conformance/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/error.hpp"
#include "base/signal_name.hpp"

namespace fettle::conformance {
namespace {

constexpr double kEnding = 10;  // seconds to end in, once it closed its end

[[noreturn]] void cannot_start(int error) {
  throw Error({.code = Code::internal_error,
               .what = "the process that runs a plugin's checks cannot be started",
               .why = std::generic_category().message(error)});
}

int unnamed_file() {
  std::string name = (std::filesystem::temp_directory_path() / "fettle-check-XXXXXX").string();
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) cannot_start(errno);
  ::unlink(name.c_str());
  return file;
}

ChildProcess start(const std::vector<std::string>& command, int errors) {
  try {
    return ChildProcess(
        command, {.output = ChildProcess::kDropped, .errors = errors, .own_group = false});
  } catch (const std::system_error& error) {
    ::close(errors);
    cannot_start(error.code().value());
  }
}

}  // namespace

Process::Process(const std::vector<std::string>& command)
    : errors_(unnamed_file()), child_(start(command, errors_)) {}

Process::~Process() {
  child_.kill();
  ::close(child_.socket());
  ::close(errors_);
}

std::optional<std::string> Process::line(std::chrono::steady_clock::time_point until) {
  using std::chrono::milliseconds;
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    pollfd input{child_.socket(), POLLIN, 0};
    const int ready =
        ::poll(&input, 1, static_cast<int>(std::clamp<long>(left.count(), 0, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      timed_out_ = true;
      child_.kill();
      return std::nullopt;
    }
    char room[4096];
    const ssize_t n = ::read(child_.socket(), room, sizeof room);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    unread_.append(room, static_cast<std::size_t>(n));
  }
}

std::string Process::last_words() const {
  constexpr off_t kMost = 300;
  const off_t size = ::lseek(errors_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - kMost);
  std::string text(static_cast<std::size_t>(std::max<off_t>(0, size - from)), '\0');
  const ssize_t n = ::pread(errors_, text.data(), text.size(), from);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string Process::ending() {
  if (timed_out_) return std::string(kTimedOut);
  const std::optional<ChildProcess::Ending> ending = child_.wait(kEnding);
  std::string said = last_words();
  if (!said.empty()) said = "; its last words: " + said;
  if (!ending) return "it closed the connection to fettle and went on" + said;
  if (ending->signal != 0) {
    return fmt::format("it crashed: {} ({}){}", signal_name(ending->signal),
                       ::strsignal(ending->signal), said);
  }
  return fmt::format("it ended the process with exit status {}{}", ending->status, said);
}

}  // namespace fettle::conformance
