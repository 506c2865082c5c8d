// The host's side of one worker: starts it, asks it, and says how it died if it did.
#pragma once

#include <string>
#include <vector>

#include "graph/edit_wire.hpp"
#include "isolation/channel.hpp"
#include "base/child_process.hpp"
#include "isolation/messages.hpp"

namespace fettle {

class WorkerProcess {
 public:
  // Starts it and waits until it has loaded what the host loaded. `graph` is the host's, whatever
  // was done to it since. Throws isolation_unavailable, isolation_out_of_step, interrupted.
  WorkerProcess(const std::vector<std::string>& command, const Graph& graph,
                const std::atomic<bool>* cancel);
  // Lets it end by itself, so that instances are destroyed and plugins told as they are in a host.
  ~WorkerProcess();

  // Asks and waits. A worker that died, hung or made no sense is gone afterwards, and is Error:
  // plugin_crashed, plugin_exited, plugin_timed_out, plugin_out_of_memory, isolation_bad_answer
  // (each with the reason alone), isolation_out_of_step or interrupted. The answer's edits point
  // into `frame`.
  Answer ask(const Request& request, const Patience& patience, std::string& frame);

  Interned known;         // what of the graph's strings and types it has
  EditPosition position;  // how much of the run's edits it has replayed
  bool fresh = true;      // it was not asked anything yet
  std::string used_by;    // the plugins that ran in it, for messages; empty: none

 private:
  [[noreturn]] void give_up(Channel::Result result);

  ChildProcess process_;
  Channel channel_;
};

}  // namespace fettle
