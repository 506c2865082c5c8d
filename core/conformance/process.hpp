// A child process that tells what it does line by line, and how it came to an end.
//
// What it writes to standard output is dropped; the end of its standard error is kept for the
// message.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/child_process.hpp"

namespace fettle::conformance {

class Process {
 public:
  // Its lines come through the child's descriptor kChildChannel.
  explicit Process(const std::vector<std::string>& command);
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
  std::string last_words() const;  // of its standard error

  int errors_;  // before the child, which is given it
  ChildProcess child_;
  std::string unread_;
  bool timed_out_ = false;
};

}  // namespace fettle::conformance
