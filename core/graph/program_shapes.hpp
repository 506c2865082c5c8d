// The dynamic sizes of a program: which symbols its inputs have, what values these may take, and
// whether given sizes fit. Says about inputs what torch.export checks before it runs a program:
//   - the same symbol has one value in all inputs, and derived sizes (2*s77) follow from it;
//   - ranges hold. As in PyTorch, a lower bound of 2 or less refuses nothing: export writes 2 for
//     "not specialized to 0 or 1";
//   - guards hold, as far as they are understood: a guard over something else than sizes of inputs, or
//     one that does not hold for the sizes of the export either, is left to the operators.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "graph/graph.hpp"
#include "graph/symbolic.hpp"

namespace fettle {

class ProgramShapes {
 public:
  explicit ProgramShapes(const Graph& graph);  // keeps nothing of it

  struct Symbol {
    std::string name;
    Interval range;                     // as declared
    std::optional<std::int64_t> hint;   // its value at export
  };
  // Those that inputs determine, by name; not the ones that only a run tells (u0).
  const std::vector<Symbol>& symbols() const { return symbols_; }
  // Whether given sizes can be wrong in a way that only this class knows.
  bool dynamic() const { return !symbols_.empty() || !guards_.empty(); }

  // Sizes of each user input, in the signature's order; of an integer, the number itself.
  using Sizes = std::vector<std::vector<std::int64_t>>;

  // What the symbols are where inputs have these sizes, whose ranks fit. Throws input_size, input_range,
  // input_guard.
  SymbolValues solve(const Sizes& given) const;
  // Throws what solve would for inputs of the sizes that these values give.
  void check(const SymbolValues& values) const;

  // An expression in srepr or in people's notation; a size is a whole number.
  Evaluation evaluate(std::string_view expression, const SymbolValues& values);
  std::optional<std::int64_t> evaluate_size(std::string_view expression,
                                            const SymbolValues& values);
  // For people: "2*s77".
  std::string shown(std::string_view srepr);

  // Bytes of all tensors that a run with these values makes or is given, weights not counted; those whose
  // size only a run tells are not counted either. Stays below 2^62.
  std::int64_t tensor_bytes(const SymbolValues& values) const;

 private:
  struct Dim {
    std::int64_t value = 0;  // of a plain number
    ExprId expression;       // none: a plain number
    std::string shown;
    std::vector<std::string> symbols;
    std::optional<std::int64_t> hint;
  };
  struct Input {
    std::string name;
    bool scalar = false;
    std::vector<Dim> dims;
  };
  struct Range {
    std::string shown;
    ExprId expression;
    Interval bounds;
  };
  struct Guard {
    std::string text;
    ExprId expression;
    struct Source { std::string name; std::size_t input, dim; };
    std::vector<Source> sources;
  };
  struct Tensors {  // of one type
    std::int64_t count = 0, element_bytes = 0;
    std::vector<Dim> sizes;
  };

  ExprId parse(std::string_view expression);
  Dim dim(const SymInt& size);
  void read_inputs(const Graph& graph);
  void read_constraints(const ShapeConstraints& constraints);
  void read_guard(const std::string& text);
  void read_tensors(const Graph& graph);
  std::optional<Guard::Source> find_source(const std::string& name) const;
  void find_symbols();

  std::optional<std::int64_t> size(const Dim& dim, const SymbolValues& values) const;
  std::string place(std::size_t input, std::size_t dim) const;
  // Where an input has the symbol itself, for messages.
  std::string origin(const std::string& symbol, const SymbolValues& values) const;
  SymbolValues bind(const Sizes& given) const;
  std::optional<std::int64_t> solve_for(const Dim& dim, const std::string& symbol,
                                        std::int64_t wanted, SymbolValues& values) const;
  void check_ranges(const SymbolValues& values) const;
  void check_guards(const Sizes& sizes) const;
  Evaluation guard_value(const Guard& guard, const Sizes& sizes) const;

  Expressions expressions_;
  Expressions::SymbolDetails details_;
  std::vector<Input> inputs_;
  std::vector<Range> ranges_;
  std::vector<Guard> guards_;
  std::vector<Symbol> symbols_;
  std::vector<Tensors> tensors_;
};

}  // namespace fettle
