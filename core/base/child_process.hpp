// A spawned process with a socket to this one.
//
// Spawned, never forked without exec: this process has threads of OpenMP, whose locks a copy would
// have as they are. The socket is its descriptor kChildChannel; its standard input is empty.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace fettle {

inline constexpr int kChildChannel = 3;

class ChildProcess {
 public:
  static constexpr int kDropped = -1;
  struct Place {
    // Descriptors that become the child's standard output and error, or kDropped.
    int output = 2;
    int errors = 2;
    // It leads a process group: what it starts goes with it, and Ctrl-C on the terminal reaches the
    // parent alone.
    bool own_group = true;
  };
  // `arguments`: the executable's path first. Throws std::system_error.
  ChildProcess(const std::vector<std::string>& arguments, const Place& place);
  ~ChildProcess();  // kills it, if it was not waited for
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int socket() const { return socket_; }  // the caller closes it

  struct Ending {
    int signal = 0;  // 0: it exited by itself
    int status = 0;
  };
  // How it ended; waits for so many seconds, and kills what then still runs (nullopt).
  std::optional<Ending> wait(double seconds);
  void kill();  // with all of its own process group, and waits

 private:
  bool reap(bool block);

  pid_t pid_ = -1;
  bool own_group_;
  int socket_ = -1;
  std::optional<Ending> ending_;
};

}  // namespace fettle
