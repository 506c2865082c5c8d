// Dynamic sizes: the program takes any size in a range, so that smaller inputs need no other
// program.
#include "base/error.hpp"
#include "bisect/one_tensor.hpp"
#include "bisect/shrink_steps.hpp"
#include "graph/program_shapes.hpp"
#include "runtime/input_checks.hpp"

namespace fettle {
namespace {

ProgramShapes::Sizes sizes_of(const std::vector<RunValue>& inputs) {
  ProgramShapes::Sizes sizes;
  for (const RunValue& value : inputs) {
    auto& dims = sizes.emplace_back();
    if (const auto* number = std::get_if<std::int64_t>(&value)) dims.push_back(*number);
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      for (const SymInt& size : tensor->type().sizes) dims.push_back(size.value);
    }
  }
  return sizes;
}

// Every input as these values of the symbols give it; nothing where one would have to grow.
std::optional<FrozenProgram> with(const FrozenProgram& program, ProgramShapes& shapes,
                                  const SymbolValues& values, End end) {
  shapes.check(values);
  const auto evaluated = [&](const SymInt& size, std::int64_t now) {
    return size.symbolic() ? shapes.evaluate_size(size.expression, values) : now;
  };
  FrozenProgram smaller{program.graph->clone(), program.inputs};
  const std::vector<ExpectedInput> expected = user_inputs(*program.graph).expected;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    RunValue& input = smaller.inputs.at(k);
    if (auto* number = std::get_if<std::int64_t>(&input)) {
      const auto now = evaluated(expected[k].type.scalar, *number);
      if (!now) return std::nullopt;
      *number = *now;
    }
    const auto* tensor = std::get_if<Tensor>(&input);
    if (!tensor) continue;
    const std::vector<SymInt> now = tensor->type().sizes;
    std::vector<std::int64_t> sizes;
    for (std::size_t d = 0; d < now.size(); ++d) {
      const auto size = evaluated(expected[k].type.sizes.at(d), now[d].value);
      if (!size || *size < 0 || *size > now[d].value) return std::nullopt;
      sizes.push_back(*size);
    }
    input = part_of(*tensor, sizes, end);
  }
  return smaller;
}

// None where the inputs do not fit: what fails before it runs was never asked.
SymbolValues values_of(const ProgramShapes& shapes, const FrozenProgram& program) {
  try {
    return shapes.solve(sizes_of(program.inputs));
  } catch (const Error&) {
    return {};
  }
}

bool shrink_symbol(Smallest& smallest, ProgramShapes& shapes, const std::string& symbol) {
  const SymbolValues now = values_of(shapes, smallest.program());
  const auto value = now.find(symbol);
  if (value == now.end()) return false;
  for (const std::int64_t size : smaller_sizes(value->second)) {
    for (const End end : {End::first, End::last}) {
      if (smallest.spent()) return false;
      SymbolValues next = now;
      next[symbol] = size;
      if (smallest.keep_other([&] { return with(smallest.program(), shapes, next, end); })) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool shrink_symbols(Smallest& smallest) {
  bool kept = false;
  ProgramShapes shapes(smallest.graph());
  for (const ProgramShapes::Symbol& symbol : shapes.symbols()) {
    while (shrink_symbol(smallest, shapes, symbol.name)) kept = true;
  }
  return kept;
}

}  // namespace fettle
