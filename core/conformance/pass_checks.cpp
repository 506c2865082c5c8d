#include "conformance/pass_checks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "analysis/preservation.hpp"
#include "conformance/judge_checks.hpp"
#include "conformance/trial.hpp"
#include "conformance/work.hpp"

namespace fettle::conformance {
namespace {

constexpr std::uint64_t kMostJudged = 10;  // numerics: each is run several times

// A pass that fails on a program fails it by name.
std::optional<Finding> get_through(Pass& pass, const NamedProgram& program) {
  Trial trial(graph_of(program.text));
  trial.check_types();
  try {
    trial.run(pass);
  } catch (const Error& error) {
    if (error.code() == Code::plugin_threw) throw;
    Diagnostic d = error.diagnostic();
    return failed(fmt::format("{}: {}", program.name, one_line(d)),
                  d.hint.empty() ? "a pass must get through every valid program" : d.hint);
  }
  return std::nullopt;
}

Finding get_through_all(Subject& subject, const std::vector<NamedProgram>& programs) {
  const Session session(subject);
  const std::unique_ptr<Pass> pass = session.pass();
  for (const NamedProgram& program : programs) {
    if (const auto fault = get_through(*pass, program)) return *fault;
  }
  return passed(fmt::format("{} program{}", programs.size(), programs.size() == 1 ? "" : "s"));
}

std::vector<NamedProgram> random_programs(Subject& subject) {
  std::vector<NamedProgram> all;
  for (std::uint64_t i = 0; i < kRandomPrograms; ++i) {
    all.push_back(random_program_of(subject.settings().seed, i));
  }
  return all;
}

// What a check of the pass's habits asks of each random program. Programs that the pass does not
// get through are another check's, and left out.
struct Habits {
  std::size_t asked = 0, changed = 0;
  std::optional<Finding> fault;
};
using Habit = std::function<std::optional<Finding>(Pass&, const NamedProgram&, bool& changed)>;

Habits ask_habit(Subject& subject, const Session& session, const Habit& habit) {
  const std::unique_ptr<Pass> pass = session.pass();
  Habits told;
  for (const NamedProgram& program : random_programs(subject)) {
    bool changed = false;
    try {
      told.fault = habit(*pass, program, changed);
    } catch (const Error& error) {
      if (error.code() == Code::plugin_threw) throw;
      continue;
    }
    ++told.asked;
    told.changed += changed;
    if (told.fault) break;
  }
  return told;
}

Finding finding_of(const Habits& told) {
  if (told.fault) return *told.fault;
  if (told.asked == 0) return skipped("it gets through no random program");
  return passed(fmt::format("{} programs, of which it changed {}", told.asked, told.changed));
}

Finding finding_of(Subject& subject, const Habit& habit) {
  const Session session(subject);
  return finding_of(ask_habit(subject, session, habit));
}

}  // namespace

Finding check_empty_program(Subject& subject) {
  return get_through_all(subject, empty_programs());
}
Finding check_one_node_program(Subject& subject) {
  return get_through_all(subject, one_node_programs());
}
Finding check_nested_program(Subject& subject) {
  return get_through_all(subject, {nested_program()});
}
Finding check_random_programs(Subject& subject) {
  return get_through_all(subject, random_programs(subject));
}
Finding check_large_program(Subject& subject) {
  return get_through_all(subject, {large_program()});
}

Finding check_unchanged_means_identical(Subject& subject) {
  const auto fault_in = [](Trial& trial, const std::string& before, const NamedProgram& program,
                           const char* how) -> std::optional<Finding> {
    if (trial.changed()) {
      return failed(fmt::format("{}: its analyze found nothing to do, and its transform made {} "
                                "rewrites",
                                program.name, trial.rewrites()),
                    "let analyze and transform ask the same question");
    }
    trial.undo();
    if (exact_text(trial.graph()) == before) return std::nullopt;
    return failed(
        fmt::format("{}: {}, and the program is another one", program.name, how),
        "it wrote to memory that it was only lent: every edit goes through fettle.edit/1");
  };
  return finding_of(
      subject,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        Trial trial(graph_of(program.text));
        const std::string before = exact_text(trial.graph());
        if (trial.analyze(pass)) {
          trial.transform(pass);
          return fault_in(trial, before, program, "analyze found nothing to do");
        }
        trial.transform(pass);
        changed = trial.changed();
        if (changed) {  // and undone, it is what it was
          trial.undo();
        }
        return fault_in(trial, before, program,
                        changed ? "its rewrites were undone" : "no edit was recorded");
      });
}

Finding check_same_edits(Subject& subject) {
  struct Edits {
    std::string text;
    std::uint64_t rewrites;
    bool operator==(const Edits&) const = default;
  };
  const auto edits = [](Pass& pass, const NamedProgram& program) -> Edits {
    Trial trial(graph_of(program.text));
    trial.run(pass);
    return {exact_text(trial.graph()), trial.rewrites()};
  };
  const Session session(subject);
  const std::unique_ptr<Pass> another = session.pass();
  return finding_of(ask_habit(
      subject, session,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        const Edits first = edits(pass, program);
        changed = first.rewrites > 0;
        if (edits(pass, program) != first) {
          return failed(
              fmt::format("{}: one instance makes other edits the second time", program.name),
              "keep no state from call to call, and iterate over nothing that is ordered "
              "by addresses");
        }
        if (edits(*another, program) != first) {
          return failed(fmt::format("{}: two instances make different edits", program.name),
                        "share no state between instances");
        }
        return std::nullopt;
      }));
}

Finding check_rewrite_limit(Subject& subject) {
  return finding_of(
      subject,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        Trial whole(graph_of(program.text));
        whole.run(pass);
        changed = whole.changed();
        for (std::uint64_t limit = 0; limit < std::min<std::uint64_t>(3, whole.rewrites());
             ++limit) {
          Trial trial(graph_of(program.text));
          trial.limit_rewrites(limit);
          try {
            trial.run(pass);
          } catch (const Error& error) {
            if (error.code() == Code::plugin_threw) throw;
            return failed(fmt::format("{}, at most {} rewrites: {}", program.name, limit,
                                      one_line(error.diagnostic())),
                          "FETTLE_E_LIMIT of rewrite_begin means: leave this site alone and go on");
          }
        }
        return std::nullopt;
      });
}

Finding check_preserved_analyses(Subject& subject) {
  const std::vector<Analysis>& declared = subject.component().info.preserves;
  if (declared.empty()) return skipped("it declares to preserve none");
  return finding_of(
      subject,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        Trial trial(graph_of(program.text));
        if (trial.analyze(pass)) return std::nullopt;
        Preservation preservation(trial.analyses(), declared, true);
        trial.transform(pass);
        changed = trial.changed();
        if (!changed) return std::nullopt;
        const auto lie = preservation.settle(trial.journal().tally());
        if (!lie) return std::nullopt;
        return failed(fmt::format("{}: it changed the {} that it declares to preserve: {}",
                                  program.name, analysis_name(lie->analysis), lie->difference),
                      "declare only what no edit of the pass can change");
      });
}

Finding check_idempotent(Subject& subject) {
  const bool declared = subject.component().info.idempotent;
  std::size_t again = 0;
  const Session session(subject);
  const Habits told = ask_habit(
      subject, session,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        Trial trial(graph_of(program.text));
        trial.run(pass);
        changed = trial.changed();
        Trial second(trial.graph().clone());
        second.run(pass);
        again += second.changed();
        if (!declared || !second.changed()) return std::nullopt;
        return failed(fmt::format("{}: run over its own result it made {} more rewrites",
                                  program.name, second.rewrites()),
                      "go on until nothing is left to do, or do not set FETTLE_PASS_IDEMPOTENT");
      });
  if (declared) return finding_of(told);
  return skipped(fmt::format("it does not declare it; run over its own results it changed {} of {}",
                             again, told.changed));
}

namespace {

std::optional<Finding> judge(Verifier& verifier, Promise promise, const NamedProgram& program,
                             const Graph& original, const Graph& result) {
  const auto samples = std::make_shared<const std::vector<LoadedSample>>();
  const ProgramHandle reference("original", original, samples, cpu());
  const ProgramHandle candidate("optimized", result, samples, cpu());
  Outcome said;
  const Verdict verdict = verifier.verify(program.name, promise, reference, candidate, said);
  if (verdict.judgement == Judgement::pass) return std::nullopt;
  if (verdict.judgement == Judgement::unable) {
    throw Error({.code = Code::verification_failed, .what = verdict.detail});
  }
  // Meant to change results: by how much, a pipeline's budget says.
  if (promise == Promise::changes_results && std::isfinite(verdict.max_abs)) return std::nullopt;
  return failed(
      wrong_by(program, verdict, "is wrong"),
      fmt::format("it promises to be {}: mend the pass, or promise less", promise_name(promise)));
}

}  // namespace

Finding check_numerics(Subject& subject) {
  const Settings& settings = subject.settings();
  if (settings.verifier_folder.empty()) return skipped("fettle's own verifiers were not found");
  Search search;
  search.build_dir = settings.verifier_folder;
  const Host host(search);
  const std::unique_ptr<Verifier> verifier = host.create_verifier(settings.verifier, {});
  const Promise promise = subject.component().info.promise.value_or(Promise::tolerant);
  std::size_t judged = 0;
  const Session session(subject);
  const Habits told = ask_habit(
      subject, session,
      [&](Pass& pass, const NamedProgram& program, bool& changed) -> std::optional<Finding> {
        if (judged >= kMostJudged) return std::nullopt;
        Trial trial(graph_of(program.text));
        trial.run(pass);
        changed = trial.changed();
        if (!changed) return std::nullopt;
        auto fault = judge(*verifier, promise, program, *graph_of(program.text), trial.graph());
        ++judged;
        return fault;
      });
  if (told.fault) return *told.fault;
  if (judged == 0) return skipped("it changed no program that could be compared");
  return passed(fmt::format("{} programs compared with {}", judged, settings.verifier));
}

}  // namespace fettle::conformance
