// Components of plugins as C++ sees them: a pass, a verifier, a benchmark, a backend. Each call crosses the C
// boundary once; what the plugin reports comes back as an Outcome, and a failure as Error
// (plugin_failed: its status and messages).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/manager.hpp"
#include "base/error.hpp"
#include "graph/graph.hpp"
#include "graph/journal.hpp"

namespace fettle {

class OffloadedCall;   // runtime/offload.hpp
class ProgramHandle;   // host/program_handle.hpp
struct OffloadedPart;  // runtime/offload.hpp

enum class ComponentKind : std::uint8_t { pass, verifier, benchmark, analysis, backend };
std::string_view component_kind_name(ComponentKind kind);

enum class Promise : std::uint8_t { exact, tolerant, inference_only, changes_results };
std::string_view promise_name(Promise promise);

enum class OptionType : std::uint8_t { boolean, integer, real, string };

struct OptionInfo {
  std::string name, help;
  OptionType type;
  std::string default_text;
  std::string range_text;  // "1..8", "a|b|c" or empty
  std::vector<std::string> choices;
};

struct ComponentInfo {
  ComponentKind kind;
  std::string name, summary;
  std::string plugin_id;
  std::optional<Promise> promise;  // passes only
  std::vector<OptionInfo> options;
  std::vector<Analysis> preserves = {};  // passes only
  bool idempotent = false;               // passes only: declares that it leaves its own result alone
  bool reads_rewrites = false;           // verifiers only
};

// The resolved options of an instance, defaults filled in: name and the value's text.
using ResolvedOptions = std::vector<std::pair<std::string, std::string>>;

// What a plugin said during a call. `cancel` is the caller's: a plugin that asks is told to stop.
struct Outcome {
  const std::atomic<bool>* cancel = nullptr;
  std::vector<Diagnostic> notes;  // severity note or warning
  std::map<std::string, std::int64_t> statistics;
};

class RewriteLog;  // host/rewrite_log.hpp

class Pass {
 public:
  virtual ~Pass() = default;
  virtual const ComponentInfo& info() const = 0;
  virtual const ResolvedOptions& options() const = 0;
  // All on the graph of `analyses`. The reason for which there is nothing to do, or nullopt.
  virtual std::optional<std::string> analyze(AnalysisManager& analyses, Outcome& outcome) = 0;
  // An open rewrite is undone when the plugin returns an error; the caller rolls back the rest.
  virtual void transform(Journal& journal, AnalysisManager& analyses, Outcome& outcome) = 0;
  virtual void verify(AnalysisManager& analyses, Outcome& outcome) = 0;
};

enum class Judgement : std::uint8_t { pass, fail, unable };
std::string_view judgement_name(Judgement judgement);

struct Verdict {
  std::string verifier;
  Judgement judgement = Judgement::unable;
  double max_abs = 0, max_rel = 0, allowed = 0;
  std::uint64_t output = 0, element = 0, comparisons = 0;
  std::string reference, inputs, detail;
  std::string place = {};  // where the worst element is, if not in an output
  std::string rule = {};   // what decided about it
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual const ComponentInfo& info() const = 0;
  virtual const ResolvedOptions& options() const = 0;
  virtual Verdict verify(std::string_view subject, Promise promise, const ProgramHandle& reference,
                         const ProgramHandle& candidate, Outcome& outcome,
                         const RewriteLog* rewrites = nullptr) = 0;  // of the pass, if there is one
};

struct Metric {
  std::string benchmark;
  std::size_t program = 0;
  std::string name, unit, note;
  bool lower_is_better = true;
  double median = 0, low = 0, high = 0;
  std::vector<double> samples;
};

class Benchmark {
 public:
  virtual ~Benchmark() = default;
  virtual const ComponentInfo& info() const = 0;
  virtual const ResolvedOptions& options() const = 0;
  virtual std::vector<Metric> measure(const std::vector<const ProgramHandle*>& programs,
                                      Outcome& outcome) = 0;
};

// An analysis that a plugin brings. An answer keeps the instance that made it, and may outlive this.
class PluginAnalysis {
 public:
  virtual ~PluginAnalysis() = default;
  virtual const ComponentInfo& info() const = 0;
  virtual const ResolvedOptions& options() const = 0;
  virtual std::string_view answer_id() const = 0;
  // The analyses' own, if what it read stands.
  virtual std::shared_ptr<const void> answer(AnalysisManager& analyses, Outcome& outcome) = 0;
  // The answer for people; nothing where it has no text.
  virtual std::optional<std::string> describe(AnalysisManager& analyses, Outcome& outcome) = 0;
};

// Runs parts of programs in place of libtorch. What compile answers may outlive the backend.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const ComponentInfo& info() const = 0;
  virtual const ResolvedOptions& options() const = 0;
  // Which of the candidates, in program order, it runs.
  virtual std::vector<bool> claim(AnalysisManager& analyses, const std::string& device,
                                  const std::vector<NodeId>& candidates, Outcome& outcome) = 0;
  virtual std::shared_ptr<OffloadedCall> compile(AnalysisManager& analyses,
                                                 const std::string& device,
                                                 const OffloadedPart& part, Outcome& outcome) = 0;
};

}  // namespace fettle
