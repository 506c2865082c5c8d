// What a run came to, as data. The command line prints it, to_json writes it for machines and
// to_html for people; nothing is in one of them that is not here.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "host/components.hpp"
#include "pipeline/resolve.hpp"
#include "runtime/executable.hpp"

namespace fettle {

enum class PassStatus : std::uint8_t {
  changed,         // and kept
  unchanged,       // no net effect: nothing to verify
  not_applicable,  // the pass said that there is nothing to do
  rolled_back,     // a verifier said no; the graph is as before
  dropped,         // not tried: failed verification earlier in this run
  failed,          // the pass or a verifier broke its contract; the graph is as before
  faulted,         // the pass broke its contract under on_fault: skip; the graph is as before
};
std::string_view pass_status_name(PassStatus status);

struct PassReport {
  std::string name;
  std::uint32_t round = 0;  // of a repeat group; 0 outside
  PassStatus status = PassStatus::failed;
  std::string why;  // why nothing was done
  bool isolated = false;  // ran in a process of its own
  Promise promise = Promise::exact;
  ResolvedOptions options;
  std::uint64_t rewrites = 0, created = 0, erased = 0, modified = 0;
  std::uint64_t nodes_before = 0, nodes_after = 0;
  double seconds = 0;         // analyze and transform
  double check_seconds = 0;   // structural checks and the pass's own
  double verify_seconds = 0;  // verifiers
  std::vector<Verdict> verification;
  std::vector<Diagnostic> notes;
  std::map<std::string, std::int64_t> statistics;
};

struct BenchmarkReport {
  std::string name;
  double seconds = 0;           // what measuring took
  std::vector<Metric> metrics;  // program 0: original, 1: optimized
  std::vector<Diagnostic> notes;
  std::map<std::string, std::int64_t> statistics;
};

struct RunReport {
  std::string fettle_version;
  std::string model, output;  // paths; output empty: nothing was written
  std::string device = "cpu";
  std::string reference;  // "eager outputs", "TorchScript outputs" or "loaded program"
  boost::json::object pipeline;
  std::string pipeline_source, pipeline_yaml;
  std::vector<PluginUsed> plugins;
  std::vector<std::string> python;  // lines that load and run the output

  std::vector<PassReport> passes;
  std::vector<Verdict> final_verification;  // verify: {after: end}
  std::vector<BenchmarkReport> benchmarks;
  std::optional<BackendUse> backends;  // who runs the optimized program; none: libtorch alone
  std::vector<Diagnostic> notes;
  std::vector<std::vector<RunValue>> refused_on;  // input sets, if the pipeline keeps them
  std::string error;  // why the run stopped early; empty if it did not
  std::uint64_t nodes_before = 0, nodes_after = 0;
  bool changed = false;       // the program that would be written differs from the one read
  bool verified = false;      // verification was on, and every change kept passed it
  bool check_failed = false;  // some verification said no: exit status 1
  bool faulted = false;       // some pass broke its contract and was left out: exit status 1
  double load_seconds = 0, save_seconds = 0, seconds_total = 0;

  double check_seconds() const;  // summed over passes
  double verify_seconds() const;
};

boost::json::object to_json(const RunReport& report);
std::string to_html(const RunReport& report);

// Parts of it, for other reports. `programs` names those that a metric may be of.
boost::json::array verdicts_json(const std::vector<Verdict>& verdicts);
boost::json::array benchmarks_json(const std::vector<BenchmarkReport>& benchmarks,
                                   const std::vector<std::string>& programs);
boost::json::array diagnostics_json(const std::vector<Diagnostic>& diagnostics);

// Indented by two spaces, numbers as JSON has them.
std::string pretty(const boost::json::value& value);

// Both throw report_unwritable; the first finds out before a run whether there is a place to write
// to, and leaves nothing there.
void check_report(const std::filesystem::path& path);
void write_report(const std::filesystem::path& path, std::string_view text);

}  // namespace fettle
