// Latency: the time of one run, for programs side by side.
//
// The programs take turns in every round, forwards in one round and backwards in the next (ABBA),
// so that a machine that warms up, throttles or is disturbed hits all of them alike. The device is
// idle before and after each timed run. Warm-up rounds are not counted. Reported per program: the
// median and the quartiles. For each program against the first: the ratio of the two times of one
// round, its median, and the 95% confidence interval of that median (by order statistics, which
// assumes no distribution). An interval that holds 1 means: no difference was measured.
#include <algorithm>
#include <cmath>
#include <fettle/fettle.hpp>

namespace {

double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Positions of the order statistics that bracket the median with 95% confidence: the number of
// samples below the median is binomial(n, 1/2), here by its normal approximation.
std::pair<std::size_t, std::size_t> median_interval(std::size_t n) {
  const double half_width = 0.98 * std::sqrt(static_cast<double>(n));
  const double center = static_cast<double>(n) / 2;
  const double low = std::floor(center - half_width), high = std::ceil(center + half_width);
  return {static_cast<std::size_t>(std::max(0.0, low)),
          static_cast<std::size_t>(std::min(static_cast<double>(n - 1), high))};
}

fettle::Metric time_metric(std::size_t program, std::vector<double> milliseconds) {
  std::vector<double> sorted = milliseconds;
  std::sort(sorted.begin(), sorted.end());
  fettle::Metric metric;
  metric.program = program;
  metric.name = "latency";
  metric.unit = "ms";
  metric.median = quantile(sorted, 0.5);
  metric.low = quantile(sorted, 0.25);
  metric.high = quantile(sorted, 0.75);
  metric.samples = std::move(milliseconds);
  metric.note = "quartiles of " + std::to_string(metric.samples.size()) + " interleaved runs";
  return metric;
}

fettle::Metric ratio_metric(std::size_t program, const std::vector<double>& baseline,
                            const std::vector<double>& times) {
  fettle::Metric metric;
  metric.program = program;
  metric.name = "latency_ratio";
  metric.unit = "x";
  for (std::size_t k = 0; k < times.size(); ++k)
    metric.samples.push_back(times[k] / std::max(baseline[k], 1e-9));
  std::vector<double> sorted = metric.samples;
  std::sort(sorted.begin(), sorted.end());
  const auto [low, high] = median_interval(sorted.size());
  metric.median = quantile(sorted, 0.5);
  metric.low = sorted[low];
  metric.high = sorted[high];
  metric.note = "to the first program; 95% confidence interval of the median of paired ratios";
  if (metric.low <= 1 && metric.high >= 1) metric.note += "; holds 1: no difference measured";
  return metric;
}

class Latency : public fettle::Benchmark {
 public:
  static constexpr const char* name = "latency";
  static constexpr const char* summary = "Times runs of the programs, interleaved.";

  static void declare(fettle::Options<Latency>& options) {
    options.add("runs", &Latency::runs_, "timed runs of each program").range(1, 1000000);
    options.add("warmup", &Latency::warmup_, "runs of each program before timing starts")
        .range(0, 1000000);
  }

  std::vector<fettle::Metric> measure(const std::deque<fettle::Program>& programs) override {
    std::vector<fettle::Data> inputs;  // outlive what is bound to them
    std::vector<fettle::Bound> bound;
    for (const fettle::Program& program : programs) {
      inputs.push_back(fettle::representative_inputs(program));
      bound.push_back(program.bind(inputs.back()));
    }
    const auto times = rounds(programs, bound);
    std::vector<fettle::Metric> metrics;
    for (std::size_t k = 0; k < programs.size(); ++k) metrics.push_back(time_metric(k, times[k]));
    for (std::size_t k = 1; k < programs.size(); ++k)
      metrics.push_back(ratio_metric(k, times[0], times[k]));
    return metrics;
  }

 private:
  // Milliseconds, by program and round.
  std::vector<std::vector<double>> rounds(const std::deque<fettle::Program>& programs,
                                          std::vector<fettle::Bound>& bound) const {
    std::vector<std::vector<double>> times(bound.size());
    for (std::int64_t round = -warmup_; round < runs_; ++round) {
      programs.front().context().stop_if_cancelled();
      for (std::size_t turn = 0; turn < bound.size(); ++turn) {
        const std::size_t k = round % 2 == 0 ? turn : bound.size() - 1 - turn;
        const double milliseconds = bound[k].seconds() * 1e3;
        if (round >= 0) times[k].push_back(milliseconds);
      }
    }
    return times;
  }

  std::int64_t runs_ = 30, warmup_ = 5;
};

}  // namespace

FETTLE_PLUGIN("fettle.latency", "1.0.0", Latency)
