// The report for machines. Its keys are stable: DESIGN 7 lists those that tools may rely on.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "pipeline/report.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

json::value number(double value) {  // JSON has neither
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

json::value text(std::string_view value) {
  return json::string(value);
}

}  // namespace

json::array diagnostics_json(const std::vector<Diagnostic>& list) {
  json::array out;
  for (const Diagnostic& d : list) {
    constexpr std::string_view severities[] = {"note", "warning", "error"};
    out.push_back(json::object{{"code", text(code_name(d.code))},
                               {"severity", text(severities[static_cast<std::size_t>(d.severity)])},
                               {"what", d.what},
                               {"where", d.where},
                               {"why", d.why},
                               {"try", d.hint}});
  }
  return out;
}

namespace {

json::value statistics(const std::map<std::string, std::int64_t>& map) {
  json::object out;
  for (const auto& [name, value] : map) out[name] = value;
  return out;
}

}  // namespace

json::array verdicts_json(const std::vector<Verdict>& verdicts) {
  json::array out;
  for (const Verdict& v : verdicts) {
    out.push_back(json::object{{"verifier", v.verifier},
                               {"verdict", text(judgement_name(v.judgement))},
                               {"max_abs", number(v.max_abs)},
                               {"max_rel", number(v.max_rel)},
                               {"allowed", number(v.allowed)},
                               {"output", v.output},
                               {"element", v.element},
                               {"comparisons", v.comparisons},
                               {"reference", v.reference},
                               {"inputs", v.inputs},
                               {"detail", v.detail},
                               {"place", v.place},
                               {"rule", v.rule}});
  }
  return out;
}

namespace {

json::value pass(const PassReport& p) {
  return json::object{{"name", p.name},
                      {"round", p.round},
                      {"status", text(pass_status_name(p.status))},
                      {"changed", p.status == PassStatus::changed},
                      {"why", p.why},
                      {"isolation", p.isolated ? "process" : "none"},
                      {"promise", text(promise_name(p.promise))},
                      {"rewrites", p.rewrites},
                      {"nodes_before", p.nodes_before},
                      {"nodes_after", p.nodes_after},
                      {"nodes_created", p.created},
                      {"nodes_erased", p.erased},
                      {"nodes_modified", p.modified},
                      {"seconds", p.seconds},
                      {"check_seconds", p.check_seconds},
                      {"verify_seconds", p.verify_seconds},
                      {"verification", verdicts_json(p.verification)},
                      {"statistics", statistics(p.statistics)},
                      {"notes", diagnostics_json(p.notes)}};
}

json::value metric(const Metric& m, const std::vector<std::string>& programs) {
  json::array samples;
  for (const double sample : m.samples) samples.push_back(number(sample));
  return json::object{{"program", programs.at(m.program)},
                      {"name", m.name},
                      {"unit", m.unit},
                      {"lower_is_better", m.lower_is_better},
                      {"median", number(m.median)},
                      {"low", number(m.low)},
                      {"high", number(m.high)},
                      {"samples", std::move(samples)},
                      {"note", m.note}};
}

}  // namespace

json::array benchmarks_json(const std::vector<BenchmarkReport>& benchmarks,
                            const std::vector<std::string>& programs) {
  json::array out;
  for (const BenchmarkReport& b : benchmarks) {
    json::array metrics;
    for (const Metric& m : b.metrics) metrics.push_back(metric(m, programs));
    out.push_back(json::object{{"name", b.name},
                               {"seconds", b.seconds},
                               {"metrics", std::move(metrics)},
                               {"statistics", statistics(b.statistics)},
                               {"notes", diagnostics_json(b.notes)}});
  }
  return out;
}

namespace {

template <class List, class Fn>
json::array each(const List& list, Fn fn) {
  json::array out;
  for (const auto& element : list) out.push_back(fn(element));
  return out;
}

// As people write numbers (0.25, not 2.5E-1); still the shortest text that reads back the same.
std::string leaf(const json::value& value) {
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  const auto* array = value.if_array();
  if (!array) return json::serialize(value);
  std::vector<std::string> elements;
  for (const json::value& element : *array) elements.push_back(leaf(element));
  return fmt::format("[{}]", fmt::join(elements, ", "));
}

void write_pretty(std::string& out, const json::value& value, std::size_t indent) {
  const auto lines = [&](char open, char close, const auto& list, auto&& one) {
    out += open;
    bool first = true;
    for (const auto& element : list) {
      out += first ? "\n" : ",\n";
      first = false;
      out.append(indent + 2, ' ');
      one(element);
    }
    out.append("\n").append(indent, ' ') += close;
  };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    lines('{', '}', *object, [&](const json::key_value_pair& entry) {
      out += json::serialize(json::string(entry.key())) + ": ";
      write_pretty(out, entry.value(), indent + 2);
    });
  } else if (const auto* array = value.if_array();
             array && !array->empty() && !(*array)[0].is_primitive()) {
    lines('[', ']', *array,
          [&](const json::value& element) { write_pretty(out, element, indent + 2); });
  } else {
    out += leaf(value);  // lists of numbers stay on one line
  }
}

}  // namespace

std::string pretty(const json::value& value) {
  std::string out;
  write_pretty(out, value, 0);
  return out + "\n";
}

json::object to_json(const RunReport& r) {
  return {{"fettle_version", r.fettle_version},
          {"model", r.model},
          {"output", r.output},
          {"device", r.device},
          {"reference", r.reference},
          {"pipeline", r.pipeline},
          {"pipeline_source", r.pipeline_source},
          {"plugins", plugins_json(r.plugins)},
          {"passes", each(r.passes, pass)},
          {"nodes_before", r.nodes_before},
          {"nodes_after", r.nodes_after},
          {"changed", r.changed},
          {"verified", r.verified},
          {"check_failed", r.check_failed},
          {"faulted", r.faulted},
          {"error", r.error},
          {"final_verification", verdicts_json(r.final_verification)},
          {"benchmarks", benchmarks_json(r.benchmarks, {"original", "optimized"})},
          {"backends", r.backends ? json::value(to_json(*r.backends)) : json::value(nullptr)},
          {"notes", diagnostics_json(r.notes)},
          {"python", each(r.python, [](const std::string& line) { return json::value(line); })},
          {"load_seconds", r.load_seconds},
          {"check_seconds", r.check_seconds()},
          {"verify_seconds", r.verify_seconds()},
          {"save_seconds", r.save_seconds},
          {"seconds_total", r.seconds_total}};
}

}  // namespace fettle
