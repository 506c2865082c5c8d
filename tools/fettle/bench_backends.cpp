#include "bench_backends.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "benchmark_text.hpp"
#include "common_options.hpp"
#include "host/sha256.hpp"
#include "interruption.hpp"
#include "numbers.hpp"
#include "pipeline/leaderboard.hpp"
#include "pipeline/measurement.hpp"
#include "pipeline/verification.hpp"
#include "programs.hpp"
#include "runtime/machine_speed.hpp"
#include "table.hpp"

namespace fettle {
namespace {

struct Contestant {
  std::string name, version;
  ResolvedPipeline pipeline;  // the backend, and verifiers and benchmarks as all have them
  bool verified = false;
  std::string why;  // what was wrong
  std::vector<Verdict> verdicts;
  std::optional<BackendUse> use;
  std::optional<std::size_t> program;  // among those measured
};

struct Contest {
  std::string path, reference;
  Device device;
  std::vector<Contestant> contestants;
  std::vector<BenchmarkReport> reports;
  std::vector<Diagnostic> notes;
  std::vector<std::string> measured;  // names of contestants, by program
};

// An override of one backend's option is no other's business.
void apply_overrides_for(const std::string& backend, const std::vector<std::string>& all,
                         const Arguments& arguments, Pipeline& pipeline) {
  for (const std::string& text : arguments.list("set")) {
    const std::string component = text.substr(0, text.find('.'));
    const bool of_backend = std::ranges::find(all, component) != all.end();
    if (!of_backend || component == backend) apply_override(pipeline, text);
  }
}

std::string version_of(const Host& host, const std::string& backend) {
  if (backend == kAten) return "libtorch " + libtorch_version();
  const std::string& plugin = host.component(ComponentKind::backend, backend).plugin_id;
  const auto found = std::ranges::find(host.plugins(), plugin, &PluginInfo::id);
  return found == host.plugins().end() ? "" : found->version;
}

std::vector<Contestant> read_contestants(const Arguments& arguments, const Host& host) {
  const std::vector<std::string> names = arguments.list("backend");
  std::vector<Contestant> contestants;
  for (const std::string& name : names) {
    if (std::ranges::count(names, name) > 1) {
      throw Error({Code::usage_bad_argument, fmt::format("--backend {} is given twice", name)});
    }
    Pipeline pipeline;
    pipeline.source = "--backend";
    pipeline.verifiers = std::vector<ComponentUse>{{"numeric", {}, "--backend"}};
    pipeline.benchmarks = read_components(arguments, {"latency", "memory"});
    pipeline.backends.given = true;
    pipeline.backends.otherwise = {name, {}, "--backend " + name};
    apply_overrides_for(name, names, arguments, pipeline);
    Contestant& contestant = contestants.emplace_back();
    contestant.name = name;
    contestant.pipeline = resolve(pipeline, host);
    contestant.version = version_of(host, name);
  }
  return contestants;
}

std::string why_wrong(const std::vector<Verdict>& verdicts) {
  for (const Verdict& v : verdicts) {
    if (v.judgement == Judgement::pass) continue;
    return fmt::format("{}: {}{}", v.verifier, judgement_name(v.judgement),
                       v.detail.empty() ? fmt::format(", max error {}", error_size(v.max_abs))
                                        : ", " + v.detail);
  }
  return {};
}

void verify(Contestant& contestant, Contest& contest, const Program& program,
            ProgressObserver& observer) {
  Verification verification(program, *program.graph, contestant.pipeline, contest.device, observer);
  contest.reference = verification.reference_kind();
  try {
    contestant.verified = verification.verify(contestant.name, Promise::tolerant, *program.graph,
                                              contestant.verdicts, contest.notes);
    contestant.why = why_wrong(contestant.verdicts);
  } catch (const Error& error) {
    observer.stop_if_cancelled();
    const Diagnostic& d = error.diagnostic();
    contestant.why = d.why.empty() ? d.what : fmt::format("{}: {}", d.what, d.why);
  }
  contestant.use = verification.backend_use();
}

// The host sees what libtorch allocates; what a backend allocates is its own. Half a number would look
// like a small one.
void drop_partial_memory(Contest& contest) {
  for (const Contestant& c : contest.contestants) {
    if (!c.program || !c.use) continue;
    for (BenchmarkReport& report : contest.reports) {
      std::erase_if(report.metrics, [&](const Metric& m) {
        return m.program == *c.program && (m.name == "peak_memory" || m.name == "workspace");
      });
    }
  }
}

void measure_right_ones(Contest& contest, const Program& program, ProgressObserver& observer) {
  const auto samples = std::make_shared<const std::vector<LoadedSample>>(load_samples(program));
  std::vector<std::unique_ptr<ProgramHandle>> handles;
  std::vector<const ProgramHandle*> borrowed;
  for (Contestant& c : contest.contestants) {
    if (!c.verified) continue;
    c.program = handles.size();
    contest.measured.push_back(c.name);
    handles.push_back(std::make_unique<ProgramHandle>(c.name, *program.graph, samples,
                                                      contest.device, c.pipeline.backends));
    borrowed.push_back(handles.back().get());
  }
  if (handles.empty()) return;
  measure(contest.contestants.front().pipeline.benchmarks, borrowed, observer, contest.reports);
  drop_partial_memory(contest);
}

const Metric* metric_of(const Contest& contest, const Contestant& c, std::string_view name) {
  if (!c.program) return nullptr;
  for (const BenchmarkReport& report : contest.reports) {
    for (const Metric& m : report.metrics) {
      if (m.name == name && m.program == *c.program) return &m;
    }
  }
  return nullptr;
}

// By median; those without a time, and then the wrong ones, at the end.
std::vector<const Contestant*> ranked(const Contest& contest) {
  std::vector<const Contestant*> order;
  for (const Contestant& c : contest.contestants) order.push_back(&c);
  std::ranges::stable_sort(order, std::ranges::less(), [&](const Contestant* c) {
    const Metric* latency = metric_of(contest, *c, "latency");
    return std::pair(c->verified ? (latency ? 0 : 1) : 2, latency ? latency->median : 0.0);
  });
  return order;
}

std::string ranking_text(const Contest& contest) {
  Table table({"", "backend", "version", ">median", ">quartiles", ">peak memory", "verified"});
  std::string below;
  std::size_t place = 0;
  for (const Contestant* c : ranked(contest)) {
    const Metric* latency = metric_of(contest, *c, "latency");
    const Metric* peak = metric_of(contest, *c, "peak_memory");
    table.add({c->verified ? std::to_string(++place) : "-", c->name, c->version,
               latency ? fmt::format("{:.4g} ms", latency->median) : "",
               latency ? fmt::format("{:.4g} .. {:.4g}", latency->low, latency->high) : "",
               peak ? human_bytes(peak->median) : "",
               c->verified ? "yes, max error " + error_size(c->verdicts.front().max_abs)
                           : "WRONG, not measured"});
    if (!c->verified) below += fmt::format("  {} is wrong: {}\n", c->name, c->why);
    if (c->use) below += "  " + backend_use_text(*c->use);
  }
  return table.text() + below;
}

boost::json::object contest_json(const Contest& contest) {
  boost::json::array backends;
  for (const Contestant* c : ranked(contest)) {
    backends.push_back(boost::json::object{
        {"name", c->name},
        {"version", c->version},
        {"verified", c->verified},
        {"why", c->why},
        {"verification", verdicts_json(c->verdicts)},
        {"calls", c->use ? boost::json::value(to_json(*c->use)) : boost::json::value(nullptr)}});
  }
  return {{"fettle_version", FETTLE_VERSION},
          {"programs", boost::json::array{contest.path}},
          {"device", to_string(contest.device)},
          {"reference", contest.reference},
          {"backends", std::move(backends)},
          {"benchmarks", benchmarks_json(contest.reports, contest.measured)}};
}

std::vector<LeaderboardEntry> entries_of(const Contest& contest) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string sha256 = sha256_of_file(contest.path);
  std::vector<LeaderboardEntry> entries;
  for (const Contestant& c : contest.contestants) {
    LeaderboardEntry& entry = entries.emplace_back();
    entry.model = std::filesystem::path(contest.path).filename().string();
    entry.model_sha256 = sha256;
    entry.cpu = cpu_model();
    entry.device = to_string(contest.device);
    entry.cores = std::thread::hardware_concurrency();
    entry.threads = compute_threads();
    entry.backend = c.name;
    entry.backend_version = c.version;
    entry.verified = c.verified;
    entry.why = c.why;
    if (const Metric* latency = metric_of(contest, c, "latency")) {
      entry.median_ms = latency->median;
      entry.low_ms = latency->low;
      entry.high_ms = latency->high;
    }
    if (const Metric* peak = metric_of(contest, c, "peak_memory")) entry.peak_bytes = peak->median;
    entry.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
    entry.fettle_version = FETTLE_VERSION;
  }
  return entries;
}

}  // namespace

int bench_backends(const Invocation& invocation, const Arguments& arguments) {
  const std::vector<std::string> paths = arguments.list("MODEL.pt2");
  if (paths.size() != 1) {
    throw Error({Code::usage_bad_argument,
                 "--backend is given, and several programs",
                 {},
                 "backends are compared on one program",
                 "leave out --backend, or all programs but one"});
  }
  Contest contest;
  contest.path = paths[0];
  contest.device = read_device(arguments);
  if (arguments.has("report-json")) check_report(arguments.text("report-json"));
  if (arguments.has("leaderboard")) read_leaderboard(arguments.text("leaderboard"));
  const Host host(plugin_search(arguments, invocation.executable));
  contest.contestants = read_contestants(arguments, host);

  ProgressObserver observer;
  observer.stage("loading " + contest.path);
  const Program program = load_program(arguments, contest.path);
  interruptible(observer, [&] {
    for (Contestant& c : contest.contestants) verify(c, contest, program, observer);
    measure_right_ones(contest, program, observer);
  });
  observer.clear();
  std::cerr << warnings_text(program);
  for (const Diagnostic& note : contest.notes) std::cerr << format(note);
  std::cout << fmt::format("{} on {}, held to the {}\n", contest.path, to_string(contest.device),
                           contest.reference)
            << ranking_text(contest);
  if (contest.measured.size() > 1) {
    std::cout << fmt::format("\nMeasured side by side; ratio: to {}\n", contest.measured[0])
              << benchmark_text(contest.reports, contest.measured);
  }
  if (arguments.has("report-json")) {
    write_report(arguments.text("report-json"), pretty(contest_json(contest)));
  }
  if (arguments.has("leaderboard")) {
    append_to_leaderboard(arguments.text("leaderboard"), entries_of(contest));
  }
  return std::ranges::all_of(contest.contestants, &Contestant::verified) ? 0 : 1;
}

}  // namespace fettle
