// A program under construction, call by call, for generators: a call is proposed, libtorch's own rules
// (ops/type_inference.hpp) say what it makes or that it is no valid call, and it is appended or dropped.
// So a generator need not know what every operator takes, and every program is well typed.
//
// For each value it remembers how large its elements get, roughly, so that generators keep numbers
// within what float32 holds, and whether its storage is a call's own, so that calls in place may write
// it. Values are known in their own block alone. The same seed and the same proposals, the same program.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/journal.hpp"
#include "ops/type_inference.hpp"

namespace fettle {

// An argument of a proposed call. Positional, unless it is named.
struct Given {
  using Payload = std::variant<std::monostate, bool, std::int64_t, double, std::string, DType,
                               std::vector<std::int64_t>, ValueId, std::vector<ValueId>,
                               std::vector<std::optional<ValueId>>>;
  Given(std::nullopt_t) {}                              // NOLINT: None
  Given(bool flag) : payload(flag) {}                   // NOLINT
  Given(int number) : payload(std::int64_t{number}) {}  // NOLINT
  Given(std::int64_t number) : payload(number) {}       // NOLINT
  Given(double number) : payload(number) {}             // NOLINT
  Given(const char* text) : payload(std::string(text)) {}                        // NOLINT
  Given(DType dtype) : payload(dtype) {}                                         // NOLINT
  Given(std::vector<std::int64_t> numbers) : payload(std::move(numbers)) {}      // NOLINT
  Given(ValueId value) : payload(value) {}                                       // NOLINT
  Given(std::vector<ValueId> values) : payload(std::move(values)) {}             // NOLINT
  Given(std::vector<std::optional<ValueId>> values) : payload(std::move(values)) {}  // NOLINT
  Payload payload;
  std::string name;
};

inline Given named(std::string name, Given given) {
  given.name = std::move(name);
  return given;
}

class ProgramBuilder {
 public:
  // A value that calls may be given.
  struct Known {
    ValueId value;
    double magnitude = 1;   // elements lie roughly within ± this
    bool writable = false;  // all of a storage that a call made
  };

  ProgramBuilder(Graph& graph, std::uint64_t seed);

  // -- random numbers
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class List>
  auto any_of(const List& list) {
    return list[below(static_cast<std::uint32_t>(std::size(list)))];
  }
  double number();  // one that people write: 0, 1, -1, 0.5, 2, 1e-3 …

  // -- dynamic sizes: before the first call
  void declare_symbol(std::string_view name, std::int64_t low, std::int64_t high);

  // -- inputs; weights may be asked for at any time, in the program's own graph
  Known input(Type type, double magnitude);
  std::optional<Known> weight(const std::vector<std::int64_t>& sizes, InputKind kind);

  // -- calls
  // The first result, and nothing if there is no such call; the other results are known, too.
  // `magnitude` is of all results.
  std::optional<Known> call(std::string_view op, std::vector<Given> given, double magnitude);
  // A dynamic size as a value that calls take where sizes stand.
  std::optional<ValueId> size_value(const Known& known, std::int64_t dim);
  // The same call as one before it, if it is still possible: for what looks for equal ones.
  std::optional<Known> again();
  // What a call in place answers counts as the value it wrote.
  std::optional<Known> in_place(std::string_view op, std::vector<Given> given, const Known& written,
                                double magnitude);

  // -- values of the block at hand
  const std::vector<Known>& known() const { return blocks_.back().known; }
  // Mostly one of the last few, so that chains come about. Nothing if none fits.
  template <class Fits>
  std::optional<Known> pick(Fits fits) {
    for (int tries = 0; tries < 12; ++tries) {
      if (known().empty()) return std::nullopt;
      const auto n = static_cast<std::uint32_t>(known().size());
      const Known& chosen = known()[n - 1 - below(one_in(3) ? n : std::min<std::uint32_t>(n, 5))];
      if (fits(chosen)) return chosen;
    }
    return std::nullopt;
  }
  std::optional<Known> any();
  std::optional<Known> floating(std::size_t least_rank = 0);
  std::optional<Known> integral();
  std::optional<Known> boolean();
  // Of the same sizes and dtype; itself if there is no other.
  Known like(const Known& known);
  // Of sizes that broadcast with it, and its dtype (with `mixed` any).
  Known broadcasting(const Known& known, bool mixed);

  const Type& type(const Known& known) const { return graph_.type(known.value); }
  std::size_t rank(const Known& known) const { return type(known).sizes.size(); }
  // A size as a number; nothing if it is symbolic.
  std::optional<std::int64_t> size(const Known& known, std::size_t dim) const;
  std::optional<std::vector<std::int64_t>> sizes(const Known& known) const;
  bool is_float(const Known& known) const;
  // A dimension of the value, counted from the end half of the time. Rank above 0.
  std::int64_t dim(const Known& known);

  // -- nested graphs: what is proposed between the two goes into a block with these inputs.
  BlockId open(std::string_view name, const std::vector<Known>& inputs, bool single_return = false);
  void close(const std::vector<Known>& outputs);
  std::uint32_t depth() const { return static_cast<std::uint32_t>(blocks_.size()); }
  // Thrown where blocks that were made do not fit together: no program can leave them behind.
  struct DeadEnd {};
  // A call of a higher-order operator; arguments as the operator takes them.
  std::optional<Known> nested(std::string_view op, NodeSpec spec, const std::vector<Known>& results);

  // The program's outputs; it is complete then.
  void finish(const std::vector<Known>& outputs);

  Graph& graph() { return graph_; }
  std::uint32_t calls() const { return calls_; }

 private:
  struct Made {  // a call that may be made again
    std::string op;
    std::vector<Given> given;
    double magnitude;
  };
  struct Block {
    BlockId id;
    std::vector<Known> known;
    std::vector<Made> made;
  };

  NodeSpec placeholder(std::string_view name, TypeId type);
  std::optional<NodeId> append(std::string_view op, const std::vector<Given>& given);
  void remember(NodeId call, double magnitude);
  void add_argument(NodeSpec& spec, const Given& given);

  Graph& graph_;
  Journal journal_;
  TypeInference inference_;
  std::mt19937_64 random_;
  std::vector<Block> blocks_;
  NodeId first_input_;
  std::uint32_t calls_ = 0, inputs_ = 0, weights_ = 0;
};

}  // namespace fettle
