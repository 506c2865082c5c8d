#include "conformance/judge_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "conformance/work.hpp"

namespace fettle::conformance {
namespace {

Verdict verdict_on(Verifier& verifier, const Runnable& reference, const Runnable& candidate) {
  Outcome said;
  return verifier.verify("conformance", Promise::tolerant, reference.handle(), candidate.handle(),
                         said);
}

std::string detail_of(const Verdict& verdict) {
  return verdict.detail.empty() ? "" : ": " + verdict.detail;
}

}  // namespace

std::string wrong_by(const NamedProgram& program, const Verdict& verdict, std::string_view verb) {
  return fmt::format(
      "{}: {}, element {}, {} by {:.3g} where {:.3g} is allowed{}", program.name,
      verdict.place.empty() ? fmt::format("output {}", verdict.output) : verdict.place,
      verdict.element, verb, verdict.max_abs, verdict.allowed, detail_of(verdict));
}

Finding check_accepts_the_same(Subject& subject) {
  if (subject.component().info.reads_rewrites) {
    return skipped("it judges single rewrites, and there are none");
  }
  const Session session(subject);
  const std::unique_ptr<Verifier> verifier = make_verifier(session.instance());
  const Versions versions;
  for (const Runnable* candidate : {&versions.original, &versions.same}) {
    const Verdict verdict = verdict_on(*verifier, versions.original, *candidate);
    if (verdict.judgement == Judgement::pass) continue;
    return failed(
        fmt::format("its verdict on {} is '{}'{}",
                    candidate == &versions.original ? "a program and itself"
                                                    : "two programs that compute the same bits",
                    judgement_name(verdict.judgement), detail_of(verdict)),
        "judge what a program computes, not how");
  }
  return passed();
}

Finding check_refuses_the_wrong(Subject& subject) {
  const Session session(subject);
  const std::unique_ptr<Verifier> verifier = make_verifier(session.instance());
  const Versions versions;
  const Verdict verdict = verdict_on(*verifier, versions.original, versions.wrong);
  if (verdict.judgement != Judgement::pass)
    return passed(std::string(judgement_name(verdict.judgement)));
  return failed("it passes a program whose every output is off by hundreds" + detail_of(verdict),
                "run both programs on the same inputs, and compare all outputs");
}

Finding check_measures_each_program(Subject& subject) {
  const Session session(subject);
  const std::unique_ptr<Benchmark> benchmark = make_benchmark(session.instance());
  const Versions versions;
  Outcome said;
  const std::vector<const ProgramHandle*> programs = {
      &versions.original.handle(), &versions.same.handle(), &versions.wrong.handle()};
  std::set<std::size_t> measured;
  const std::vector<Metric> metrics = benchmark->measure(programs, said);
  for (const Metric& metric : metrics) measured.insert(metric.program);
  if (measured.size() == programs.size()) return passed(fmt::format("{} metrics", metrics.size()));
  return failed(
      fmt::format("it was given {} programs and measured {}", programs.size(), measured.size()),
      "hand in at least one metric for each program");
}

Finding check_answers_every_program(Subject& subject) {
  const Session session(subject);
  const std::unique_ptr<PluginAnalysis> analysis = make_analysis(session.instance(), session);
  std::vector<NamedProgram> programs = empty_programs();
  std::ranges::move(one_node_programs(), std::back_inserter(programs));
  programs.push_back(nested_program());
  for (std::uint64_t i = 0; i < kRandomPrograms; ++i) {
    programs.push_back(random_program_of(subject.settings().seed, i));
  }
  programs.push_back(large_program());
  for (const NamedProgram& program : programs) {
    const std::unique_ptr<Graph> graph = graph_of(program.text);
    AnalysisManager analyses(*graph);
    Outcome said;
    const auto refused = refusal_of([&] {
      analysis->answer(analyses, said);
      analysis->describe(analyses, said);
    });
    if (!refused) continue;
    return failed(fmt::format("{}: {}", program.name, one_line(*refused)),
                  "an analysis answers for every valid program");
  }
  return passed(fmt::format("{} programs", programs.size()));
}

}  // namespace fettle::conformance
