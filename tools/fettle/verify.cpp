// fettle verify: whether one program computes what another computes.
#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "commands.hpp"
#include "common_options.hpp"
#include "crash_messages.hpp"
#include "interruption.hpp"
#include "numbers.hpp"
#include "pipeline/comparable.hpp"
#include "pipeline/stopwatch.hpp"
#include "pipeline/verification.hpp"
#include "programs.hpp"
#include "progress.hpp"
#include "table.hpp"

namespace fettle {
namespace {

struct Result {
  std::string path_a, path_b, reference;
  Promise promise = Promise::tolerant;
  Device device;
  bool accepted = false;
  std::vector<Verdict> verdicts;
  std::vector<Diagnostic> notes;
  double seconds = 0;
};

ResolvedPipeline read_verifiers(const Arguments& arguments, const Host& host) {
  Pipeline pipeline;
  pipeline.source = "--with";
  pipeline.verifiers = read_components(arguments, {"numeric"});
  apply_overrides(arguments, pipeline);
  const ErrorBudget budget{read_bound(arguments, "max-abs"), read_bound(arguments, "max-rel")};
  if (budget.max_abs || budget.max_rel) pipeline.accept = budget;
  return resolve(pipeline, host);
}

Promise read_promise(const Arguments& arguments) {
  const bool budget = arguments.has("max-abs") || arguments.has("max-rel");
  if (budget && arguments.has("promise")) {
    throw Error({Code::usage_bad_argument,
                 "--promise and an error budget are given",
                 {},
                 "--max-abs and --max-rel say themselves what is accepted",
                 "leave one of them out"});
  }
  if (budget) return Promise::changes_results;
  for (const Promise promise : {Promise::exact, Promise::tolerant, Promise::inference_only}) {
    if (promise_name(promise) == arguments.choice("promise")) return promise;
  }
  return Promise::tolerant;
}

std::string table_text(const Result& result) {
  Table table({"verifier", "verdict", ">max abs", ">max rel", ">allowed", "worst in", ">element",
               ">comparisons", "on"});
  for (const Verdict& v : result.verdicts) {
    table.add({v.verifier, std::string(judgement_name(v.judgement)), error_size(v.max_abs),
               error_size(v.max_rel), error_size(v.allowed), place_of(v),
               std::to_string(v.element), std::to_string(v.comparisons), v.inputs});
  }
  return table.text();
}

std::string result_text(const Result& result) {
  std::string out =
      fmt::format("{} against {} ({})\n", result.path_b, result.path_a, result.reference) +
      table_text(result);
  for (const Verdict& v : result.verdicts) {
    if (!v.detail.empty()) out += fmt::format("  {}: {}\n", v.verifier, v.detail);
  }
  if (result.accepted) return out + "They compute the same, as far as the verifiers looked.\n";
  for (const Verdict& v : result.verdicts) {
    if (v.judgement == Judgement::fail) return out + "They do not compute the same.\n";
  }
  return out + "A verifier could not judge.\n";
}

boost::json::object to_json(const Result& result) {
  return {{"fettle_version", FETTLE_VERSION},
          {"a", result.path_a},
          {"b", result.path_b},
          {"device", to_string(result.device)},
          {"reference", result.reference},
          {"promise", promise_name(result.promise)},
          {"verified", result.accepted},
          {"verification", verdicts_json(result.verdicts)},
          {"notes", diagnostics_json(result.notes)},
          {"seconds", result.seconds}};
}

int run(const Invocation& invocation, const Arguments& arguments) {
  const Stopwatch watch;
  Result result;
  result.path_a = arguments.text("A.pt2");
  result.path_b = arguments.text("B.pt2");
  result.promise = read_promise(arguments);
  result.device = read_device(arguments);
  if (arguments.has("report-json")) check_report(arguments.text("report-json"));
  const Host host(plugin_search(arguments, invocation.executable));
  CrashMessages::know(host);
  const ResolvedPipeline pipeline = read_verifiers(arguments, host);

  ProgressObserver observer;
  observer.stage("loading " + result.path_a);
  const Program a = load_program(arguments, result.path_a),
                b = load_program(arguments, result.path_b);
  check_comparable(result.path_a, *a.graph, result.path_b, *b.graph);
  Verification verification(a, *a.graph, pipeline, result.device, observer);
  result.reference = verification.reference_kind();
  interruptible(observer, [&] {
    result.accepted =
        verification.verify(result.path_b, result.promise, *b.graph, result.verdicts, result.notes);
  });
  observer.clear();
  result.seconds = watch.seconds();
  std::cerr << warnings_text(a) << warnings_text(b);
  for (const Diagnostic& note : result.notes) std::cerr << format(note);
  std::cout << result_text(result);
  if (arguments.has("report-json")) {
    write_report(arguments.text("report-json"), pretty(to_json(result)));
  }
  return result.accepted ? 0 : 1;
}

}  // namespace

CommandSpec verify_command() {
  return {
      .name = "verify",
      .summary = "check that one program computes what another computes",
      .synopsis = {"verify A.pt2 B.pt2 [--with NAME]… [OPTION...]"},
      .description =
          {"Runs B and A on the inputs that are stored in A and on random ones made like them, and "
           "compares. Where A holds outputs of the eager model, as tools/capture.py stores them, or of "
           "the TorchScript module it was read from, those are what B is held to; otherwise A's own results are.",
           "The programs must take the same inputs and give as many outputs; they may be made of "
           "different nodes. Which inputs, tolerances and comparisons there are is the verifiers' "
           "business: 'fettle plugins info numeric' tells."},
      .positionals = {{.name = "A.pt2", .help = "The reference."},
                      {.name = "B.pt2", .help = "The program that is judged."}},
      .options = with_program_options(
          {{.name = "with",
            .value = "NAME",
            .help = "A verifier to ask.",
            .otherwise = "numeric",
            .repeatable = true,
            .completes = Completes::verifier},
           set_option("numeric.random_sets=8"),
           {.name = "promise",
            .value = "PROMISE",
            .help = "What is expected of B: 'exact' is bit for bit; 'tolerant' allows what "
                    "another order of floating-point operations costs; 'inference_only' is "
                    "tolerant, without gradients of parameters.",
            .choices = {"tolerant", "exact", "inference_only"},
            .completes = Completes::choice},
           {.name = "max-abs",
            .value = "ERROR",
            .help = "Accepts absolute errors up to this, in the outputs' units, instead of what "
                    "the verifier would allow."},
           {.name = "max-rel",
            .value = "ERROR",
            .help = "Accepts relative errors up to this (0.01 is one percent), instead of what "
                    "the verifier would allow."},
           report_json_option(),
           device_option(),
           plugin_dir_option()}),
      .statuses = {{"0", "Every verifier accepts B."},
                   {"1", "A verifier refuses B, or cannot judge it."}},
      .examples =
          {{"fettle verify model.pt2 small.pt2",
            "Whether an optimized program still computes "
            "the same"},
           {"fettle verify model.pt2 small.pt2 --promise exact --set numeric.random_sets=20",
            "Bit for bit, on more inputs than usual"}},
      .see_also = {"diff", "bench", "run"},
      .run = run};
}

}  // namespace fettle
