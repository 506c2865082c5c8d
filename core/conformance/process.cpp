#include "conformance/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "base/error.hpp"
#include "base/signal_name.hpp"

extern char** environ;

namespace fettle::conformance {
namespace {

[[noreturn]] void cannot_start(int error) {
  throw Error({.code = Code::internal_error,
               .what = "the process that runs a plugin's checks cannot be started",
               .why = std::generic_category().message(error)});
}

// Not seen by a child that another thread starts at this moment, where the system can do that.
int make_pipe(int (&ends)[2]) {
#ifdef __linux__
  return ::pipe2(ends, O_CLOEXEC);
#else
  return ::pipe(ends);
#endif
}

// The same file behind a descriptor that no child is given by its number.
int out_of_the_way(int descriptor) {
  constexpr int kFirst = 10;
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirst);
  const int error = errno;
  ::close(descriptor);
  if (moved < 0) cannot_start(error);
  return moved;
}

int unnamed_file() {
  std::string name = (std::filesystem::temp_directory_path() / "fettle-check-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  if (file < 0) cannot_start(errno);
  ::unlink(name.c_str());
  return out_of_the_way(file);
}

}  // namespace

Process::Process(const std::filesystem::path& executable, const std::vector<std::string>& arguments,
                 int channel) {
  int ends[2];
  if (make_pipe(ends) != 0) cannot_start(errno);
  channel_ = out_of_the_way(ends[0]);
  const int childs_end = out_of_the_way(ends[1]);
  errors_ = unnamed_file();

  std::vector<char*> argv = {const_cast<char*>(executable.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, errors_, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, childs_end, channel);
  const int error = ::posix_spawn(&pid_, executable.c_str(), &files, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::close(childs_end);
  if (error == 0) return;
  ::close(channel_);
  ::close(errors_);
  cannot_start(error);
}

Process::~Process() {
  kill();
  ::close(channel_);
  ::close(errors_);
}

void Process::kill() {
  if (status_) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void Process::wait() {
  int status = 0;
  while (!status_ && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (!status_) status_ = status;
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
    pollfd input{channel_, POLLIN, 0};
    const int ready =
        ::poll(&input, 1, static_cast<int>(std::clamp<long>(left.count(), 0, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      timed_out_ = true;
      kill();
      return std::nullopt;
    }
    char room[4096];
    const ssize_t n = ::read(channel_, room, sizeof room);
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
  wait();
  const int status = *status_;
  std::string said = last_words();
  if (!said.empty()) said = "; its last words: " + said;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return fmt::format("it crashed: {} ({}){}", signal_name(signal), ::strsignal(signal), said);
  }
  return fmt::format("it ended the process with exit status {}{}", WEXITSTATUS(status), said);
}

}  // namespace fettle::conformance
