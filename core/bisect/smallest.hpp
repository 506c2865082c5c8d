// The smallest program so far that fails in the same way, and the one way to a smaller one: what a
// step proposes is kept if it is sound and fails, twice.
#pragma once

#include <optional>
#include <unordered_map>

#include "bisect/shrink.hpp"

namespace fettle {

class Smallest {
 public:
  // `program` fails.
  Smallest(FrozenProgram program, const ShrinkSetup& setup)
      : program_(std::move(program)), setup_(setup) {}

  const Graph& graph() const { return *program_.graph; }
  const FrozenProgram& program() const { return program_; }
  FrozenProgram take() { return std::move(program_); }

  // On the frozen inputs, with one seed.
  void run(const NodeHook& hook) const;
  // What these values, of nested graphs too, are the first time in such a run; those that are
  // inputs as they are given. A value that is never computed is missing.
  std::unordered_map<ValueId, RunValue> values_of(const std::vector<ValueId>& wanted) const;

  // A part of the program on the values that it had: as sound as the whole. False: it stays as it
  // is, also where the part cannot be made (whatever `make` throws but `interrupted`).
  template <class Make>
  bool keep_part(const Make& make) {
    return tried([&] { return fails_twice(make(), Alike::fault); });
  }
  // A program that computes something else: the structural checks pass, it runs by itself, and what
  // the pass makes of it is as wrong.
  // `propose` answers it, or nothing.
  template <class Propose>
  bool keep_other(const Propose& propose) {
    return tried([&] {
      std::optional<FrozenProgram> other = propose();
      if (!other) return false;
      require_sound(*other);
      ++trials_;
      return fails_twice(std::move(*other), Alike::fault_and_error);
    });
  }
  // No trials are left for steps that only make it nicer.
  bool spent() const { return trials_ >= setup_.most_trials; }

  // What the step answers; false where it throws.
  static bool tried(const std::function<bool()>& step);

 private:
  void require_sound(const FrozenProgram& program) const;
  bool fails_twice(FrozenProgram smaller, Alike alike);

  FrozenProgram program_;
  const ShrinkSetup& setup_;
  std::size_t trials_ = 0;  // of other programs
};

}  // namespace fettle
