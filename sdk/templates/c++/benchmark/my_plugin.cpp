// Times runs of each program on its first stored sample: the shortest and the longest of `runs`,
// and their median. The programs take turns, so that a machine that warms up or throttles hits all
// alike.
#include <algorithm>
#include <fettle/fettle.hpp>

class MyPlugin : public fettle::Benchmark {
 public:
  static constexpr const char* name = "my_plugin";
  static constexpr const char* summary = "Times runs on the stored sample.";
  static void declare(fettle::Options<MyPlugin>& options) {
    options.add("runs", &MyPlugin::runs_, "timed runs of each program").range(1, 1000000);
  }

  std::vector<fettle::Metric> measure(const std::deque<fettle::Program>& programs) override {
    std::deque<fettle::Data> inputs;  // outlive what is bound to them
    std::vector<fettle::Bound> bound;
    for (const fettle::Program& program : programs) {
      if (program.sample_count() == 0) throw fettle::Failure("no sample is stored to run on");
      inputs.push_back(program.sample_inputs(0));
      bound.push_back(program.bind(inputs.back()));
      bound.back().launch();  // warms up
    }
    std::vector<std::vector<double>> milliseconds(programs.size());
    for (std::int64_t run = 0; run < runs_; ++run) {
      programs.front().context().stop_if_cancelled();
      for (std::size_t k = 0; k < bound.size(); ++k)
        milliseconds[k].push_back(bound[k].seconds() * 1e3);
    }
    std::vector<fettle::Metric> metrics;
    for (std::size_t k = 0; k < programs.size(); ++k) metrics.push_back(metric(k, milliseconds[k]));
    return metrics;
  }

 private:
  static fettle::Metric metric(std::size_t program, std::vector<double> milliseconds) {
    fettle::Metric metric;
    metric.program = program;
    metric.name = "my_plugin";
    metric.unit = "ms";
    metric.samples = milliseconds;
    std::sort(milliseconds.begin(), milliseconds.end());
    metric.low = milliseconds.front();
    metric.median = milliseconds[milliseconds.size() / 2];
    metric.high = milliseconds.back();
    metric.note = "shortest and longest of " + std::to_string(milliseconds.size()) + " runs";
    return metric;
  }

  std::int64_t runs_ = 30;
};

FETTLE_PLUGIN("org.example.my_plugin", "0.1.0", MyPlugin)
