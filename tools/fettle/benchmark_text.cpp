#include "benchmark_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "numbers.hpp"
#include "table.hpp"

namespace fettle {
namespace {

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

// Program ÷ first program: as the benchmark measured it ("NAME_ratio", from paired runs) with its
// spread, else of the medians.
std::string ratio(const BenchmarkReport& benchmark, const std::string& name, std::size_t program) {
  if (const Metric* m = metric(benchmark, name + "_ratio", program)) {
    return fmt::format("{:.3f} [{:.3f} .. {:.3f}]", m->median, m->low, m->high);
  }
  const Metric *first = metric(benchmark, name, 0), *other = metric(benchmark, name, program);
  if (!first || !other || first->median == 0) return {};
  return fmt::format("{:.3f}", other->median / first->median);
}

// Whether another row shows it: the same metric of another program, or the ratio of a metric.
bool has_row(const BenchmarkReport& benchmark, const Metric& m) {
  constexpr std::string_view kRatio = "_ratio";
  if (m.name.ends_with(kRatio) &&
      metric(benchmark, m.name.substr(0, m.name.size() - kRatio.size()), m.program)) {
    return true;
  }
  return std::ranges::find(benchmark.metrics, m.name, &Metric::name).base() != &m;
}

}  // namespace

std::string benchmark_text(const std::vector<BenchmarkReport>& benchmarks,
                           const std::vector<std::string>& programs) {
  std::vector<std::string> headers = {"metric"};
  for (std::size_t k = 0; k < programs.size(); ++k) {
    headers.push_back(">" + programs[k]);
    if (k > 0) headers.emplace_back(">ratio");
  }
  Table table(headers);
  std::string notes;
  for (const BenchmarkReport& benchmark : benchmarks) {
    for (const Metric& m : benchmark.metrics) {
      if (!m.note.empty() && m.program + 1 == programs.size()) {
        notes += fmt::format("  {}: {}\n", m.name, m.note);
      }
      if (has_row(benchmark, m)) continue;
      std::vector<std::string> row = {m.name};
      for (std::size_t k = 0; k < programs.size(); ++k) {
        row.push_back(with_spread(metric(benchmark, m.name, k)));
        if (k > 0) row.push_back(ratio(benchmark, m.name, k));
      }
      table.add(std::move(row));
    }
  }
  return table.empty() ? std::string() : table.text() + notes;
}

}  // namespace fettle
