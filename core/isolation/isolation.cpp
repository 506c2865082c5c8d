#include "isolation/isolation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/quantity.hpp"
#include "isolation/state.hpp"
#include "isolation/worker_process.hpp"

namespace fettle {
namespace {

// What a fault of the worker is, other than trouble that no plugin is to blame for.
bool is_fault(Code code) {
  return code == Code::plugin_crashed || code == Code::plugin_exited ||
         code == Code::plugin_timed_out || code == Code::plugin_out_of_memory ||
         code == Code::isolation_bad_answer;
}

// What callers of a program see. A plugin cannot change it: the ABI would have refused that in the
// worker, and an answer that does so nevertheless comes from elsewhere.
struct Signature {
  explicit Signature(const Graph& graph) {
    if (const NodeId output = graph.output_node()) outputs = graph.node(output).output_specs;
    for (NodeId id : graph.nodes()) {
      const Node& node = graph.node(id);
      if (node.opcode != Opcode::placeholder) break;
      const bool given = node.input_spec && (node.input_spec->kind == InputKind::user_input ||
                                             node.input_spec->kind == InputKind::constant_input);
      if (given) inputs.push_back(id);
    }
  }
  friend bool operator==(const Signature&, const Signature&) = default;

  std::vector<NodeId> inputs;
  std::vector<OutputSpec> outputs;
};

std::string what_happened(std::string_view pass, const Diagnostic& fault,
                          const IsolationLimits& limits) {
  switch (fault.code) {
    case Code::plugin_crashed:
      return fmt::format("pass '{}' crashed ({}) in its worker process", pass, fault.why);
    case Code::plugin_exited:
      return fmt::format("pass '{}' ended its worker process ({})", pass, fault.why);
    case Code::plugin_timed_out:
      return fmt::format("pass '{}' took longer than {} s, its limit", pass, limits.seconds);
    case Code::plugin_out_of_memory:
      return fmt::format("pass '{}' took more than {} of memory, its limit", pass,
                         exact_bytes(limits.memory));
    default:
      return fmt::format("what pass '{}' answered from its worker process cannot be used", pass);
  }
}

std::string_view what_to_try(Code code) {
  switch (code) {
    case Code::plugin_timed_out:
      return "raise 'seconds' of 'isolation', or write 'on_fault: skip' to go on without the pass";
    case Code::plugin_out_of_memory:
      return "raise 'memory' of 'isolation', or write 'on_fault: skip' to go on without the pass";
    default:
      return "leave the pass out, or write 'on_fault: skip' to go on without it, and tell its "
             "author";
  }
}

}  // namespace

class IsolatedPass final : public Pass {
 public:
  IsolatedPass(Isolation& isolation, const ComponentInfo& info, const PluginInfo& plugin,
               AskedPass asked)
      : isolation_(isolation), info_(info), plugin_(plugin), asked_(std::move(asked)) {}

  const ComponentInfo& info() const override { return info_; }
  const ResolvedOptions& options() const override { return asked_.options; }

  std::optional<std::string> analyze(AnalysisManager& analyses, Outcome& outcome) override {
    seconds_left_ = isolation_.limits_.seconds;
    return ask(Ask::analyze, analyses.graph(), nullptr, outcome);
  }
  void transform(Journal& journal, AnalysisManager&, Outcome& outcome) override {
    ask(Ask::transform, journal.graph(), &journal, outcome);
  }
  void verify(AnalysisManager& analyses, Outcome& outcome) override {
    ask(Ask::verify, analyses.graph(), nullptr, outcome);
  }

 private:
  std::optional<std::string> ask(Ask ask, const Graph& graph, Journal* journal, Outcome& outcome) {
    Answer answer = ask_healthy_worker(ask, graph, journal, outcome);
    std::ranges::move(answer.notes, std::back_inserter(outcome.notes));
    for (const auto& [name, value] : answer.statistics) {
      std::int64_t& sum = outcome.statistics[name];
      if (__builtin_add_overflow(sum, value, &sum)) sum = value < 0 ? INT64_MIN : INT64_MAX;
    }
    if (answer.error) throw Error(std::move(*answer.error));
    return std::move(answer.nothing_to_do);
  }

  Answer ask_healthy_worker(Ask ask, const Graph& graph, Journal* journal, Outcome& outcome) {
    const Journal::Mark before = journal ? journal->mark() : 0;
    std::string others;  // whose plugins ran in the worker, too
    try {
      WorkerProcess& worker = isolation_.worker(graph, outcome.cancel);
      others = worker.used_by == info_.plugin_id ? "" : worker.used_by;
      return ask_once(worker, ask, graph, journal, outcome.cancel);
    } catch (const Error& error) {
      isolation_.worker_.reset();
      if (!is_fault(error.code())) throw;
      if (others.empty() || ask == Ask::verify) name_and_throw(error.diagnostic());
    }
    // Whoever corrupted the worker's memory may have been another: the pass gets one of its own.
    if (journal && journal->mark() > before) journal->rollback(before);
    try {
      seconds_left_ = isolation_.limits_.seconds;
      WorkerProcess& worker = isolation_.worker(graph, outcome.cancel);
      if (ask == Ask::transform) ask_once(worker, Ask::analyze, graph, nullptr, outcome.cancel);
      Answer answer = ask_once(worker, ask, graph, journal, outcome.cancel);
      note_innocence(others, outcome);
      return answer;
    } catch (const Error& error) {
      isolation_.worker_.reset();
      if (!is_fault(error.code())) throw;
      name_and_throw(error.diagnostic());
    }
  }

  // One exchange: brings the worker up to date, asks, and takes over what it did.
  Answer ask_once(WorkerProcess& worker, Ask ask, const Graph& graph, Journal* journal,
                  const std::atomic<bool>* cancel) {
    using Clock = std::chrono::steady_clock;
    EditRecorder& edits = isolation_.edits_;
    ByteWriter since;
    write_edits(since, graph, worker.known, edits_since(edits, worker.position));
    Request request;
    request.ask = ask;
    request.pass = asked_;
    request.memory = isolation_.limits_.memory;
    if (journal) request.rewrite_limit = journal->rewrite_limit();
    if (worker.fresh) request.program_hash = hash_program(graph);
    request.edits = since.text();

    worker.used_by = worker.used_by.empty() || worker.used_by == info_.plugin_id
                         ? info_.plugin_id
                         : worker.used_by + ", " + info_.plugin_id;
    const auto begin = Clock::now();
    const auto left = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(std::max(seconds_left_, 0.0)));
    std::string frame;
    Answer answer = worker.ask(request, {begin + left, cancel}, frame);
    seconds_left_ -= std::chrono::duration<double>(Clock::now() - begin).count();

    take_over(answer, graph, journal);
    worker.known = Interned::of(graph);
    worker.position = EditPosition::end_of(edits);
    answer.edits = {};
    return answer;
  }

  // Replays the worker's edits into the run's own journal, which the runner began.
  void take_over(const Answer& answer, const Graph& graph, Journal* journal) const {
    const Signature before(graph);
    try {
      ByteReader in(answer.edits);
      bool begun = false;
      replay_edits(in, graph, nullptr, [&] {
        if (!journal || std::exchange(begun, true)) {
          ByteReader::refuse("it edited what it was not asked to edit");
        }
        return journal;
      });
      in.expect_end();
      if (Signature(graph) != before) ByteReader::refuse("it changed the program's signature");
    } catch (const Error& error) {
      Diagnostic diagnostic = error.diagnostic();
      throw Error({.code = Code::isolation_bad_answer,
                   .what = diagnostic.what,
                   .why = diagnostic.what + ": " + diagnostic.why});
    }
  }

  [[noreturn]] void name_and_throw(const Diagnostic& fault) const {
    const bool why_is_told = fault.code != Code::isolation_bad_answer;
    throw Error({.code = fault.code,
                 .what = what_happened(info_.name, fault, isolation_.limits_),
                 .where = fmt::format("plugin '{}' ({})", info_.plugin_id, plugin_.path.string()),
                 .why = why_is_told ? "" : fault.why,
                 .hint = std::string(what_to_try(fault.code))});
  }

  void note_innocence(const std::string& others, Outcome& outcome) const {
    outcome.notes.push_back(
        {.code = Code::plugin_crashed,
         .what = fmt::format("{}: the worker process failed, and a fresh one did not", info_.name),
         .why = "what had run in the first one before may have overwritten its memory: " + others,
         .severity = Severity::warning});
  }

  Isolation& isolation_;
  const ComponentInfo& info_;  // of the host, as is the plugin
  const PluginInfo& plugin_;
  AskedPass asked_;
  double seconds_left_ = 0;
};

Isolation::Isolation(std::vector<std::string> command, IsolationLimits limits)
    : command_(std::move(command)), limits_(limits) {}
Isolation::~Isolation() = default;

std::unique_ptr<Pass> Isolation::isolate(const Host& host, std::string_view name,
                                         const std::vector<Host::GivenOption>& options) {
  const ComponentInfo& info = host.component(ComponentKind::pass, name);
  const auto plugin = std::ranges::find(host.plugins(), info.plugin_id, &PluginInfo::id);
  AskedPass asked{instances_++, info.name, plugin->sha256,
                  host.resolve_options(ComponentKind::pass, name, options)};
  return std::make_unique<IsolatedPass>(*this, info, *plugin, std::move(asked));
}

WorkerProcess& Isolation::worker(const Graph& graph, const std::atomic<bool>* cancel) {
  if (!worker_) worker_ = std::make_unique<WorkerProcess>(command_, graph, cancel);
  return *worker_;
}

}  // namespace fettle
