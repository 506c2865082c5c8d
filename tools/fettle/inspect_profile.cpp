#include "inspect_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>

#include "archive/sample_inputs.hpp"
#include "base/error.hpp"
#include "graph/program_shapes.hpp"
#include "numbers.hpp"
#include "runtime/source_line.hpp"
#include "table.hpp"

namespace fettle {
namespace {

std::vector<RunValue> first_sample(const Program& program) {
  if (!program.samples.empty()) return load_sample_inputs(program, program.samples.front());
  throw Error({.code = Code::sample_inputs_unreadable,
               .what = "the program cannot be measured: it was saved without sample inputs",
               .where = program.file,
               .hint = "torch.export.save stores the inputs of the export with the program"});
}

// What the symbols of sizes are where these inputs go in; nothing where no input has any.
std::optional<SymbolValues> sizes_of(const Graph& graph, const std::vector<RunValue>& inputs) {
  const ProgramShapes shapes(graph);
  if (shapes.symbols().empty()) return std::nullopt;
  ProgramShapes::Sizes sizes;
  for (const RunValue& value : inputs) {
    auto& dims = sizes.emplace_back();
    if (const auto* number = std::get_if<std::int64_t>(&value)) dims.push_back(*number);
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      for (const SymInt& size : tensor->type().sizes) dims.push_back(size.value);
    }
  }
  return shapes.solve(sizes);
}

// The floating dtype in which most of the products' flops are done.
DType products_dtype(const Graph& graph, const Costs& costs) {
  std::map<DType, double> flops;
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const Node& node = graph.node(NodeId(i));
    if (!node.alive || costs.flops()[i] == 0 || node.result_count == 0) continue;
    flops[graph.type(graph.result(NodeId(i))).dtype] += static_cast<double>(costs.flops()[i]);
  }
  DType most = DType::float32;
  double least = 0;
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    if (flops[dtype] > least) most = dtype, least = flops[dtype];
  }
  return most;
}

Bottleneck bottleneck(const Graph& graph, const Profile& profile, const Costs& costs, NodeId node) {
  const std::uint32_t i = node.index;
  Bottleneck out{node,
                 profile.seconds[i],
                 profile.low[i],
                 profile.high[i],
                 profile.share(node),
                 profile.calls[i],
                 {},
                 costs.kind(node),
                 costs.unknown(node),
                 0,
                 0,
                 source_line(graph, node)};
  const auto times = [&](std::int64_t count) {
    const double all = static_cast<double>(count) * static_cast<double>(out.calls);
    return all < 9e18 ? count * static_cast<std::int64_t>(out.calls) : count;
  };
  const CallCost once = costs.of(node);
  out.cost = {times(once.flops), times(once.element_ops), times(once.bytes_read),
              times(once.bytes_written)};
  if (out.unknown || out.seconds <= 0) return out;
  out.flops_per_second = static_cast<double>(out.cost.flops + out.cost.element_ops) / out.seconds;
  out.bytes_per_second = static_cast<double>(out.cost.bytes()) / out.seconds;
  return out;
}

// "12.3 (41 %)" of a rate and what the machine does at most.
std::string rate(double per_second, double most) {
  if (per_second <= 0) return "-";
  return fmt::format("{:.3g} ({:.0f} %)", per_second / 1e9, 100 * per_second / most);
}

std::string micro(double seconds) {
  return fmt::format("{:.1f}", seconds * 1e6);
}

}  // namespace

Profile profile_program(const Program& program, const Device& device,
                        const ProfileOptions& options) {
  const std::vector<RunValue> inputs = first_sample(program);
  Executable executable(*program.graph, {.device = device});
  return measure_profile(*program.graph, executable, inputs, options);
}

MeasuredProgram measure_bottlenecks(const Program& program, const Device& device, std::int64_t top,
                                    const ProfileOptions& options) {
  const Graph& graph = *program.graph;
  MeasuredProgram out;
  out.device = device;
  out.profile = profile_program(program, device, options);
  const Costs costs(graph, Storages(graph), sizes_of(graph, first_sample(program)));
  out.machine = measure_machine(device, products_dtype(graph, costs));

  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < out.profile.calls.size(); ++i)
    if (out.profile.calls[i] > 0) nodes.emplace_back(i);
  std::ranges::stable_sort(nodes, [&](NodeId a, NodeId b) {
    return out.profile.seconds[a.index] > out.profile.seconds[b.index];
  });
  if (nodes.size() > static_cast<std::size_t>(top)) nodes.resize(static_cast<std::size_t>(top));
  for (const NodeId node : nodes) out.top.push_back(bottleneck(graph, out.profile, costs, node));
  return out;
}

std::string bottlenecks_text(const Graph& graph, const MeasuredProgram& measured) {
  const Profile& profile = measured.profile;
  const MachineSpeed& machine = measured.machine;
  Table table({"node", "operator", ">median us", ">quartiles", ">share", ">GFLOP/s", ">GB/s"});
  Table sources({"node", "source"});
  double shown = 0;
  for (const Bottleneck& b : measured.top) {
    const Node& node = graph.node(b.node);
    shown += b.share;
    table.add({std::string(graph.text(node.name)), std::string(graph.text(node.op)),
               micro(b.seconds), fmt::format("{}..{}", micro(b.low), micro(b.high)),
               fmt::format("{:.1f} %", 100 * b.share),
               rate(b.flops_per_second, machine.flops_per_second),
               rate(b.bytes_per_second, machine.bytes_per_second)});
    if (!b.source.empty()) sources.add({std::string(graph.text(node.name)), b.source});
  }
  std::string out =
      fmt::format("{} runs on {}: {} in the calls of one run ({} with nobody measuring)\n",
                  profile.runs, to_string(measured.device), human_seconds(profile.total_seconds),
                  human_seconds(profile.run_seconds));
  out += fmt::format(
      "this machine: {:.3g} GFLOP/s ({} product of {} by {}), {:.3g} GB/s (copy of {}), {} "
      "thread{}\n",
      machine.flops_per_second / 1e9, dtype_torch_name(machine.dtype), machine.matrix_size,
      machine.matrix_size, machine.bytes_per_second / 1e9,
      human_bytes(static_cast<double>(machine.copied_bytes)), machine.threads,
      machine.threads == 1 ? "" : "s");
  if (table.empty()) return out + "the program has no calls\n";
  return out + "\n" + table.text() +
         fmt::format(
             "\n{} of {} calls, {:.1f} % of the time; {:.0f} ns for the clock are taken "
             "off each\n",
             measured.top.size(),
             std::ranges::count_if(profile.calls, [](auto n) { return n > 0; }), 100 * shown,
             profile.clock_seconds * 1e9);
}

boost::json::object bottlenecks_json(const Graph& graph, const MeasuredProgram& measured) {
  const Profile& profile = measured.profile;
  const MachineSpeed& machine = measured.machine;
  boost::json::array top;
  for (const Bottleneck& b : measured.top) {
    const Node& node = graph.node(b.node);
    boost::json::object out{{"node", boost::json::string(graph.text(node.name))},
                            {"target", boost::json::string(graph.text(node.op))},
                            {"block", node.block.index},
                            {"calls", b.calls},
                            {"seconds", b.seconds},
                            {"quartiles", {b.low, b.high}},
                            {"share", b.share},
                            {"kind", boost::json::string(cost_kind_name(b.kind))},
                            {"flops", b.cost.flops},
                            {"element_ops", b.cost.element_ops},
                            {"bytes_read", b.cost.bytes_read},
                            {"bytes_written", b.cost.bytes_written},
                            {"cost_unknown", b.unknown},
                            {"flops_per_second", b.flops_per_second},
                            {"flops_of_machine", b.flops_per_second / machine.flops_per_second},
                            {"bytes_per_second", b.bytes_per_second},
                            {"bytes_of_machine", b.bytes_per_second / machine.bytes_per_second},
                            {"source", b.source}};
    top.push_back(std::move(out));
  }
  return {{"device", to_string(measured.device)},
          {"runs", profile.runs},
          {"run_seconds", profile.run_seconds},
          {"total_seconds", profile.total_seconds},
          {"clock_seconds", profile.clock_seconds},
          {"machine",
           {{"flops_per_second", machine.flops_per_second},
            {"bytes_per_second", machine.bytes_per_second},
            {"dtype", boost::json::string(dtype_torch_name(machine.dtype))},
            {"matrix_size", machine.matrix_size},
            {"copied_bytes", machine.copied_bytes},
            {"threads", machine.threads}}},
          {"top", std::move(top)}};
}

}  // namespace fettle
