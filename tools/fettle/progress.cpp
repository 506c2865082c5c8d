#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

namespace fettle {

using namespace std::chrono_literals;

bool Progress::terminal() {
  return isatty(STDERR_FILENO) != 0;
}

Progress::Progress(bool enabled) {
  if (enabled) watcher_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

Progress::~Progress() {
  if (watcher_.joinable()) {
    watcher_.request_stop();
    watcher_.join();
  }
  erase_line();
}

void Progress::stage(std::string_view text) {
  const std::lock_guard lock(mutex_);
  erase_line();
  text_ = text;
  since_ = std::chrono::steady_clock::now();
}

void Progress::clear() {
  stage({});
}

void Progress::erase_line() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

void Progress::watch(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, 200ms, [] { return false; });
    const auto elapsed = std::chrono::steady_clock::now() - since_;
    if (stop.stop_requested() || text_.empty() || elapsed < 1s) continue;
    std::cerr << "\r\x1b[K" << text_
              << fmt::format(" … {} s",
                             std::chrono::duration_cast<std::chrono::seconds>(elapsed).count())
              << std::flush;
    shown_ = true;
  }
}

}  // namespace fettle
