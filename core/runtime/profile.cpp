#include "runtime/profile.hpp"

#include <algorithm>
#include <chrono>

#include "base/error.hpp"

namespace fettle {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Value at a part of the way through sorted ones, between neighbours.
double quantile(const std::vector<double>& sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// What nodes take in one run: their own time, without that of the nodes inside.
class OneRun {
 public:
  OneRun(std::size_t nodes, Executable& executable)
      : seconds(nodes), calls(nodes), executable_(executable) {}

  void begin() { open_.push_back({Clock::now(), 0}); }
  void end(NodeId node) {
    executable_.synchronize();
    const Clock::time_point now = Clock::now();
    const double whole = seconds_between(open_.back().start, now);
    seconds[node.index] += whole - open_.back().inside;
    ++calls[node.index];
    open_.pop_back();
    if (open_.empty()) return;
    // Reading the clock for a node inside is nobody's work.
    open_.back().inside += whole + seconds_between(now, Clock::now());
  }
  void clear() {
    std::ranges::fill(seconds, 0);
    std::ranges::fill(calls, 0);
    open_.clear();
  }

  std::vector<double> seconds;
  std::vector<std::uint64_t> calls;

 private:
  struct Open {
    Clock::time_point start;
    double inside;
  };
  Executable& executable_;
  std::vector<Open> open_;
};

// What a call would be charged that does nothing: between the two readings the interpreter also
// makes a handle of a result for the hook.
double clock_seconds(Executable& executable, std::span<const RunValue> inputs) {
  OneRun clock(1, executable);
  const NodeHook hook{.before = [&](NodeId, std::span<const RunValue>) { clock.begin(); },
                      .after = [&](NodeId node, std::span<const RunValue>) { clock.end(node); }};
  std::vector<double> readings;
  for (int i = 0; i < 1001; ++i) {
    clock.clear();
    hook.before(NodeId(0), {});
    std::vector<RunValue> handles;
    handles.reserve(1);
    if (!inputs.empty()) handles.push_back(inputs.front());
    hook.after(NodeId(0), handles);
    readings.push_back(clock.seconds[0]);
  }
  std::ranges::sort(readings);
  return quantile(readings, 0.5);
}

// Of the nodes that ran, one after the other: a row for each.
class Samples {
 public:
  Samples(std::size_t runs) : runs_(runs) {}  // NOLINT: runs are its size

  void add(const OneRun& run, double clock) {
    if (nodes_.empty()) find_nodes(run);
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      const std::uint32_t node = nodes_[k];
      const double read = clock * static_cast<double>(run.calls[node]);
      rows_[k].push_back(std::max(0.0, run.seconds[node] - read));
    }
  }

  void summarize(Profile& profile) {
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      std::ranges::sort(rows_[k]);
      const std::uint32_t node = nodes_[k];
      profile.low[node] = quantile(rows_[k], 0.25);
      profile.seconds[node] = quantile(rows_[k], 0.5);
      profile.high[node] = quantile(rows_[k], 0.75);
      profile.total_seconds += profile.seconds[node];
    }
  }

 private:
  void find_nodes(const OneRun& run) {
    for (std::uint32_t i = 0; i < run.calls.size(); ++i)
      if (run.calls[i] > 0) nodes_.push_back(i);
    rows_.resize(nodes_.size());
    for (auto& row : rows_) row.reserve(runs_);
  }

  std::size_t runs_;
  std::vector<std::uint32_t> nodes_;
  std::vector<std::vector<double>> rows_;
};

void stop_if_cancelled(const ProfileOptions& options) {
  if (!options.cancel || !options.cancel->load(std::memory_order_relaxed)) return;
  throw Error({.code = Code::run_cancelled, .what = "the profile was stopped between two runs"});
}

}  // namespace

Profile measure_profile(const Graph& graph, Executable& executable,
                        std::span<const RunValue> inputs, const ProfileOptions& options) {
  Profile profile;
  profile.runs = options.runs;
  profile.seconds.assign(graph.node_bound(), 0);
  profile.low = profile.high = profile.seconds;
  RunOptions plain;
  plain.seed = options.seed;
  plain.cancel = options.cancel;
  for (std::int64_t i = 0; i < options.warm_up_runs; ++i) {
    stop_if_cancelled(options);
    executable.run(inputs, plain);
  }
  profile.clock_seconds = clock_seconds(executable, inputs);

  OneRun clock(graph.node_bound(), executable);
  const NodeHook hook{.before = [&](NodeId, std::span<const RunValue>) { clock.begin(); },
                      .after = [&](NodeId node, std::span<const RunValue>) { clock.end(node); }};
  RunOptions clocked = plain;
  clocked.hook = &hook;
  Samples samples(static_cast<std::size_t>(options.runs));
  std::vector<double> whole;
  for (std::int64_t i = 0; i < options.runs; ++i) {  // in turns: both see the same machine
    stop_if_cancelled(options);
    const Clock::time_point start = Clock::now();
    executable.run(inputs, plain);
    executable.synchronize();
    whole.push_back(seconds_between(start, Clock::now()));
    clock.clear();
    executable.run(inputs, clocked);
    samples.add(clock, profile.clock_seconds);
  }
  profile.calls = clock.calls;
  samples.summarize(profile);
  std::ranges::sort(whole);
  profile.run_seconds = quantile(whole, 0.5);
  return profile;
}

}  // namespace fettle
