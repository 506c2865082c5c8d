// Values of symbols from sizes of inputs, and what is wrong with either.
#include <fmt/format.h>

#include <algorithm>

#include "graph/program_shapes.hpp"

namespace fettle {
namespace {

constexpr std::int64_t kLargestSize = std::int64_t{1} << 40;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 62;

std::string range_text(const std::string& expression, const Interval& range) {
  std::string text = expression;
  if (range.low) text = fmt::format("{} <= {}", *range.low, text);
  if (range.high) text += fmt::format(" <= {}", *range.high);
  return text;
}

}  // namespace

std::optional<std::int64_t> ProgramShapes::size(const Dim& dim, const SymbolValues& values) const {
  return dim.expression ? expressions_.evaluate_size(dim.expression, values) : dim.value;
}

std::string ProgramShapes::place(std::size_t input, std::size_t dim) const {
  const Input& i = inputs_[input];
  return i.scalar ? fmt::format("input {} ('{}')", input, i.name)
                  : fmt::format("dimension {} of input {} ('{}')", dim, input, i.name);
}

std::string ProgramShapes::origin(const std::string& symbol, const SymbolValues& values) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    for (std::size_t d = 0; d < inputs_[i].dims.size(); ++d) {
      if (inputs_[i].dims[d].shown != symbol) continue;
      return fmt::format("{} is {} in {}", symbol, values.at(symbol), place(i, d));
    }
  }
  return fmt::format("{} is {}", symbol, values.at(symbol));
}

// The size grows with the symbol, or at least does not shrink: searched by halves.
std::optional<std::int64_t> ProgramShapes::solve_for(const Dim& dim, const std::string& symbol,
                                                     std::int64_t wanted,
                                                     SymbolValues& values) const {
  std::int64_t low = 0, high = kLargestSize;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    values[symbol] = middle;
    const auto got = expressions_.evaluate_size(dim.expression, values);
    if (!got || *got >= wanted) high = middle;  // what overflows is too large
    else low = middle + 1;
  }
  values[symbol] = low;
  const bool found = expressions_.evaluate_size(dim.expression, values) == wanted;
  values.erase(symbol);
  return found ? std::optional(low) : std::nullopt;
}

// First sizes that are a symbol, then those where one symbol is missing, until none is left.
SymbolValues ProgramShapes::bind(const Sizes& given) const {
  SymbolValues values;
  const auto for_each_dim = [&](auto&& fn) {
    for (std::size_t i = 0; i < inputs_.size() && i < given.size(); ++i) {
      for (std::size_t d = 0; d < inputs_[i].dims.size() && d < given[i].size(); ++d) {
        if (inputs_[i].dims[d].expression) fn(inputs_[i].dims[d], given[i][d]);
      }
    }
  };
  for_each_dim([&](const Dim& dim, std::int64_t size) {
    const Expressions::Node& node = expressions_.node(dim.expression);
    if (node.kind == Expressions::Kind::symbol) {
      values.try_emplace(std::string(expressions_.text(node.text)), size);
    }
  });
  for (bool progress = true; progress;) {
    progress = false;
    for_each_dim([&](const Dim& dim, std::int64_t size) {
      std::vector<std::string> missing;
      for (const std::string& name : dim.symbols) {
        if (!values.contains(name)) missing.push_back(name);
      }
      if (missing.size() != 1) return;
      const auto value = solve_for(dim, missing[0], size, values);
      if (!value) return;
      values.emplace(missing[0], *value);
      progress = true;
    });
  }
  return values;
}

SymbolValues ProgramShapes::solve(const Sizes& given) const {
  SymbolValues values = bind(given);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    for (std::size_t d = 0; d < inputs_[i].dims.size(); ++d) {
      const Dim& dim = inputs_[i].dims[d];
      if (!dim.expression) continue;
      const auto wanted = size(dim, values);
      if (wanted == given[i][d]) continue;
      std::string why;
      for (const std::string& symbol : dim.symbols) {
        if (values.contains(symbol)) why += (why.empty() ? "" : ", ") + origin(symbol, values);
      }
      throw Error({.code = Code::input_size,
                   .what = wanted ? fmt::format("{} is {} where the other sizes ask for {}",
                                                place(i, d), given[i][d], *wanted)
                                  : fmt::format("{} is {}, which no {} gives", place(i, d),
                                                given[i][d], dim.shown),
                   .where = place(i, d),
                   .why = fmt::format("the program was exported with {} there{}{}", dim.shown,
                                      why.empty() ? "" : ", and ", why),
                   .hint = "give inputs whose sizes fit each other"});
    }
  }
  check_ranges(values);
  check_guards(given);
  return values;
}

void ProgramShapes::check(const SymbolValues& values) const {
  Sizes sizes;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    auto& dims = sizes.emplace_back();
    for (std::size_t d = 0; d < inputs_[i].dims.size(); ++d) {
      const auto got = size(inputs_[i].dims[d], values);
      if (!got || (*got < 0 && !inputs_[i].scalar)) {
        throw Error({.code = Code::input_size,
                     .what = fmt::format("{} has no size under these values", place(i, d)),
                     .why = fmt::format("it is {}", inputs_[i].dims[d].shown)});
      }
      dims.push_back(*got);
    }
  }
  check_ranges(values);
  check_guards(sizes);
}

void ProgramShapes::check_ranges(const SymbolValues& values) const {
  constexpr std::int64_t kNotSpecialized = 2;
  for (const Range& range : ranges_) {
    const auto got = expressions_.evaluate_size(range.expression, values);
    if (!got) continue;  // known in a run only
    const bool below =
        range.bounds.low && *range.bounds.low > kNotSpecialized && *got < *range.bounds.low;
    const bool above = range.bounds.high && *got > *range.bounds.high;
    if (!below && !above) continue;
    const bool symbol = values.contains(range.shown);
    throw Error({.code = Code::input_range,
                 .what = fmt::format("{} is {}, which is too {}", range.shown, *got,
                                     below ? "small" : "large"),
                 .where = symbol ? origin(range.shown, values) : std::string(),
                 .why = fmt::format("the program was exported for {}",
                                    range_text(range.shown, range.bounds)),
                 .hint = "give a size within the range, or export the program with a wider one"});
  }
}

Evaluation ProgramShapes::guard_value(const Guard& guard, const Sizes& sizes) const {
  SymbolValues values;
  for (const Guard::Source& source : guard.sources) {
    values[source.name] = sizes[source.input][source.dim];
  }
  return expressions_.evaluate(guard.expression, values);
}

void ProgramShapes::check_guards(const Sizes& sizes) const {
  for (const Guard& guard : guards_) {
    const Evaluation held = guard_value(guard, sizes);
    if (!held.value || python::truth(*held.value)) continue;
    std::string where;
    for (const Guard::Source& source : guard.sources) {
      where += fmt::format("{}{} is {}", where.empty() ? "" : ", ", place(source.input, source.dim),
                           sizes[source.input][source.dim]);
    }
    throw Error({.code = Code::input_guard,
                 .what = fmt::format("the inputs' sizes break the guard {}", guard.text),
                 .where = where,
                 .why = "torch.export specialized the program on it",
                 .hint = "give sizes for which it holds, or export the program for these"});
  }
}

ExprId ProgramShapes::parse(std::string_view expression) {
  const ExprId id = expressions_.parse(expression);
  const Expressions::Kind kind = expressions_.node(id).kind;
  if (kind != Expressions::Kind::opaque && kind != Expressions::Kind::constant) return id;
  return expressions_.parse_infix(expression).value_or(id);
}

Evaluation ProgramShapes::evaluate(std::string_view expression, const SymbolValues& values) {
  return expressions_.evaluate(parse(expression), values);
}

std::optional<std::int64_t> ProgramShapes::evaluate_size(std::string_view expression,
                                                         const SymbolValues& values) {
  return expressions_.evaluate_size(parse(expression), values);
}

std::int64_t ProgramShapes::tensor_bytes(const SymbolValues& values) const {
  std::unordered_map<ExprId, std::optional<std::int64_t>> known;
  std::int64_t total = 0;
  for (const Tensors& tensors : tensors_) {
    std::int64_t bytes = tensors.element_bytes;
    bool overflow = __builtin_mul_overflow(bytes, tensors.count, &bytes);
    for (const Dim& dim : tensors.sizes) {
      std::optional<std::int64_t> extent = dim.value;
      if (dim.expression) {
        const auto [at, added] = known.try_emplace(dim.expression);
        if (added) at->second = size(dim, values);
        extent = at->second;
      }
      if (!extent || *extent < 0) extent = 0;
      overflow = __builtin_mul_overflow(bytes, *extent, &bytes) || overflow;
    }
    if (overflow || __builtin_add_overflow(total, bytes, &total) || total > kMostBytes) {
      return kMostBytes;
    }
  }
  return total;
}

}  // namespace fettle
