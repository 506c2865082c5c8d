// soak: damages archives and pipelines at random and runs fettle on each, for as long as it is
// told. Exit status 1 when a case crashed, hung, ended in a bug or left a file; each such case is
// saved with its seed.
//
// Cases run in forked workers, one process for a batch: a crash ends one process and names its
// case, which the worker had written into shared memory before it began.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/program_options.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

#include "base/error.hpp"
#include "case.hpp"

using namespace fettle;
using namespace fettle::soak;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

struct Options {
  double seconds = 0;
  std::uint64_t cases = 0, seed = 0, batch = 2000;
  unsigned workers = 1;
  double hang = 120;
  std::uint64_t memory = 0;
  fs::path corpus, save = ".", executable;
};

constexpr std::size_t kCodeRoom = 256, kNameRoom = 64;
struct Tally {
  char name[kNameRoom];
  std::atomic<std::uint64_t> count;
};
// What a worker tells while it runs, in memory that outlives it.
struct Progress {
  std::atomic<std::uint64_t> current, done, findings;
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

void save(const Options& options, const Case& which, std::uint64_t seed, std::string_view why) {
  const std::string name = "case-" + std::to_string(seed) + (which.archive ? ".pt2" : ".yaml");
  std::ofstream(options.save / name, std::ios::binary) << which.bytes;
  std::string line = std::string(why) + "\n  saved as " + (options.save / name).string() + ", ran:";
  for (const std::string& word : which.command) line += " " + word;
  std::cerr << line + "\n";
}

class Folder {
 public:
  explicit Folder(const Corpus& corpus)
      : path_(fs::temp_directory_path() / ("fettle_soak_" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
    prepare(corpus, path_);
  }
  ~Folder() { clear(path_); }
  static void clear(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Cases first, first + step, … below `end`; leaves without running anything at the process's exit.
void work(const Options& options, const Corpus& corpus, Progress& progress, std::uint64_t first,
          std::uint64_t end, Clock::time_point deadline) {
  if (options.memory > 0) {
    const rlimit limit{options.memory, options.memory};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  const Folder folder(corpus);
  for (std::uint64_t k = first; k < end && Clock::now() < deadline; k += options.workers) {
    progress.current = k;
    const Case which = make_case(corpus, options.seed + k);
    const Outcome outcome = run_case(which, folder.path(), options.executable);
    if (!outcome.finding.empty()) {
      save(options, which, options.seed + k, outcome.finding);
      ++progress.findings;
    }
    count(progress, outcome.code);
    ++progress.done;
  }
  progress.current = end;
}

// One of the processes side by side, restarted for each batch and after each death.
class Worker {
 public:
  Worker(const Options& options, const Corpus& corpus, Progress& progress, unsigned index,
         Clock::time_point deadline)
      : options_(options),
        corpus_(corpus),
        progress_(progress),
        deadline_(deadline),
        next_(index) {}

  bool finished() const {
    return pid_ < 0 && (next_ >= options_.cases || Clock::now() >= deadline_);
  }

  // Looks after the process; true if a case was found that must not be.
  bool poll() {
    if (pid_ < 0) {
      if (!finished()) start();
      return false;
    }
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (!ended && !hangs()) return false;
    if (!ended) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
    }
    Folder::clear(fs::temp_directory_path() / ("fettle_soak_" + std::to_string(pid_)));
    pid_ = -1;
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      next_ = end_;
      return false;
    }
    const std::uint64_t seed = options_.seed + progress_.current;
    save(options_, make_case(corpus_, seed), seed,
         !ended                ? "hang: no end in " + std::to_string(options_.hang) + " s"
         : WIFSIGNALED(status) ? "crash: signal " + std::to_string(WTERMSIG(status))
                               : "crash: exit status " + std::to_string(WEXITSTATUS(status)));
    next_ = progress_.current + options_.workers;
    ++progress_.done;
    return true;
  }

 private:
  void start() {
    end_ = std::min(options_.cases, next_ + options_.batch * options_.workers);
    end_ = next_ + (end_ - next_ + options_.workers - 1) / options_.workers * options_.workers;
    progress_.current = next_;
    seen_ = Clock::now();
    std::cout.flush();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ > 0) return;
    work(options_, corpus_, progress_, next_, std::min(end_, options_.cases), deadline_);
    std::cerr.flush();
    ::_exit(0);
  }

  bool hangs() {
    if (progress_.current != last_) {
      last_ = progress_.current;
      seen_ = Clock::now();
    }
    return std::chrono::duration<double>(Clock::now() - seen_).count() > options_.hang;
  }

  const Options& options_;
  const Corpus& corpus_;
  Progress& progress_;
  Clock::time_point deadline_, seen_;
  std::uint64_t next_, end_ = 0, last_ = ~std::uint64_t{0};
  pid_t pid_ = -1;
};

int soak_all(const Options& options) {
  const Corpus corpus = make_corpus(options.corpus);
  Progress* progress = shared_progress(options.workers);
  const auto begin = Clock::now();
  const auto deadline = options.seconds > 0
                            ? begin + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(options.seconds))
                            : Clock::time_point::max();
  std::vector<Worker> workers;
  for (unsigned i = 0; i < options.workers; ++i)
    workers.emplace_back(options, corpus, progress[i], i, deadline);
  std::uint64_t findings = 0;
  while (
      !std::all_of(workers.begin(), workers.end(), [](const Worker& w) { return w.finished(); })) {
    for (Worker& worker : workers) findings += worker.poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::map<std::string, std::uint64_t> codes;
  std::uint64_t done = 0;
  for (unsigned i = 0; i < options.workers; ++i) {
    done += progress[i].done;
    findings += progress[i].findings;
    for (const Tally& tally : progress[i].codes)
      if (tally.count > 0) codes[tally.name] += tally.count;
  }
  for (const auto& [code, times] : codes) std::cout << "  " << times << "\t" << code << "\n";
  std::cout << done << " cases from seed " << options.seed << " in "
            << std::chrono::duration<double>(Clock::now() - begin).count() << " s, " << findings
            << " findings\n";
  return findings == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  options.seed = std::random_device{}();
  po::options_description described("soak");
  described.add_options()("help", "this text")("seconds", po::value(&options.seconds),
                                               "run for so long (10, unless --cases is given)")(
      "cases", po::value(&options.cases), "run so many")(
      "seed", po::value(&options.seed), "of the first case; a case's own is this plus its number")(
      "workers", po::value(&options.workers), "processes side by side")(
      "hang", po::value(&options.hang), "seconds after which a case hangs")(
      "memory", po::value(&options.memory), "bytes that a worker may hold (not under sanitizers)")(
      "corpus", po::value(&options.corpus), "a folder of sound .pt2 files to damage")(
      "save", po::value(&options.save), "the folder for cases that must not be")(
      "fettle", po::value(&options.executable), "the executable that plugins/ lies beside");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, described), given);
    po::notify(given);
    if (given.contains("help")) return std::cout << described, 0;
    if (options.cases == 0 && options.seconds == 0) options.seconds = 10;
    if (options.cases == 0) options.cases = ~std::uint64_t{0} / 2;
    if (options.workers == 0) throw po::error("there must be a worker");
    std::signal(SIGXFSZ, SIG_IGN);
    std::cout << "seed " << options.seed << std::endl;
    return soak_all(options);
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << "\n";
    return 2;
  }
}
