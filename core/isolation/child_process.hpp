// A spawned process with a socket to this one.
//
// Spawned, never forked without exec: this process has threads of OpenMP, whose locks a copy would
// have as they are. It leads a process group of its own, so that what its plugin starts goes with
// it, and Ctrl-C on the terminal reaches the host alone. The socket is its descriptor
// kWorkerChannel; its standard input is empty, and its standard output is the host's standard
// error.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace fettle {

inline constexpr int kWorkerChannel = 3;

class ChildProcess {
 public:
  // `arguments`: the executable's path first. Throws isolation_unavailable.
  explicit ChildProcess(const std::vector<std::string>& arguments);
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
  void kill();  // with all its process group, and waits

 private:
  bool reap(bool block);

  pid_t pid_ = -1;
  int socket_ = -1;
  std::optional<Ending> ending_;
};

}  // namespace fettle
