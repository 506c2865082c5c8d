// The text form of a graph, both ways: what print(exported_program) shows, made unambiguous.
//
//   graph(p_w: f32[4, 3, 3, 3] = parameter 'conv.weight', x: f32[1, 3, 8, 8]):
//     conv2d: f32[1, 4, 6, 6] = aten.conv2d.default(x, p_w, None, [1, 1])
//     max_1: (getitem: f32[1, 4, 6], getitem_1: i64[1, 4, 6]) = aten.max.dim(conv2d, 3)
//     add: f32[1, 4, 6] = aten.add.Tensor(getitem, 1.0, alpha=2)
//     return (add,)
//
// Grammar (tokens may be separated by any white space; `#` starts a comment up to the line's end):
//   program   = {declaration} block
//   declaration = "symbol" name ":" string        what sympy knows of it: 'integer=True'
//             | "range" (expression | string) "in" "[" bound "," bound "]"
//             | "guard" string                     a Python expression over the inputs
//   bound     = integer | "-inf" | "inf"
//   block     = "graph" [name] "(" [input {"," input} [","]] ")" [attributes] ":"
//               {node} "return" "(" [output {"," output} [","]] ")" [attributes]
//   input     = result [spec] [attributes]
//   spec      = "=" ("parameter" | "buffer" | "tensor_constant" | "custom_obj") string
//                   ["persistent" "=" bool] ["value" "=" literal]
//             | "=" "token" | "=" "constant_input" string argument
//   node      = [results "="] [opcode] operator "(" [argument {"," argument} [","]] ")"
//               [attributes] {block}       a block for each nested graph that the arguments name
//   results   = result {"," result} | name ":" group | group
//   group     = "(" [form {"," form} [","]] ")" | list ["!" kind] | "None"
//   form      = (result | list | "None") ["!" kind]
//   list      = "[" [result {"," result}] "]"
//   result    = name [":" type]
//   argument  = [name (":" | "=" | ":=")] value ["!" kind]
//   value     = name | "None" | "True" | "False" | integer | real | "complex(" real "," real ")"
//             | string | "[" values "]" | "{" string ":" value "," … "}" | "self." block name
//             | "torch." dtype, layout or memory format | "device(type='cuda', index=0)"
//   type      = dtype "[" sizes "]" ["[" strides "]"] [device] ["<" flag "," … ">"]
//             | "Sym(" size ")" | "SymBool(" size ")" | "SymFloat(" string ")" | "Token"
//             | "CustomObj(" string ")" | "None"
//   size      = integer | expression ["=" hint] | string ["=" hint]   a string is sympy's srepr text
//   expression = as Python writes it: s77, 2*s77 + 1, (s77//2), Max(1, u0), u0 >= 0
//   flag      = "requires_grad" | "offset" "=" size | "layout" "=" name
//   output    = argument ["->" output kind [string]]
//   attributes = "{" ["@"] name "=" string "," … "}"  metadata; with "@" the node's own fields
//   name      = Python identifier that is not reserved (None, True, False, inf, nan, graph, return,
//               self, torch, device, complex; as an argument's name any), or %'any text'
//
// The node's name is that of its single result; with several or no results it stands before the
// group (max_1 above; `_assert: None = …`). Without one the node gets a fresh name. Operators go
// without "torch.ops.". An argument's `name:` is its schema name where it is given by position,
// `name=` by keyword, `name:=` where the call omitted it and the host filled it in.
//
// An argument's kind follows from its text: `1` int, `1.0` float, `[1, 2]` ints, `[]` ints, a name
// what the value's type says, `[x, None]` optional_tensors. Where the graph has another kind,
// "!kind" says so (`[]!tensors`), unless a ParameterLookup told both sides.
//
// Printing and parsing are near-linear; blocks nest at most 32 deep, lists 64.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "graph/graph.hpp"

namespace fettle {

// A parameter of an operator's schema, asked for by its position or, when `name` is not empty, by
// name; nullopt when operator or parameter is unknown. `kind` is how it is usually exported.
struct ParameterInfo {
  std::string name;
  ArgKind kind = ArgKind::none;
};
using ParameterLookup = std::function<std::optional<ParameterInfo>(
    std::string_view op, std::size_t position, std::string_view name)>;

struct PrintOptions {
  enum class Types : std::uint8_t {
    none,
    brief,  // dtype and sizes; strides and device where they are not the usual ones
    full,   // and hints, requires_grad, storage offset, layout
  };
  Types types = Types::brief;
  bool argument_names = false;         // and the arguments that the call omitted
  bool metadata = false;               // and other fields of nodes that are not the default ones
  std::size_t constant_elements = 0;   // values of constants of at most so many elements
  ParameterLookup parameters = {};          // leaves out kinds that the schema tells

  // Everything: parses back to the same graph without any registry.
  static PrintOptions exact();
};

struct ParseOptions {
  std::string source = "text";  // named in messages: "text:3:14"
  ParameterLookup parameters = {};   // names arguments given by position, and resolves their kinds
};

std::string print(const Graph& graph, const PrintOptions& options = {});
std::string print_node(const Graph& graph, NodeId node, const PrintOptions& options = {});
std::string print_type(const Type& type, PrintOptions::Types detail = PrintOptions::Types::brief);

// Throws Error with text_* codes at line:column. Constants without a value in the text are not in
// the graph's table: add them, or the structural check refuses the graph.
std::unique_ptr<Graph> parse_graph(std::string_view text, const ParseOptions& options = {});

}  // namespace fettle
