// A fuzz target as a unit test: the sound inputs, which it has to take, then for a second what the
// soak makes of them. With files as arguments it meets these instead (what a fuzzer found); with
// --seeds FOLDER it writes the sound inputs there, for a fuzzer to begin with.
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>

#include "case.hpp"
#include "fuzz.hpp"

using namespace fettle;
using namespace fettle::soak;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kFewest = 20;  // damaged inputs, however slow the machine

std::vector<std::string> sound_inputs(const Corpus& corpus) {
  if (kInput == Input::pipeline) return corpus.pipelines;
  std::vector<std::string> archives;
  for (const test::Records& records : corpus.programs) archives.push_back(test::zip(records).bytes);
  return archives;
}

int write_seeds(const std::vector<std::string>& inputs, const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    std::ofstream(folder / ("sound" + std::to_string(i)), std::ios::binary) << inputs[i];
  return 0;
}

// The code that it ended with; prints and counts what must not be.
std::string told(const std::string& name, const std::string& bytes, int& findings) {
  const Outcome outcome = meet(bytes);
  if (!outcome.finding.empty()) {
    std::cout << name << ": " << outcome.finding << "\n";
    ++findings;
  }
  return outcome.code;
}

int meet_files(const std::vector<std::string>& files) {
  int findings = 0;
  for (const std::string& file : files)
    std::cout << file << ": " << told(file, test::read_file(file), findings) << "\n";
  return findings > 0;
}

int meet_damaged(const Corpus& corpus) {
  std::map<std::string, int> codes;
  int given = 0, findings = 0;
  const auto end = Clock::now() + std::chrono::seconds(1);
  for (std::uint64_t seed = 0; given < kFewest || Clock::now() < end; ++seed) {
    const Case made = make_case(corpus, seed);
    if (made.archive != (kInput == Input::archive)) continue;
    ++codes[told("seed " + std::to_string(seed), made.bytes, findings)];
    ++given;
  }
  for (const auto& [code, times] : codes) std::cout << "  " << times << "\t" << code << "\n";
  return findings > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Corpus corpus = make_corpus({});
  const std::vector<std::string> sound = sound_inputs(corpus);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--seeds") return write_seeds(sound, words[1]);
  if (!words.empty()) return meet_files(words);
  for (const std::string& input : sound) {
    if (const Outcome outcome = meet(input); outcome.code != "done") {
      std::cout << "a sound input was not taken: " << outcome.code << "\n" << outcome.finding;
      return 1;
    }
  }
  return meet_damaged(corpus);
}
