// Ctrl-C: the first one asks what runs to stop at its next safe point; the second ends the process
// at once, as if nothing had been installed.
#pragma once

#include <atomic>

#include "pipeline/runner.hpp"
#include "progress.hpp"

namespace fettle {

// From here on. The flag is the process's own, and stays set.
const std::atomic<bool>& watch_for_interruption();

// Shows progress on a terminal, and listens to Ctrl-C.
class ProgressObserver : public RunObserver {
 public:
  ProgressObserver() : cancel_(watch_for_interruption()), progress_(Progress::terminal()) {}
  void stage(std::string_view text) override { progress_.stage(text); }
  void clear() { progress_.clear(); }
  const std::atomic<bool>* cancel() const override { return &cancel_; }

 private:
  const std::atomic<bool>& cancel_;
  Progress progress_;
};

}  // namespace fettle
