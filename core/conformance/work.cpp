#include "conformance/work.hpp"

#include <fmt/format.h>

#include <cmath>

#include "conformance/trial.hpp"
#include "host/backends.hpp"

namespace fettle::conformance {
namespace {

constexpr std::string_view kOriginal = R"(
  graph(w: f32[4] = parameter 'w' value=[1.0, -2.0, 0.5, 4.0], x: f32[4], y: f32[4]):
    mul: f32[4] = aten.mul.Tensor(x, w)
    relu: f32[4] = aten.relu.default(mul)
    add: f32[4] = aten.add.Tensor(relu, y)
    sum_1: f32[] = aten.sum.default(add)
    return (add, sum_1))";
constexpr std::string_view kSame = R"(
  graph(w: f32[4] = parameter 'w' value=[1.0, -2.0, 0.5, 4.0], x: f32[4], y: f32[4]):
    mul: f32[4] = aten.mul.Tensor(x, w)
    relu: f32[4] = aten.relu.default(mul)
    relu_1: f32[4] = aten.relu.default(relu)
    add: f32[4] = aten.add.Tensor(relu_1, y)
    sum_1: f32[] = aten.sum.default(add)
    return (add, sum_1))";
// Wrong in its results and in its gradients.
constexpr std::string_view kWrong = R"(
  graph(w: f32[4] = parameter 'w' value=[1.0, -2.0, 0.5, 4.0], x: f32[4], y: f32[4]):
    mul: f32[4] = aten.mul.Tensor(x, x)
    exp: f32[4] = aten.exp.default(mul)
    mul_1: f32[4] = aten.mul.Tensor(exp, w)
    mul_2: f32[4] = aten.mul.Tensor(mul_1, y)
    add: f32[4] = aten.add.Tensor(mul_2, 1000.0)
    sum_1: f32[] = aten.sum.default(add)
    return (add, sum_1))";

// Something to do for most passes.
constexpr std::string_view kBusy = R"(
  graph(w: f32[4] = parameter 'w' value=[1.0, -2.0, 0.5, 4.0],
        b: f32[4] = buffer 'b' value=0.5, x: f32[4], p: b8[]):
    folded: f32[4] = aten.add.Tensor(w, b)
    mul: f32[4] = aten.mul.Tensor(x, folded)
    mul_1: f32[4] = aten.mul.Tensor(x, folded)
    unused: f32[4] = aten.sin.default(mul)
    relu: f32[4] = aten.relu.default(mul)
    relu_1: f32[4] = aten.relu.default(relu)
    cond: (out: f32[4]) = higher_order.cond(p, self.yes, self.no, [relu_1, mul_1])
      graph yes(c: f32[4], d: f32[4]):
        relu: f32[4] = aten.relu.default(d)
        relu_1: f32[4] = aten.relu.default(relu)
        add: f32[4] = aten.add.Tensor(relu_1, 0.0)
        return (add,)
      graph no(c: f32[4], d: f32[4]):
        neg: f32[4] = aten.neg.default(d)
        neg_1: f32[4] = aten.neg.default(neg)
        return (neg_1,)
    sum_1: f32[4] = aten.add.Tensor(out, relu_1)
    return (sum_1,))";

RunValue floats(const std::vector<float>& values) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = DType::float32;
  type.device = cpu();
  type.sizes = {SymInt(static_cast<std::int64_t>(values.size()))};
  type.strides = {SymInt(1)};
  return Tensor::from_constant({make_storage(values.data(), values.size() * sizeof(float)), type},
                               true);
}

LoadedSample sample_of(const Graph& graph) {
  const std::vector<RunValue> inputs = {floats({1, 2, -3, 0.25}), floats({0.5, -1, 2, 8})};
  CompileOptions options;
  options.device = cpu();
  return {inputs, Executable(graph, options).run(inputs).outputs};
}

void work_on(Pass& pass, Trial& trial, const WorkOptions& options) {
  const std::string before = exact_text(trial.graph());
  if (options.cancelled) trial.cancel();
  const auto undo = [&] {
    if (!options.check_rollback) return;
    trial.undo();
    if (exact_text(trial.graph()) == before) return;
    throw Error({.code = Code::plugin_not_unchanged,
                 .what = "what it did cannot be undone: it wrote to memory that it was only lent"});
  };
  try {
    trial.run(pass);
  } catch (...) {
    undo();
    throw;
  }
  undo();
}

void answer(PluginAnalysis& analysis, std::string_view program, Outcome& said) {
  const std::unique_ptr<Graph> graph = graph_of(program);
  AnalysisManager analyses(*graph);
  analysis.answer(analyses, said);
  analysis.describe(analyses, said);
}

// Claims, compiles and launches what it likes of one program.
void work_backend(std::unique_ptr<Backend> backend, const std::atomic<bool>* cancelled) {
  const auto choice = std::make_shared<BackendChoice>();
  choice->otherwise = std::move(backend);
  const std::unique_ptr<Graph> graph = graph_of(kOriginal);
  const auto samples = std::make_shared<const std::vector<LoadedSample>>();
  const ProgramHandle program("on the backend", *graph, samples, cpu(), choice);
  const std::vector<RunValue> inputs = {floats({1, 2, -3, 0.25}), floats({0.5, -1, 2, 8})};
  RunOptions options;
  options.cancel = cancelled;
  program.executable()->run(inputs, options);
}

// The first error answer, after all were tried.
void work_pass(Subject& subject, const Session& session, const WorkOptions& options) {
  const std::unique_ptr<Pass> pass = session.pass();
  std::optional<Diagnostic> first;
  for (const std::string& text : work_programs(subject.settings().seed)) {
    Trial trial(graph_of(text));
    auto refused = refusal_of([&] { work_on(*pass, trial, options); });
    if (refused && !first) first = std::move(refused);
    if (options.briefly) break;
  }
  if (first) throw Error(std::move(*first));
}

}  // namespace

Device cpu() {
  Device device;
  device.type = "cpu";
  return device;
}

Runnable::Runnable(std::string name, std::string_view text, const Runnable* lender)
    : graph_(graph_of(text)),
      samples_(lender ? lender->samples_ : std::make_shared<std::vector<LoadedSample>>()) {
  if (!lender) samples_->push_back(sample_of(*graph_));
  handle_ = std::make_unique<ProgramHandle>(std::move(name), *graph_, samples_, cpu());
}

Versions::Versions()
    : original("original", kOriginal),
      same("optimized", kSame, &original),
      wrong("optimized", kWrong, &original) {}

std::vector<std::string> work_programs(std::uint64_t seed) {
  return {std::string(kBusy), random_program_of(seed, 5).text, random_program_of(seed, 11).text};
}

void work(Subject& subject, const Session& session, const WorkOptions& options) {
  const std::atomic<bool> cancelled = options.cancelled;
  Outcome said;
  said.cancel = &cancelled;
  switch (subject.component().info.kind) {
    case ComponentKind::pass:
      return work_pass(subject, session, options);
    case ComponentKind::verifier: {
      const Versions versions;
      make_verifier(session.instance())
          ->verify("conformance", Promise::tolerant, versions.original.handle(),
                   versions.same.handle(), said);
      return;
    }
    case ComponentKind::benchmark: {
      const Versions versions;
      make_benchmark(session.instance())
          ->measure({&versions.original.handle(), &versions.same.handle()}, said);
      return;
    }
    case ComponentKind::analysis: {
      const auto analysis = make_analysis(session.instance(), session);
      for (const std::string& text : work_programs(subject.settings().seed)) {
        answer(*analysis, text, said);
      }
      return;
    }
    case ComponentKind::backend:
      return work_backend(make_backend(session.instance()), &cancelled);
  }
}

}  // namespace fettle::conformance
