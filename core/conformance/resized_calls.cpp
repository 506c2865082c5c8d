#include "conformance/resized_calls.hpp"

#include <algorithm>

#include "conformance/altered_host.hpp"
#include "conformance/work.hpp"
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle::conformance {
namespace {

// Structs for one call, all cut or all grown.
class Resized {
 public:
  explicit Resized(bool cut) : cut_(cut) {}

  template <class T>
  T* operator()(const T& ours, const char* name) {
    calls_.structs.emplace_back(name);
    if (cut_) return static_cast<T*>(cut_copy(&ours, kFirstSize<T>));
    auto* copy = static_cast<T*>(grown_copy(&ours, sizeof ours));
    grown_.push_back({name, copy, sizeof ours});
    return copy;
  }
  ResizedCalls calls() {
    for (const Grown& g : grown_) {
      if (calls_.touched.empty() && !tail_is_whole(g.copy, g.size)) calls_.touched = g.name;
    }
    return calls_;
  }

 private:
  struct Grown {
    const char* name;
    const void* copy;
    std::size_t size;
  };
  bool cut_;
  std::vector<Grown> grown_;
  ResizedCalls calls_;
};

void analyze(const Instance& instance, fettle_ctx& ctx, Resized& resized) {
  const auto* table = instance.table<fettle_pass_v1>();
  if (!table->analyze) return;
  const std::unique_ptr<Graph> graph = graph_of(one_node_programs().front().text);
  AnalysisManager analyses(*graph);
  const fettle_graph handle(analyses);
  fettle_applicability answer{};
  answer.applicable = 1;
  fettle_applicability* out = resized(answer, "fettle_applicability");
  call_plugin(ctx, instance.what("analyze"),
              [&] { return table->analyze(instance.state(), &ctx, &handle, out); });
}

void verify(const Instance& instance, fettle_ctx& ctx, Resized& resized) {
  const Versions versions;
  fettle_verify_request request{};
  request.promise = FETTLE_PROMISE_TOLERANT;
  request.subject = to_abi("conformance");
  request.reference = versions.original.handle().abi();
  request.candidate = versions.same.handle().abi();
  const fettle_verify_request* asked = resized(request, "fettle_verify_request");
  fettle_verdict* out = resized(fettle_verdict{}, "fettle_verdict");
  call_plugin(ctx, instance.what("verify"), [&] {
    return instance.table<fettle_verifier_v1>()->verify(instance.state(), &ctx, asked, out);
  });
}

void measure(const Instance& instance, fettle_ctx& ctx, Resized& resized) {
  const Versions versions;
  const fettle_program* programs[] = {versions.original.handle().abi(),
                                      versions.same.handle().abi()};
  fettle_metric_sink sink{};
  sink.add = [](void*, const fettle_metric*) -> fettle_status { return FETTLE_OK; };
  const fettle_metric_sink* given = resized(sink, "fettle_metric_sink");
  call_plugin(ctx, instance.what("measure"), [&] {
    return instance.table<fettle_benchmark_v1>()->measure(instance.state(), &ctx,
                                                          std::size(programs), programs, given);
  });
}

// A call as a part of its own.
void compile_alone(const Instance& instance, fettle_ctx& ctx, Resized& resized,
                   const fettle_graph& graph, NodeId call) {
  const auto* table = instance.table<fettle_backend_v1>();
  std::vector<fettle_value> inputs, outputs;
  for (const ValueId operand : graph.graph.node(call).operands) {
    if (std::ranges::find(inputs, operand.index) == inputs.end()) inputs.push_back(operand.index);
  }
  for (const ValueId result : graph.graph.results(call)) outputs.push_back(result.index);
  fettle_subgraph part{};
  part.device = to_abi("cpu");
  part.n_nodes = 1;
  part.nodes = &call.index;
  part.n_inputs = inputs.size();
  part.inputs = inputs.data();
  part.n_outputs = outputs.size();
  part.outputs = outputs.data();
  const fettle_subgraph* given = resized(part, "fettle_subgraph");
  fettle_compiled* compiled = nullptr;
  call_plugin(ctx, instance.what("compile"),
              [&] { return table->compile(instance.state(), &ctx, &graph, given, &compiled); });
  ask(instance.what("release"), [&] { table->release(instance.state(), compiled); });
}

void claim(const Instance& instance, fettle_ctx& ctx, Resized& resized) {
  const Versions versions;
  const fettle_graph& graph = *kProgramTable.graph(versions.original.handle().abi());
  std::vector<fettle_node> calls;
  for (const NodeId node : graph.graph.nodes()) {
    if (graph.graph.node(node).opcode == Opcode::call_function) calls.push_back(node.index);
  }
  std::vector<std::uint8_t> claimed(calls.size(), 0);
  fettle_claim request{};
  request.device = to_abi("cpu");
  request.n_nodes = calls.size();
  request.nodes = calls.data();
  request.claimed = claimed.data();
  const fettle_claim* asked = resized(request, "fettle_claim");
  call_plugin(ctx, instance.what("claim"), [&] {
    return instance.table<fettle_backend_v1>()->claim(instance.state(), &ctx, &graph, asked);
  });
  for (std::size_t k = 0; k < calls.size(); ++k) {
    if (claimed[k] == 1) compile_alone(instance, ctx, resized, graph, NodeId(calls[k]));
  }
}

ResizedCalls call(Subject& subject, const Session& session, bool cut) {
  const std::unique_ptr<Instance> instance = session.instance();
  Outcome said;
  fettle_ctx ctx(said, subject.component().info.name);
  Resized resized(cut);
  switch (subject.component().info.kind) {
    case ComponentKind::pass:
      analyze(*instance, ctx, resized);
      break;
    case ComponentKind::verifier:
      verify(*instance, ctx, resized);
      break;
    case ComponentKind::benchmark:
      measure(*instance, ctx, resized);
      break;
    case ComponentKind::backend:
      claim(*instance, ctx, resized);
      break;
    case ComponentKind::analysis:  // is handed no struct
      break;
  }
  return resized.calls();
}

}  // namespace

ResizedCalls call_with_cut_structs(Subject& subject, const Session& session) {
  return call(subject, session, true);
}
ResizedCalls call_with_grown_structs(Subject& subject, const Session& session) {
  return call(subject, session, false);
}

}  // namespace fettle::conformance
