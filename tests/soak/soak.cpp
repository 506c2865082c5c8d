// soak: damages archives and pipelines at random and runs fettle on each, for as long as it is
// told. Exit status 1 when a case crashed, hung, ended in a bug or left a file; each such case is
// saved with its seed.
#include <boost/program_options.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <random>

#include "base/error.hpp"
#include "case.hpp"
#include "workers.hpp"

using namespace fettle;
using namespace fettle::soak;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

struct Options {
  Plan plan;
  double seconds = 0;
  std::uint64_t cases = 0, seed = 0;
  fs::path corpus, save = ".", executable;
};

void save(const Options& options, const Case& which, std::uint64_t seed, std::string_view why) {
  const std::string name = "case-" + std::to_string(seed) + (which.archive ? ".pt2" : ".yaml");
  std::ofstream(options.save / name, std::ios::binary) << which.bytes;
  std::string line = std::string(why) + "\n  saved as " + (options.save / name).string() + ", ran:";
  for (const std::string& word : which.command) line += " " + word;
  std::cerr << line + "\n";
}

int soak_all(const Options& options) {
  const Corpus corpus = make_corpus(options.corpus);
  const Work work{
      .prepare = [&] { prepare(corpus, fs::current_path()); },
      .run =
          [&](std::uint64_t number) {
            const std::uint64_t seed = options.seed + number;
            const Case which = make_case(corpus, seed);
            const Outcome outcome = run_case(which, fs::current_path(), options.executable);
            if (!outcome.finding.empty()) save(options, which, seed, outcome.finding);
            return Told{outcome.code, !outcome.finding.empty()};
          },
      .lost =
          [&](std::uint64_t number, const std::string& why) {
            const std::uint64_t seed = options.seed + number;
            save(options, make_case(corpus, seed), seed, why);
          },
      .each_minute =
          [](const Summary& so_far) {
            std::cerr << so_far.done << " cases, " << so_far.findings << " findings\n";
          },
  };
  const auto begin = Clock::now();
  Plan plan = options.plan;
  if (options.cases > 0) plan.cases = options.cases;
  if (options.seconds > 0)
    plan.deadline = begin + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(options.seconds));
  const Summary summary = run_cases(plan, work);
  for (const auto& [code, times] : summary.codes)
    std::cout << "  " << times << "\t" << code << "\n";
  std::cout << summary.done << " cases from seed " << options.seed << " in "
            << std::chrono::duration<double>(Clock::now() - begin).count() << " s, "
            << summary.findings << " findings\n";
  return summary.findings == 0 ? 0 : 1;
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
      "workers", po::value(&options.plan.workers), "processes side by side")(
      "hang", po::value(&options.plan.hang), "seconds of processor time after which a case hangs")(
      "blocked", po::value(&options.plan.blocked),
      "seconds after which a case waits for what never comes")(
      "memory", po::value(&options.plan.memory),
      "bytes that a worker may hold (not under sanitizers)")(
      "corpus", po::value(&options.corpus), "a folder of sound .pt2 files to damage")(
      "save", po::value(&options.save), "the folder for cases that must not be")(
      "fettle", po::value(&options.executable), "the executable that plugins/ lies beside");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, described), given);
    po::notify(given);
    if (given.contains("help")) return std::cout << described, 0;
    if (options.cases == 0 && options.seconds == 0) options.seconds = 10;
    if (options.plan.workers == 0) throw po::error("there must be a worker");
    if (options.plan.hang <= 0 || options.plan.blocked <= 0)
      throw po::error("a limit of time must be positive");
    for (fs::path* path : {&options.save, &options.executable})
      if (!path->empty()) *path = fs::absolute(*path);  // workers go to folders of their own
    std::signal(SIGXFSZ, SIG_IGN);
    std::cout << "seed " << options.seed << std::endl;
    return soak_all(options);
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << "\n";
    return 2;
  }
}
