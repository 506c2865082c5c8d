// fettle inspect --top and --color time: where a program's time goes, measured, beside what the calls have to do and
// what the machine can do.
#pragma once

#include <atomic>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "analysis/cost.hpp"
#include "archive/program.hpp"
#include "runtime/machine_speed.hpp"
#include "runtime/profile.hpp"

namespace fettle {

// One call among those that take longest. Rates are over its median time, for all calls in a run.
struct Bottleneck {
  NodeId node;
  double seconds = 0, low = 0, high = 0, share = 0;
  std::uint64_t calls = 0;  // in one run
  CallCost cost;            // of all of them
  CostKind kind = CostKind::unknown;
  bool unknown = false;                               // of the cost
  double flops_per_second = 0, bytes_per_second = 0;  // 0 if unknown, or too quick to tell
  std::string source;                                 // "model.py:12 in forward: …", or empty
};

struct MeasuredProgram {
  Profile profile;
  MachineSpeed machine;
  Device device;
  std::vector<Bottleneck> top;  // the slowest first
};

// The time of each node on the first stored sample. Throws sample_inputs_unreadable where none is
// stored.
Profile profile_program(const Program& program, const Device& device,
                        const ProfileOptions& options);
// The same, and the machine's own measurement. Sizes are those of the sample.
MeasuredProgram measure_bottlenecks(const Program& program, const Device& device, std::int64_t top,
                                    const ProfileOptions& options);

std::string bottlenecks_text(const Graph& graph, const MeasuredProgram& measured);
boost::json::object bottlenecks_json(const Graph& graph, const MeasuredProgram& measured);

}  // namespace fettle
