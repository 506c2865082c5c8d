#include "conformance/resized_calls.hpp"

#include "conformance/altered_host.hpp"
#include "conformance/work.hpp"
#include "host/context.hpp"

namespace fettle::conformance {
namespace {

// Structs for one call, all cut or all grown.
class Resized {
 public:
  explicit Resized(bool cut) : cut_(cut) {}

  template <class T>
  T* operator()(const T& ours, const char* name) {
    if (cut_) return static_cast<T*>(cut_copy(&ours, kFirstSize<T>));
    auto* copy = static_cast<T*>(grown_copy(&ours, sizeof ours));
    grown_.push_back({name, copy, sizeof ours});
    return copy;
  }
  std::string touched() const {
    for (const Grown& g : grown_) {
      if (!tail_is_whole(g.copy, g.size)) return g.name;
    }
    return {};
  }

 private:
  struct Grown {
    const char* name;
    const void* copy;
    std::size_t size;
  };
  bool cut_;
  std::vector<Grown> grown_;
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

std::string call(Subject& subject, const Session& session, bool cut) {
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
    default:
      break;
  }
  return resized.touched();
}

}  // namespace

void call_with_cut_structs(Subject& subject, const Session& session) {
  call(subject, session, true);
}
std::string call_with_grown_structs(Subject& subject, const Session& session) {
  return call(subject, session, false);
}

}  // namespace fettle::conformance
