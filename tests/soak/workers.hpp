// Runs numbered cases in forked processes side by side, and names each case that ends its process.
//
// A worker is one process for a batch of cases: a crash ends one process and names its case, which
// the worker had written into shared memory before it began. Each has an empty folder that is its
// working directory and its TMPDIR, and goes away with it.
//
// A case hangs when it uses up so much processor time, of all its threads: a loaded machine, which
// makes every case slow, makes none of them hang. The system counts and ends it (ITIMER_PROF).
// A case that only waits uses none; for that one there is a limit of wall time, so generous that it
// means a process that waits for something that never comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>

namespace fettle::soak {

struct Plan {
  std::uint64_t cases = std::numeric_limits<std::uint64_t>::max() / 2, batch = 2000;
  unsigned workers = 1;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  double hang = 120;         // seconds of processor time
  double blocked = 3600;     // seconds of wall time
  std::uint64_t memory = 0;  // bytes that a worker may hold; 0: as many as it likes
};

struct Told {
  std::string code;      // what it came to: counted
  bool finding = false;  // it must not be
};
struct Summary {
  std::uint64_t done = 0, findings = 0;  // those that ended a worker are in both
  std::map<std::string, std::uint64_t> codes;
};
struct Work {
  std::function<void()> prepare = [] {};   // in each new worker, before its first case
  std::function<Told(std::uint64_t)> run;  // one case, in a worker
  // In the calling process: this case ended its worker, and why.
  std::function<void(std::uint64_t, const std::string&)> lost;
  std::function<void(const Summary&)> each_minute = [](const Summary&) {};
};

// Returns when all cases have been run or the deadline is over. Call it from a single thread.
Summary run_cases(const Plan& plan, const Work& work);

}  // namespace fettle::soak
