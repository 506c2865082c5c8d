// "fettle.edit/1": changing a graph, all of it through the journal. The journal checks ids, uses
// and open rewrites; what belongs to a plugin's view is added here: binding to schemas, the
// signature's placeholders, and which inputs nobody may take away.
#include <fmt/format.h>

#include "graph/nested_blocks.hpp"
#include "host/abi_arguments.hpp"
#include "host/abi_constants.hpp"
#include "host/abi_editing.hpp"
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

fettle_status rewrite_begin(fettle_ctx* ctx, fettle_graph* g, fettle_node root, fettle_str why) {
  return edit(ctx, g, "rewrite_begin", [&](Journal& journal) -> fettle_status {
    return journal.begin_rewrite(NodeId(root), printable(to_view(why))) ? FETTLE_OK
                                                                        : FETTLE_E_LIMIT;
  });
}
fettle_status rewrite_end(fettle_ctx* ctx, fettle_graph* g) {
  return edit(ctx, g, "rewrite_end", [&](Journal& journal) -> fettle_status {
    journal.end_rewrite();
    return FETTLE_OK;
  });
}
fettle_status rewrite_abort(fettle_ctx* ctx, fettle_graph* g) {
  return edit(ctx, g, "rewrite_abort", [&](Journal& journal) -> fettle_status {
    journal.abort_rewrite();
    return FETTLE_OK;
  });
}

// The schema tells how many results there are, except for an operator that returns a list: its
// length is what remains of the types given.
ResultForms result_forms(const OperatorSchema& schema, std::uint64_t n_results) {
  ResultForms forms = result_forms_of(schema);
  std::uint64_t fixed = 0;
  ResultForm* list = nullptr;
  for (ResultForm& form : forms) {
    if (form.kind == ArgKind::tensors || form.kind == ArgKind::optional_tensors) {
      list = &form;
    } else {
      fixed += form.count;
    }
  }
  if (list && n_results >= fixed) list->count = static_cast<std::uint32_t>(n_results - fixed);
  const std::uint64_t counted = fixed + (list ? list->count : 0);
  if (counted != n_results) {
    refuse_edit("create_node", fmt::format("'{}' has {} results and {} types were given",
                                           schema.name, counted, n_results));
  }
  return forms;
}

// A higher-order operator has no schema: its results are what their types say.
ResultForms forms_of_types(const Graph& graph, const std::vector<TypeId>& types) {
  ResultForms forms;
  for (TypeId type : types) {
    switch (graph.types().type(type).kind) {
      case TypeKind::sym_int: forms.push_back({ArgKind::sym_int, 1}); break;
      case TypeKind::sym_float: forms.push_back({ArgKind::sym_float, 1}); break;
      case TypeKind::sym_bool: forms.push_back({ArgKind::sym_bool, 1}); break;
      default: forms.push_back({ArgKind::tensor, 1}); break;
    }
  }
  return forms;
}

// Python gets a value itself, not a tuple of one, where the graph that makes the results says so.
bool returns_single(const Graph& graph, const std::vector<NamedArgument>& arguments) {
  bool single = false;
  for_each_block(arguments, [&](BlockId block) {
    single = block.index < graph.block_bound() && graph.block(block).is_single_tensor_return;
  });
  return single;
}

// The results of a call for which no types were given; one that has none needs none.
void infer_results(const fettle_graph& g, NodeSpec& spec, const OperatorSchema& schema) {
  if (result_forms_of(schema).empty()) return;
  CallTypes inferred = infer_call(g, spec.op, {spec.arguments, spec.operands});
  if (!inferred.known) {
    refuse_edit("create_node",
                fmt::format("no types were given for the results of '{}', and no rule tells them: {}",
                            schema.name, inferred.why),
                "give result_types");
  }
  for (Type& type : inferred.types) {
    spec.result_types.push_back(g.graph.intern(std::move(type)));
  }
  spec.result_forms = std::move(inferred.forms);
}

NodeSpec spec_of(const fettle_graph& g, const fettle_node_spec& given) {
  const Graph& graph = g.graph;
  const std::string_view op = to_view(given.op);
  const OperatorSchema* schema = find_operator(op);
  if (!schema) {
    refuse_edit("create_node", fmt::format("there is no operator '{}' to call", printable(op)),
                suggest_operator(op));
  }
  if ((given.n_args > 0 && !given.args) || (given.n_results > 0 && !given.result_types)) {
    refuse_edit("create_node", "a list has a length and no data");
  }
  NodeSpec spec;
  spec.op = graph.intern(op);
  BoundArguments bound = bind_arguments(graph, *schema, {given.args, given.n_args});
  spec.arguments = std::move(bound.arguments);
  spec.operands = std::move(bound.operands);
  for (std::uint64_t i = 0; i < given.n_results; ++i) {
    require_type(graph, given.result_types[i], "create_node");
    spec.result_types.emplace_back(given.result_types[i]);
  }
  if (schema->source == SchemaSource::higher_order) {
    spec.result_forms = forms_of_types(graph, spec.result_types);
    spec.hop_single_tensor_return = returns_single(graph, spec.arguments);
  } else if (given.n_results > 0) {
    spec.result_forms = result_forms(*schema, given.n_results);
  } else {
    infer_results(g, spec, *schema);
  }
  if (given.provenance != FETTLE_NONE) {
    spec.metadata = live(graph, given.provenance, "create_node").metadata;
  }
  return spec;
}

fettle_status create_node(fettle_ctx* ctx, fettle_graph* g, const fettle_node_spec* given,
                          fettle_node* out) {
  if (!usable(given) || !out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "create_node", [&](Journal& journal) -> fettle_status {
    const fettle_node_spec asked = read_struct(given);
    if (journal.in_rewrite()) live(journal.graph(), asked.before, "create_node");
    *out = create_call(*g, asked, {.before = NodeId(asked.before)}).index;
    return FETTLE_OK;
  });
}

fettle_status erase_node(fettle_ctx* ctx, fettle_graph* g, fettle_node id) {
  return edit(ctx, g, "erase_node", [&](Journal& journal) -> fettle_status {
    const Node& node = live(journal.graph(), id, "erase_node");
    if (node.opcode == Opcode::placeholder) {
      erase_constant_input(journal, NodeId(id));
    } else {
      journal.erase_node(NodeId(id));
    }
    return FETTLE_OK;
  });
}

fettle_status replace_all_uses(fettle_ctx* ctx, fettle_graph* g, fettle_value value,
                               fettle_value by) {
  return edit(ctx, g, "replace_all_uses", [&](Journal& journal) -> fettle_status {
    journal.replace_all_uses(ValueId(value), ValueId(by));
    return FETTLE_OK;
  });
}

fettle_status set_operand(fettle_ctx* ctx, fettle_graph* g, fettle_node id, std::uint32_t operand,
                          fettle_value value) {
  return edit(ctx, g, "set_operand", [&](Journal& journal) -> fettle_status {
    journal.set_operand(NodeId(id), operand, ValueId(value));
    return FETTLE_OK;
  });
}

fettle_status set_arg(fettle_ctx* ctx, fettle_graph* g, fettle_node id, const fettle_arg* given) {
  if (!given) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "set_arg", [&](Journal& journal) -> fettle_status {
    const Node& node = live(journal.graph(), id, "set_arg");
    if (node.opcode != Opcode::call_function) {
      refuse_edit("set_arg", "only calls have named arguments");
    }
    BoundArguments bound = replace_argument(journal.graph(), NodeId(id), *given);
    journal.set_arguments(NodeId(id), std::move(bound.arguments), std::move(bound.operands));
    return FETTLE_OK;
  });
}

fettle_status move_before(fettle_ctx* ctx, fettle_graph* g, fettle_node id, fettle_node before) {
  return edit(ctx, g, "move_before", [&](Journal& journal) -> fettle_status {
    if (live(journal.graph(), id, "move_before").opcode == Opcode::placeholder ||
        live(journal.graph(), before, "move_before").opcode == Opcode::placeholder) {
      refuse_edit("move_before", "placeholders keep the signature's order");
    }
    journal.move_before(NodeId(id), NodeId(before));
    return FETTLE_OK;
  });
}

fettle_status set_type(fettle_ctx* ctx, fettle_graph* g, fettle_value value, fettle_type_id type) {
  return edit(ctx, g, "set_type", [&](Journal& journal) -> fettle_status {
    require_type(journal.graph(), type, "set_type");
    journal.set_type(ValueId(value), TypeId(type));
    return FETTLE_OK;
  });
}

std::vector<SymInt> dims(const fettle_dim* given, std::uint64_t n) {
  std::vector<SymInt> out;
  out.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    SymInt size(given[i].value);
    size.expression = std::string(to_view(given[i].expression));
    size.has_hint = given[i].expression.size == 0 || given[i].has_hint != 0;
    out.push_back(std::move(size));
  }
  return out;
}

Type type_of(const fettle_type& given) {
  constexpr std::uint64_t kMostRank = 64;  // torch's own limit
  if (given.kind != FETTLE_TYPE_TENSOR) {
    refuse_edit("intern_type", "only types of tensors can be made");
  }
  const std::optional<DType> dtype = dtype_from_number(given.dtype);
  if (!dtype) refuse_edit("intern_type", fmt::format("{} is no dtype", given.dtype));
  if (given.rank > kMostRank || (given.rank > 0 && !given.sizes)) {
    refuse_edit("intern_type", "the sizes are missing or too many");
  }
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = *dtype;
  type.requires_grad = given.requires_grad != 0;
  type.sizes = dims(given.sizes, given.rank);
  if (given.rank == 0 || given.strides) {
    type.strides = dims(given.strides, given.rank);
  } else {
    type.strides.resize(given.rank);
    std::int64_t stride = 1;
    for (std::size_t i = given.rank; i-- > 0;) {
      if (type.sizes[i].symbolic()) {
        refuse_edit("intern_type", "symbolic sizes need strides beside them");
      }
      type.strides[i] = stride;
      stride *= std::max<std::int64_t>(type.sizes[i].value, 1);
    }
  }
  type.device.type = given.device_type.size ? std::string(to_view(given.device_type)) : "cpu";
  if (given.device_index >= 0) type.device.index = given.device_index;
  return type;
}

fettle_status intern_type(fettle_ctx* ctx, fettle_graph* g, const fettle_type* given,
                          fettle_type_id* out) {
  if (!usable(given) || !out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "intern_type", [&](Journal& journal) -> fettle_status {
    *out = journal.graph().intern(type_of(read_struct(given))).index;
    return FETTLE_OK;
  });
}

fettle_status add_constant(fettle_ctx* ctx, fettle_graph* g, fettle_str name,
                           const DLTensor* tensor, fettle_value* out) {
  if (!tensor || !out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "add_constant", [&](Journal& journal) -> fettle_status {
    *out = add_constant_input(journal, *g, to_view(name), *tensor).index;
    return FETTLE_OK;
  });
}

}  // namespace

NodeId create_call(fettle_graph& g, const fettle_node_spec& asked, InsertPoint where) {
  Journal& journal = *g.journal;
  if (!journal.in_rewrite()) refuse_edit("create_node", "no rewrite is open");
  const Graph& graph = journal.graph();
  if (where.before && graph.node(where.before).opcode == Opcode::placeholder) {
    refuse_edit("create_node", "a call cannot stand before a placeholder");
  }
  NodeSpec spec = spec_of(g, asked);
  if (const std::string_view name = to_view(asked.name); !name.empty()) {
    spec.name = journal.fresh_name(printable(name));
  }
  return journal.create_node(std::move(spec), where);
}

const fettle_edit_v1 kEditTable = {
    .size = sizeof(fettle_edit_v1),
    .reserved = 0,
    .rewrite_begin = rewrite_begin,
    .rewrite_end = rewrite_end,
    .rewrite_abort = rewrite_abort,
    .create_node = create_node,
    .erase_node = erase_node,
    .replace_all_uses = replace_all_uses,
    .set_operand = set_operand,
    .set_arg = set_arg,
    .move_before = move_before,
    .set_type = set_type,
    .intern_type = intern_type,
    .add_constant = add_constant,
};

}  // namespace fettle
