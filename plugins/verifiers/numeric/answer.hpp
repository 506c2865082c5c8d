// What a program answers on one set of inputs: its outputs, what it leaves behind, and the same
// again for a second call that starts from that, as the Python program's next call would. A read of
// a buffer that a pass took for a constant shows in the second call alone.
#pragma once

#include <fettle/fettle.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

struct Run {
  fettle::Data outputs, effects;
};

// What memory that nobody initialized holds: the same in every run that is compared.
constexpr std::uint32_t kContents = 1, kOtherContents = 2;

// One run from `start` (null: what is stored); nothing if the program fails on these inputs.
// Cancellation is passed on.
std::optional<Run> run_or_nothing(const fettle::Program& program, const fettle::Data& inputs,
                                  std::uint64_t seed, const fettle::Data* start = nullptr,
                                  std::uint32_t contents = kContents, bool float64 = false);

// A program's effects in its order, found by kind and target.
class Effects {
 public:
  explicit Effects(std::vector<fettle::Effect> effects);
  const std::vector<fettle::Effect>& all() const { return effects_; }
  std::optional<std::size_t> find(const fettle::Effect& effect) const;
  // Whether a second call starts from something else than the first.
  bool carry_state() const;
  // Values of these effects as another program's, to start it from. What it does not have is left
  // out.
  fettle::Data matched(const fettle::Data& values, const Effects& other) const;

 private:
  std::vector<fettle::Effect> effects_;
  std::unordered_map<std::string, std::size_t> index_;
};

// What a program's constants and inputs hold before a run.
class Initial {
 public:
  explicit Initial(const fettle::Program& program);
  // One value; nothing for gradients, and for what the program does not have.
  std::optional<fettle::Data> value(const fettle::Effect& effect, const fettle::Data& inputs) const;

 private:
  struct Place {
    fettle_value value;
    std::optional<std::size_t> input;
  };
  const fettle::Graph& graph_;
  std::unordered_map<std::string, Place> places_;
};
