#include "run_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "table.hpp"

namespace fettle {
namespace {

std::string duration(double seconds) {
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string error_size(double value) {
  return value == 0 ? "0" : std::isnan(value) ? "nan" : fmt::format("{:.2g}", value);
}

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
  return pass.round ? fmt::format("{} (round {})", pass.name, pass.round) : pass.name;
}

std::string outcome(const PassReport& pass) {
  if (pass.why.empty()) return std::string(pass_status_name(pass.status));
  return fmt::format("{}: {}", pass_status_name(pass.status), pass.why);
}

std::string passes_table(const RunReport& report) {
  Table table({"pass", ">nodes", ">rewrites", ">time", "verified by", ">max error", "outcome"});
  for (const PassReport& p : report.passes) {
    table.add({pass_name(p), fmt::format("{} → {}", p.nodes_before, p.nodes_after),
               std::to_string(p.rewrites), duration(p.seconds), verified_by(report, p),
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

std::string amount(double value, const std::string& unit) {
  if (unit == "bytes") return human_bytes(value);
  return fmt::format("{:.4g}{}{}", value, unit.empty() ? "" : " ", unit);
}

std::string with_spread(const Metric* m) {
  if (!m) return {};
  if (m->low == m->high) return amount(m->median, m->unit);
  const bool bytes = m->unit == "bytes";  // each with a unit of its own
  return fmt::format("{} [{} .. {}]", amount(m->median, m->unit),
                     amount(m->low, bytes ? m->unit : ""), amount(m->high, bytes ? m->unit : ""));
}

// The metric of that name and program, or null.
const Metric* metric(const BenchmarkReport& benchmark, const std::string& name,
                     std::size_t program) {
  const auto found = std::ranges::find_if(
      benchmark.metrics, [&](const Metric& m) { return m.name == name && m.program == program; });
  return found == benchmark.metrics.end() ? nullptr : &*found;
}

// Optimized ÷ original: as the benchmark measured it ("NAME_ratio", from paired runs) with its
// spread, else of the medians.
std::string ratio(const BenchmarkReport& benchmark, const std::string& name) {
  if (const Metric* m = metric(benchmark, name + "_ratio", 1)) {
    return fmt::format("{:.3f} [{:.3f} .. {:.3f}]", m->median, m->low, m->high);
  }
  const Metric* original = metric(benchmark, name, 0);
  const Metric* optimized = metric(benchmark, name, 1);
  if (!original || !optimized || original->median == 0) return {};
  return fmt::format("{:.3f}", optimized->median / original->median);
}

// Whether an earlier row shows it: the same metric of another program, or the ratio of a metric.
bool has_row(const BenchmarkReport& benchmark, const Metric& m) {
  if (m.name.ends_with("_ratio") &&
      metric(benchmark, m.name.substr(0, m.name.size() - std::string_view("_ratio").size()), 1)) {
    return true;
  }
  return std::ranges::find(benchmark.metrics, m.name, &Metric::name).base() != &m;
}

// A row for each metric, original beside optimized; what the spreads are stands below.
std::string benchmark_table(const RunReport& report) {
  Table table({"metric", ">original", ">optimized", ">ratio"});
  std::string notes;
  for (const BenchmarkReport& benchmark : report.benchmarks) {
    for (const Metric& m : benchmark.metrics) {
      if (!m.note.empty() && m.program == 1) notes += fmt::format("  {}: {}\n", m.name, m.note);
      if (has_row(benchmark, m)) continue;
      table.add({m.name, with_spread(metric(benchmark, m.name, 0)),
                 with_spread(metric(benchmark, m.name, 1)), ratio(benchmark, m.name)});
    }
  }
  if (table.empty()) return {};
  return "\nMeasured (ratio: optimized / original)\n" + table.text() + notes;
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
  out += verification_line(report) + benchmark_table(report);
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
