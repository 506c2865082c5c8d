#include "run_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "benchmark_text.hpp"
#include "numbers.hpp"
#include "table.hpp"

namespace fettle {
namespace {

// "numeric", "checksum: fail".
std::string verified_by(const RunReport& report, const PassReport& pass) {
  std::string out;
  for (const Verdict& v : pass.verification) {
    if (!out.empty()) out += ", ";
    out += v.verifier;
    if (v.judgement != Judgement::pass) out += fmt::format(": {}", judgement_name(v.judgement));
  }
  if (!out.empty()) return out;
  if (pass.status != PassStatus::changed) return "-";
  return report.final_verification.empty() ? "not verified" : "at the end";
}

std::string largest_error(const PassReport& pass) {
  double largest = 0;
  bool unknown = false;
  for (const Verdict& v : pass.verification) {
    unknown |= std::isnan(v.max_abs);
    largest = std::fmax(largest, v.max_abs);
  }
  if (pass.verification.empty()) return {};
  return unknown ? "nan" : error_size(largest);
}

std::string pass_name(const PassReport& pass) {
  return fmt::format("{}{}{}", pass.name, pass.round ? fmt::format(" (round {})", pass.round) : "",
                     pass.isolated ? " [own process]" : "");
}

std::string outcome(const PassReport& pass) {
  if (pass.why.empty()) return std::string(pass_status_name(pass.status));
  return fmt::format("{}: {}", pass_status_name(pass.status), pass.why);
}

std::string passes_table(const RunReport& report) {
  Table table({"pass", ">nodes", ">rewrites", ">time", "verified by", ">max error", "outcome"});
  for (const PassReport& p : report.passes) {
    table.add({pass_name(p), fmt::format("{} → {}", p.nodes_before, p.nodes_after),
               std::to_string(p.rewrites), human_seconds(p.seconds), verified_by(report, p),
               largest_error(p), outcome(p)});
  }
  return table.empty() ? "  the pipeline has no passes\n" : table.text();
}

std::string statistics(const RunReport& report) {
  std::string out;
  for (const PassReport& p : report.passes) {
    std::string line;
    for (const auto& [name, value] : p.statistics) {
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", name, value);
    }
    if (!line.empty()) out += fmt::format("  {}: {}\n", pass_name(p), line);
  }
  return out;
}

std::string measured(const RunReport& report) {
  const std::string table = benchmark_text(report.benchmarks, {"original", "optimized"});
  return (report.backends ? "\n" + backend_use_text(*report.backends) : "") +
         (table.empty() ? table : "\nMeasured (ratio: optimized / original)\n" + table);
}

std::string fault_line(const RunReport& report) {
  if (!report.faulted) return {};
  return "A pass broke its contract and was left out; the rest was run without it.\n";
}

std::string verification_line(const RunReport& report) {
  if (report.check_failed) return "A pass failed verification; its changes were taken back.\n";
  if (!report.verified) return "Not verified: the pipeline turned verification off.\n";
  if (!report.changed) return "Nothing changed, so there was nothing to verify.\n";
  std::string line = fmt::format("Every change was verified; reference: {}.\n", report.reference);
  for (const Verdict& v : report.final_verification) {
    line += fmt::format("  {} on the whole pipeline: {}, max error {}\n", v.verifier,
                        judgement_name(v.judgement), error_size(v.max_abs));
  }
  return line;
}

std::string output_lines(const RunReport& report) {
  if (report.output.empty()) return "No output was written (give -o OUT.pt2 for one).\n";
  std::string out = fmt::format("Output: {}\n\nLoad and run it in Python:\n", report.output);
  for (const std::string& line : report.python) out += "  " + line + "\n";
  return out;
}

std::string diagnostic_text(const std::string& owner, Diagnostic d) {
  if (!owner.empty()) d.where = owner + (d.where.empty() ? "" : ": " + d.where);
  return format(d);
}

}  // namespace

std::string run_text(const RunReport& report) {
  std::string out = fmt::format("{}: {} → {} nodes\n{}{}", report.model, report.nodes_before,
                                report.nodes_after, passes_table(report), statistics(report));
  if (!report.error.empty()) return out + "The run stopped; nothing was written.\n";
  out += fault_line(report) + verification_line(report) + measured(report);
  return out + "\n" + output_lines(report);
}

std::string notes_text(const RunReport& report) {
  std::string out;
  for (const Diagnostic& d : report.notes) out += diagnostic_text({}, d);
  for (const PassReport& p : report.passes) {
    for (const Diagnostic& d : p.notes) out += diagnostic_text(p.name, d);
  }
  for (const BenchmarkReport& b : report.benchmarks) {
    for (const Diagnostic& d : b.notes) out += diagnostic_text(b.name, d);
  }
  return out;
}

}  // namespace fettle
