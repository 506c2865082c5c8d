// The program's shape (invariants 6, 9 to 11) and the driver. See graph/checks.hpp for the list.
#include "graph/checks.hpp"

#include "graph/checks_parts.hpp"

namespace fettle {
namespace checks {
namespace {

class Blocks {
 public:
  Blocks(const Graph& graph, Problems& problems)
      : graph_(graph),
        problems_(problems),
        defined_(graph.value_bound()),
        named_in_(graph.strings().size()) {}

  void run(BlockId block) {
    ++stamp_;
    bool calls_began = false;
    for (NodeId id : graph_.nodes(block)) {
      if (problems_.full()) return;
      const Node& node = graph_.node(id);
      check_place(id, calls_began);
      calls_began = calls_began || node.opcode != Opcode::placeholder;
      check_arguments(id);
      check_operands(id);
      check_names(id);
    }
    if (!graph_.output_node(block)) {
      problems_.add(Code::graph_bad_block, graph_.block(block).owner,
                    fmt::format("the {} has no output node at its end",
                                block == kRootBlock ? "program" : "nested graph of the call"));
    }
  }

 private:
  void check_place(NodeId id, bool calls_began) {
    const Node& node = graph_.node(id);
    if (node.opcode == Opcode::placeholder) {
      if (calls_began)
        problems_.add(Code::graph_bad_block, id, "a placeholder stands after a call");
      if (node.result_count != 1 || !node.arguments.empty()) {
        problems_.add(Code::graph_bad_block, id,
                      "a placeholder has one result and no arguments, and this one differs");
      }
    } else if (node.opcode == Opcode::output) {
      if (node.next) problems_.add(Code::graph_bad_block, id, "a node stands after the output");
      if (node.result_count != 0) {
        problems_.add(Code::graph_bad_block, id, "an output node has results");
      }
    } else if (graph_.text(node.op).empty()) {
      problems_.add(Code::graph_bad_block, id, "a call names no operator");
    }
  }

  void check_arguments(NodeId id) {
    std::uint32_t next = 0;
    for (const NamedArgument& argument : graph_.node(id).arguments) {
      if (!payload_fits_kind(argument.value)) {
        problems_.add(Code::graph_bad_arguments, id,
                      fmt::format("argument '{}' does not hold what its kind '{}' says",
                                  graph_.text(argument.name), arg_kind_name(argument.value.kind)));
      }
      for_each_operand(argument.value, [&](const Operand& operand) {
        if (operand.index == next++) return;
        problems_.add(Code::graph_bad_arguments, id,
                      fmt::format("argument '{}' names operand {} where {} was expected",
                                  graph_.text(argument.name), operand.index, next - 1));
      });
    }
    if (next != graph_.node(id).operands.size()) {
      problems_.add(Code::graph_bad_arguments, id,
                    fmt::format("the node has {} operands and its arguments name {}",
                                graph_.node(id).operands.size(), next));
    }
  }

  void check_operands(NodeId id) {
    const Node& node = graph_.node(id);
    for (ValueId operand : node.operands) {
      const Value& value = graph_.value(operand);
      if (graph_.node(value.producer).block != node.block) {
        problems_.add(Code::graph_foreign_value, id,
                      fmt::format("'{}' is a value of another block", graph_.text(value.name)),
                      "pass it to the nested graph as an operand of the call that owns it");
      } else if (!defined_[operand.index]) {
        problems_.add(Code::graph_use_before_definition, id,
                      fmt::format("'{}' is used before {} defines it", graph_.text(value.name),
                                  problems_.describe(value.producer)),
                      "move the user behind it, or the definition before the user");
      }
    }
    for (ValueId result : graph_.results(id)) defined_[result.index] = true;
  }

  void check_names(NodeId id) {
    for (ValueId result : graph_.results(id)) {
      const StringId name = graph_.value(result).name;
      if (graph_.text(name).empty()) {
        problems_.add(Code::graph_duplicate_name, id, "a value has no name");
      } else if (named_in_[name.index] == stamp_) {
        problems_.add(Code::graph_duplicate_name, id,
                      fmt::format("the name '{}' is taken in this block", graph_.text(name)),
                      "ask the journal for a fresh name");
      } else {
        named_in_[name.index] = stamp_;
      }
    }
  }

  const Graph& graph_;
  Problems& problems_;
  std::vector<bool> defined_;            // by value
  std::vector<std::uint32_t> named_in_;  // by string: the stamp_ of the block with such a value
  std::uint32_t stamp_ = 0;
};

}  // namespace

void check_blocks(const Graph& graph, const std::vector<BlockId>& blocks, Problems& problems) {
  Blocks checks(graph, problems);
  for (BlockId block : blocks) checks.run(block);
}

}  // namespace checks

std::vector<Diagnostic> find_problems(const Graph& graph) {
  checks::Problems problems(graph);
  const std::vector<BlockId> blocks = checks::check_bookkeeping(graph, problems);
  if (problems.none()) checks::check_blocks(graph, blocks, problems);
  if (problems.none()) checks::check_signature(graph, problems);
  return problems.take();
}

void check(const Graph& graph) {
  std::vector<Diagnostic> problems = find_problems(graph);
  if (!problems.empty()) throw Error(std::move(problems.front()));
}

}  // namespace fettle
