#include "workers.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

namespace fettle::soak {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCodeRoom = 256, kNameRoom = 64;
struct Tally {
  char name[kNameRoom];
  std::atomic<std::uint64_t> count;
};
// What a worker tells while it runs, in memory that outlives it.
struct Progress {
  std::atomic<std::uint64_t> current, done, findings;
  std::atomic<std::clock_t> begun;  // the worker's processor time when `current` began
  std::array<Tally, kCodeRoom> codes;
};

Progress* shared_progress(unsigned workers) {
  void* memory = ::mmap(nullptr, sizeof(Progress) * workers, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<Progress*>(memory);
}

void count(Progress& progress, const std::string& code) {
  for (Tally& tally : progress.codes) {
    if (tally.name[0] == '\0') std::strncpy(tally.name, code.c_str(), kNameRoom - 1);
    if (code == tally.name) return void(++tally.count);
  }
}

fs::path folder_of(pid_t worker) {
  return fs::temp_directory_path() / ("fettle_soak_" + std::to_string(worker));
}

void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

// SIGPROF ends this process when it has used so much processor time from now on.
void arm_watchdog(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

double processor_seconds(const rusage& used) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// The worker's life: cases first, first + step, … below `end`.
void work_through(const Plan& plan, const Work& work, Progress& progress, std::uint64_t first,
                  std::uint64_t end) {
  if (plan.memory > 0) {
    const rlimit limit{plan.memory, plan.memory};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  const fs::path folder = folder_of(::getpid());
  fs::create_directories(folder);
  fs::current_path(folder);
  ::setenv("TMPDIR", folder.c_str(), 1);
  work.prepare();
  for (std::uint64_t k = first; k < end && Clock::now() < plan.deadline; k += plan.workers) {
    progress.begun = std::clock();
    progress.current = k;
    arm_watchdog(plan.hang);
    const Told told = work.run(k);
    progress.findings += told.finding;
    count(progress, told.code);
    ++progress.done;
  }
  arm_watchdog(0);
  progress.current = end;
}

// One of the processes side by side, restarted for each batch and after each death.
class Worker {
 public:
  Worker(const Plan& plan, const Work& work, Progress& progress, unsigned index)
      : plan_(plan), work_(work), progress_(progress), next_(index) {}

  bool finished() const {
    return pid_ < 0 && (next_ >= plan_.cases || Clock::now() >= plan_.deadline);
  }

  // Looks after the process.
  void poll() {
    if (finished()) return;
    if (pid_ < 0) return start();
    int status = 0;
    rusage used{};
    const bool ended = ::wait4(pid_, &status, WNOHANG, &used) == pid_;
    if (!ended && !blocked()) return;
    if (!ended) {
      ::kill(pid_, SIGKILL);
      ::wait4(pid_, &status, 0, &used);
    }
    remove_folder(folder_of(pid_));
    pid_ = -1;
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      next_ = end_;
      return;
    }
    const std::uint64_t lost = progress_.current;
    ++progress_.done, ++progress_.findings;
    work_.lost(lost, ended ? how_it_ended(status) : how_it_waited(used));
    next_ = lost + plan_.workers;
  }

 private:
  void start() {
    end_ = std::min(plan_.cases, next_ + plan_.batch * plan_.workers);
    end_ = next_ + (end_ - next_ + plan_.workers - 1) / plan_.workers * plan_.workers;
    progress_.current = next_;
    progress_.begun = 0;
    seen_ = Clock::now();
    std::cout.flush();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ > 0) return;
    work_through(plan_, work_, progress_, next_, std::min(end_, plan_.cases));
    std::cerr.flush();
    ::_exit(0);
  }

  bool blocked() {
    if (progress_.current != last_) {
      last_ = progress_.current;
      seen_ = Clock::now();
    }
    return std::chrono::duration<double>(Clock::now() - seen_).count() > plan_.blocked;
  }

  std::string how_it_ended(int status) const {
    if (!WIFSIGNALED(status)) return "crash: exit status " + std::to_string(WEXITSTATUS(status));
    if (WTERMSIG(status) == SIGPROF)
      return "hang: no end in " + std::to_string(plan_.hang) + " s of processor time";
    return "crash: signal " + std::to_string(WTERMSIG(status));
  }

  std::string how_it_waited(const rusage& used) const {
    const double begun = static_cast<double>(progress_.begun) / CLOCKS_PER_SEC;
    return "blocked: no end in " + std::to_string(plan_.blocked) + " s, of which it used " +
           std::to_string(processor_seconds(used) - begun) +
           " s of processor time: it waits for something, or never gets a processor";
  }

  const Plan& plan_;
  const Work& work_;
  Progress& progress_;
  Clock::time_point seen_;
  std::uint64_t next_, end_ = 0, last_ = ~std::uint64_t{0};
  pid_t pid_ = -1;
};

Summary summary_of(const Progress* progress, unsigned workers) {
  Summary summary;
  for (unsigned i = 0; i < workers; ++i) {
    summary.done += progress[i].done;
    summary.findings += progress[i].findings;
    for (const Tally& tally : progress[i].codes)
      if (tally.count > 0) summary.codes[tally.name] += tally.count;
  }
  return summary;
}

}  // namespace

Summary run_cases(const Plan& plan, const Work& work) {
  Progress* progress = shared_progress(plan.workers);
  std::vector<Worker> workers;
  for (unsigned i = 0; i < plan.workers; ++i) workers.emplace_back(plan, work, progress[i], i);
  auto told = Clock::now();
  while (
      !std::all_of(workers.begin(), workers.end(), [](const Worker& w) { return w.finished(); })) {
    for (Worker& worker : workers) worker.poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (Clock::now() - told < std::chrono::minutes(1)) continue;
    told = Clock::now();
    work.each_minute(summary_of(progress, plan.workers));
  }
  const Summary summary = summary_of(progress, plan.workers);
  ::munmap(progress, sizeof(Progress) * plan.workers);
  return summary;
}

}  // namespace fettle::soak
