// Passes in a process of their own, for one run of a pipeline (README.md shows the flow of data).
//
// The run's edits are recorded here, so that a worker can be brought to where the run is at any
// time. A pass made by `isolate` is like any other to the runner; a fault of its worker (a crash, a
// hang, too much memory, an answer that does not fit) is Error with a code of its own, blames the
// plugin, and leaves the host's graph to be rolled back as after any error.
//
// Needs an executable that serves (isolation/serve.hpp) with the program and plugins that the host
// has, and the run's journals recorded into edits(). One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/edit_recorder.hpp"
#include "host/host.hpp"

namespace fettle {

class WorkerProcess;

struct IsolationLimits {
  double seconds = 600;                           // for the calls of a pass together
  std::uint64_t memory = std::uint64_t{8} << 30;  // bytes on top of what the worker has before
};

class Isolation {
 public:
  // `command` starts a worker: the executable's path first. Empty: an error when it is needed.
  Isolation(std::vector<std::string> command, IsolationLimits limits);
  ~Isolation();

  EditRecorder& edits() { return edits_; }

  // Checks the options as Host::create_pass does. No instance is made in this process.
  std::unique_ptr<Pass> isolate(const Host& host, std::string_view name,
                                const std::vector<Host::GivenOption>& options);

 private:
  friend class IsolatedPass;
  WorkerProcess& worker(const Graph& graph, const std::atomic<bool>* cancel);

  std::vector<std::string> command_;
  IsolationLimits limits_;
  EditRecorder edits_;
  std::unique_ptr<WorkerProcess> worker_;
  std::uint32_t instances_ = 0;
};

}  // namespace fettle
