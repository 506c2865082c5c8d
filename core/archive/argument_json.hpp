// Arguments as the archive writes them: a union whose tag is the ArgKind ("as_ints",
// "as_optional_tensor").
//
// Values are named by text in the file and by operand index in the graph. The reader looks names up
// among the values defined so far, so that a value used before its definition, and thereby any
// cycle, is found at the use (archive_dangling_value).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <span>
#include <vector>

#include "archive/json_ref.hpp"
#include "archive/json_write.hpp"
#include "graph/graph.hpp"

namespace fettle {

// The values of one block that are defined so far, by name.
using ValueNames = boost::unordered_flat_map<StringId, ValueId, std::hash<StringId>>;

class ArgumentReader {
 public:
  // Reads a nested graph into a new block (as_graph).
  using ReadBlock = std::function<BlockRef(const JsonRef& graph_argument)>;

  ArgumentReader(const Graph& graph, const ValueNames& names, ReadBlock read_block)
      : graph_(graph), names_(names), read_block_(std::move(read_block)) {}

  // The operands that the argument names are appended to `operands`.
  Argument read(const JsonRef& argument, std::vector<ValueId>& operands);

 private:
  Argument::Payload payload(ArgKind kind, const JsonRef& value);
  Argument::Payload list(ArgKind element, const JsonRef& values);
  Argument::Payload sym_scalar(ArgKind kind, const JsonRef& value);
  Argument::Payload operand(const JsonRef& name);
  Argument::Payload dictionary(const JsonRef& members);

  const Graph& graph_;
  const ValueNames& names_;
  ReadBlock read_block_;
  std::vector<ValueId>* operands_ = nullptr;
};

// Writes nested graphs (as_graph) through `write_block`.
class ArgumentWriter {
 public:
  using WriteBlock = std::function<void(JsonWriter& out, BlockId block)>;

  ArgumentWriter(JsonWriter& out, const Graph& graph, WriteBlock write_block)
      : out_(out), graph_(graph), write_block_(std::move(write_block)) {}

  void write(const Argument& argument, std::span<const ValueId> operands);

 private:
  void payload(const Argument& argument);
  void value_name(Operand operand);
  void value_object(Operand operand);  // {"name": "x"}

  JsonWriter& out_;
  const Graph& graph_;
  WriteBlock write_block_;
  std::span<const ValueId> operands_;
};

// How an input of that type is written: as_tensor, as_sym_int or as_custom_obj.
ArgKind input_argument_kind(const Type& type);

// The tag of a kind ("as_ints") and back.
std::string_view argument_tag(ArgKind kind);
std::optional<ArgKind> argument_kind(std::string_view tag);

// "torch.ops.aten.add.Tensor" in the file is aten.add.Tensor in the graph; Python functions
// (_operator.add, math.floor, torch.sym_max) keep their names.
std::string_view operator_from_target(std::string_view target);
std::string target_from_operator(std::string_view op);

}  // namespace fettle
