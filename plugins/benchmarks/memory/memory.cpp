// Memory: what a run needs, in bytes.
//
// peak_memory: the most bytes of tensors that were allocated at one time during a run, as the
// allocator saw it; weights and inputs, which are there anyway, are not counted. The largest of a
// few runs. workspace: the most that one call had for itself meanwhile, beyond what was there before
// it and its results; it is part of the peak where both fall together. weights: bytes of the parameters, buffers and constants that the program holds; tied
// ones count once.
#include <algorithm>
#include <fettle/fettle.hpp>
#include <map>

namespace {

std::int64_t weight_bytes(const fettle::Program& program) {
  std::map<const void*, std::int64_t> bytes;  // by where they lie
  const fettle::Graph& graph = program.graph();
  for (const fettle::Node node : graph.nodes()) {
    if (node.opcode() != fettle::Opcode::placeholder) break;
    const fettle::InputKind kind = node.input_kind();
    if (kind != fettle::InputKind::parameter && kind != fettle::InputKind::buffer &&
        kind != fettle::InputKind::tensor_constant)
      continue;
    const fettle::Tensor tensor = graph.constant(node.result());
    if (!tensor || tensor.view().bytes() == 0) continue;
    std::int64_t& known = bytes[tensor.view().data()];
    known = std::max(known, tensor.view().bytes());
  }
  std::int64_t sum = 0;
  for (const auto& [data, size] : bytes) sum += size;
  return sum;
}

fettle::Metric bytes_metric(std::size_t program, const char* name, std::vector<double> samples,
                            std::string note) {
  fettle::Metric metric;
  metric.program = program;
  metric.name = name;
  metric.unit = "bytes";
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  metric.low = *low;
  metric.median = metric.high = *high;
  metric.samples = std::move(samples);
  metric.note = std::move(note);
  return metric;
}

class Memory : public fettle::Benchmark {
 public:
  static constexpr const char* name = "memory";
  static constexpr const char* summary = "Measures the peak of tensor bytes in a run, the largest workspace of a call, and weights.";

  static void declare(fettle::Options<Memory>& options) {
    options.add("runs", &Memory::runs_, "measured runs of each program").range(1, 1000);
  }

  std::vector<fettle::Metric> measure(const std::deque<fettle::Program>& programs) override {
    std::vector<fettle::Metric> metrics;
    for (std::size_t k = 0; k < programs.size(); ++k) {
      const Peaks peaks = measure_peaks(programs[k]);
      if (!peaks.whole.empty())
        metrics.push_back(bytes_metric(k, "peak_memory", peaks.whole,
                                       "largest of " + std::to_string(peaks.whole.size()) +
                                           " runs, weights and inputs not counted"));
      if (!peaks.workspace.empty())
        metrics.push_back(bytes_metric(k, "workspace", peaks.workspace,
                                       "most that one call had for itself, results not counted"));
      metrics.push_back(bytes_metric(k, "weights", {static_cast<double>(weight_bytes(programs[k]))},
                                     "parameters, buffers and constants"));
    }
    return metrics;
  }

 private:
  struct Peaks {  // empty where the device, or an older host, cannot tell
    std::vector<double> whole, workspace;
  };
  Peaks measure_peaks(const fettle::Program& program) const {
    fettle::RunOptions options;
    options.measure_memory = true;
    options.cpu_outputs = false;
    const fettle::Data inputs = fettle::representative_inputs(program);
    Peaks peaks;
    for (std::int64_t run = 0; run < runs_; ++run) {
      program.context().stop_if_cancelled();
      const fettle::RunResult result = program.run(inputs, options);
      if (result.peak_bytes >= 0) peaks.whole.push_back(static_cast<double>(result.peak_bytes));
      if (result.workspace_bytes >= 0)
        peaks.workspace.push_back(static_cast<double>(result.workspace_bytes));
    }
    return peaks;
  }

  std::int64_t runs_ = 3;
};

}  // namespace

FETTLE_PLUGIN("fettle.memory", "1.0.0", Memory)
