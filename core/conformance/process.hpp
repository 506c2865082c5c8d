// A child process that tells what it does line by line, and how it came to an end.
//
// Started by posix_spawn: a fork of a process that has threads (OpenMP's) could not run much. What
// it writes to standard output is dropped; the end of its standard error is kept for the message.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fettle::conformance {

class Process {
 public:
  // The channel is open in the child as descriptor `channel`.
  Process(const std::filesystem::path& executable, const std::vector<std::string>& arguments,
          int channel);
  ~Process();  // ends it, if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line; nothing when the child closed its end, or when the time is over: it is then
  // killed.
  std::optional<std::string> line(std::chrono::steady_clock::time_point until);

  // Afterwards, how it ended: "it crashed: SIGSEGV (Segmentation fault)", "it ended the process
  // with exit status 0". Killed when the time was over: kTimedOut.
  static constexpr std::string_view kTimedOut = "it did not come back in time";
  std::string ending();

 private:
  void wait();
  void kill();
  std::string last_words() const;  // of its standard error

  pid_t pid_ = -1;
  int channel_ = -1, errors_ = -1;
  std::string unread_;
  bool timed_out_ = false;
  std::optional<int> status_;
};

}  // namespace fettle::conformance
