// What is going on, on a terminal, for whatever takes longer than a second; silent when piped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace fettle {

class Progress {
 public:
  explicit Progress(bool enabled);
  static bool terminal();  // whether stderr is one
  ~Progress();             // clears the line

  void stage(std::string_view text);  // the previous stage is over
  void clear();                       // before anything else is printed

 private:
  void watch(std::stop_token stop);
  void erase_line();

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::string text_;
  std::chrono::steady_clock::time_point since_;
  bool shown_ = false;
  std::jthread watcher_;
};

}  // namespace fettle
