// The report for people: one page that carries all it needs, readable in light and dark.
#include <fmt/format.h>

#include <cmath>

#include "base/escape.hpp"
#include "pipeline/report.hpp"

namespace fettle {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>fettle report</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #8884; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { background: #8881; padding: .8rem; overflow-x: auto; border-radius: 4px; }
.good { color: #1a7f37; } .bad { color: #cf222e; } .dim { opacity: .65; }
</style></head><body>
)";

std::string cell(std::string_view text) {
  return fmt::format("<td>{}</td>", markup(text));
}
std::string number(std::string_view text) {
  return fmt::format("<td class=\"n\">{}</td>", markup(text));
}

std::string verified_by(const RunReport& report, const PassReport& pass) {
  std::string out;
  for (const Verdict& v : pass.verification) {
    const bool good = v.judgement == Judgement::pass;
    out += fmt::format("{}<span class=\"{}\">{} {}</span>", out.empty() ? "" : "<br>",
                       good ? "good" : "bad", markup(v.verifier), judgement_name(v.judgement));
  }
  if (!out.empty()) return out;
  if (pass.status != PassStatus::changed) return "<span class=\"dim\">not needed</span>";
  return report.final_verification.empty() ? "not verified" : "at the end";
}

std::string largest_error(const PassReport& pass) {
  double largest = 0;
  for (const Verdict& v : pass.verification) largest = std::fmax(largest, v.max_abs);
  return pass.verification.empty() ? "" : fmt::format("{:.3g}", largest);
}

std::string pass_rows(const RunReport& report) {
  std::string out;
  for (const PassReport& p : report.passes) {
    std::string name = p.round ? fmt::format("{} (round {})", p.name, p.round) : p.name;
    if (p.isolated) name += " [own process]";
    const std::string status = p.why.empty()
                                   ? std::string(pass_status_name(p.status))
                                   : fmt::format("{}: {}", pass_status_name(p.status), p.why);
    out += "<tr>" + cell(name) + number(fmt::format("{} → {}", p.nodes_before, p.nodes_after)) +
           number(std::to_string(p.rewrites)) + number(fmt::format("{:.3f}", p.seconds)) +
           cell(status) + "<td>" + verified_by(report, p) + "</td>" + number(largest_error(p)) +
           "</tr>\n";
  }
  return out;
}

std::string metric_rows(const RunReport& report) {
  std::string out;
  for (const BenchmarkReport& benchmark : report.benchmarks) {
    for (const Metric& m : benchmark.metrics) {
      out += "<tr>" + cell(benchmark.name) + cell(m.name) +
             cell(m.program == 0 ? "original" : "optimized") +
             number(fmt::format("{:.6g} {}", m.median, m.unit)) +
             number(fmt::format("{:.6g} .. {:.6g}", m.low, m.high)) + cell(m.note) + "</tr>\n";
    }
  }
  return out;
}

std::string notes(const RunReport& report) {
  std::string out;
  const auto add = [&](const std::string& owner, const std::vector<Diagnostic>& list) {
    for (const Diagnostic& d : list) {
      out += fmt::format("<li>{}{}: {}{}</li>\n", markup(owner), owner.empty() ? "note" : "",
                         markup(d.what), d.why.empty() ? "" : " (" + markup(d.why) + ")");
    }
  };
  add("", report.notes);
  for (const PassReport& p : report.passes) add(p.name, p.notes);
  for (const BenchmarkReport& b : report.benchmarks) add(b.name, b.notes);
  return out.empty() ? out : "<h2>Notes</h2><ul>\n" + out + "</ul>\n";
}

std::string summary(const RunReport& r) {
  std::string out =
      fmt::format("<h1>fettle {}: {}</h1>\n<p>{} → {} nodes. ", markup(r.fettle_version),
                  markup(r.model), r.nodes_before, r.nodes_after);
  if (!r.error.empty()) {
    out += fmt::format("</p><pre class=\"bad\">{}</pre><p>", markup(r.error));
  } else if (r.check_failed) {
    out += "<span class=\"bad\">A pass failed verification and was taken back.</span> ";
  } else if (r.faulted) {
    out += "<span class=\"bad\">A pass broke its contract and was left out.</span> ";
  } else if (r.verified) {
    out += fmt::format("<span class=\"good\">Every change was verified</span> (reference: {}). ",
                       markup(r.reference));
  } else {
    out += "Not verified: the pipeline turned verification off. ";
  }
  out += r.output.empty() ? "No output was written.</p>\n"
                          : fmt::format("Output: <code>{}</code>.</p>\n", markup(r.output));
  return out;
}

}  // namespace

std::string to_html(const RunReport& r) {
  std::string out(kHead);
  out += summary(r);
  out +=
      "<h2>Passes</h2>\n<table><tr><th>pass</th><th class=\"n\">nodes</th><th class=\"n\">rewrites"
      "</th><th class=\"n\">seconds</th><th>outcome</th><th>verified by</th><th "
      "class=\"n\">largest "
      "error</th></tr>\n" +
      pass_rows(r) + "</table>\n";
  if (!r.benchmarks.empty()) {
    out +=
        "<h2>Measured</h2>\n<table><tr><th>benchmark</th><th>metric</th><th>program</th><th "
        "class=\"n\">median</th><th class=\"n\">spread</th><th></th></tr>\n" +
        metric_rows(r) +
        "</table>\n<p class=\"dim\">Fewer nodes are not a speed-up; what was measured is "
        "above.</p>\n";
  }
  if (r.backends) {
    out += "<h2>Backends</h2>\n<pre>" + markup(backend_use_text(*r.backends)) + "</pre>\n";
  }
  out += notes(r);
  if (!r.python.empty()) {
    out += "<h2>Load and run it</h2>\n<pre>";
    for (const std::string& line : r.python) out += markup(line) + "\n";
    out += "</pre>\n";
  }
  out +=
      "<h2>Pipeline, every option spelled out</h2>\n<pre>" + markup(r.pipeline_yaml) + "</pre>\n";
  out += "<h2>Plugins</h2>\n<table><tr><th>id</th><th>version</th><th>sha256</th></tr>\n";
  for (const PluginUsed& p : r.plugins) {
    out += "<tr>" + cell(p.id) + cell(p.version) + cell(p.sha256) + "</tr>\n";
  }
  return out + "</table></body></html>\n";
}

}  // namespace fettle
