#include "conformance/backend_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "conformance/judge_checks.hpp"
#include "conformance/work.hpp"
#include "host/backends.hpp"

namespace fettle::conformance {
namespace {

std::vector<NamedProgram> all_programs(std::uint64_t seed) {
  std::vector<NamedProgram> programs = empty_programs();
  std::ranges::move(one_node_programs(), std::back_inserter(programs));
  programs.push_back(nested_program());
  for (std::uint64_t i = 0; i < kRandomPrograms; ++i) programs.push_back(random_program_of(seed, i));
  return programs;
}

std::uint64_t claimed_calls(const ProgramHandle& program) {
  std::uint64_t calls = 0;
  if (const BackendUse* use = program.backend_use()) {
    for (const BackendUse::Claimed& claimed : use->claimed) calls += claimed.calls;
  }
  return calls;
}

}  // namespace

Finding check_agrees_with_libtorch(Subject& subject) {
  const Settings& settings = subject.settings();
  if (settings.verifier_folder.empty()) return skipped("fettle's own verifiers were not found");
  Search search;
  search.build_dir = settings.verifier_folder;
  const Host host(search);
  const std::unique_ptr<Verifier> verifier = host.create_verifier(settings.verifier, {});

  const Session session(subject);
  const auto choice = std::make_shared<BackendChoice>();
  choice->otherwise = make_backend(session.instance());
  std::uint64_t calls = 0, compared = 0;
  for (const NamedProgram& program : all_programs(settings.seed)) {
    const std::unique_ptr<Graph> graph = graph_of(program.text);
    const auto samples = std::make_shared<const std::vector<LoadedSample>>();
    const ProgramHandle reference("original", *graph, samples, cpu());
    const ProgramHandle candidate("on the backend", *graph, samples, cpu(), choice);
    Outcome said;
    const Verdict verdict =
        verifier->verify(program.name, Promise::tolerant, reference, candidate, said);
    calls += claimed_calls(candidate);
    compared += claimed_calls(candidate) > 0;
    // Some random programs run on few inputs: what cannot be judged says nothing about the backend.
    if (verdict.judgement != Judgement::fail) continue;
    std::string why = wrong_by(program, verdict, "is off");
    for (const Diagnostic& note : said.notes) why += "; " + one_line(note);
    return failed(std::move(why), "claim only calls that it computes as libtorch does");
  }
  if (calls == 0) return skipped("it claimed no call of the programs here");
  return passed(fmt::format("{} calls of {} programs, compared with {}", calls, compared,
                            settings.verifier));
}

}  // namespace fettle::conformance
