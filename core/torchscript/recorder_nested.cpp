// Nested graphs: opened, closed and called. See recorder.hpp.
#include <algorithm>

#include "base/error.hpp"
#include "runtime/tensor_impl.hpp"
#include "torchscript/recorder.hpp"

namespace fettle {
namespace {

Argument positional_block(const Graph& graph, BlockId block) {
  return {ArgKind::block, BlockRef{block, graph.block(block).name}};
}

void add_argument(const Graph& graph, NodeSpec& spec, Argument argument) {
  spec.arguments.push_back({graph.intern(""), ArgForm::positional, std::move(argument)});
}

}  // namespace

void Recorder::open(const std::string& name, bool single_result) {
  open_.emplace_back().block = journal_.create_block(journal_.fresh_name(name), single_result);
}

Recorder::Nested Recorder::close() {
  Nested nested = std::move(open_.back());
  open_.pop_back();
  for (auto entry = nested.hidden.rbegin(); entry != nested.hidden.rend(); ++entry) {
    std::swap(known_.at(entry->first), entry->second);
  }
  return nested;
}

void Recorder::reopen(Nested nested) {
  for (auto& [tensor, known] : nested.hidden) std::swap(known_.at(tensor), known);
  open_.push_back(std::move(nested));
}

// Behind the placeholders that are there.
NodeId Recorder::add_nested_placeholder(Nested& nested, const std::string& name, TypeId type) {
  const NodeId before = nested.placeholders.empty() ? graph_.block(nested.block).first
                                                    : graph_.node(nested.placeholders.back()).next;
  const NodeId id = journal_.create_node(placeholder_spec(name, type), {nested.block, before});
  nested.placeholders.push_back(id);
  return id;
}

void Recorder::carry(const at::Tensor& tensor) {
  Nested& nested = open_.back();
  const NodeId id = add_nested_placeholder(nested, "arg" + std::to_string(nested.carried) + "_1",
                                           graph_.intern(wrap(tensor).type()));
  ++nested.carried;
  know(tensor, graph_.result(id));
  protect(tensor);
}

void Recorder::protect(const at::Tensor& tensor) {
  open_.back().outside.insert(tensor.storage().unsafeGetStorageImpl());
  open_.back().held.push_back(tensor);
}

void Recorder::capture_in(Nested& nested, ValueId value) {
  if (!nested.known.emplace(value, nested.captured.size()).second) return;
  nested.captured.push_back(value);
  add_nested_placeholder(nested, std::string(graph_.text(graph_.value(value).name)),
                         graph_.value(value).type);
}

// The value by which the open graph at this depth (0: the program's own) knows a value of a graph
// around it.
ValueId Recorder::inside(ValueId value, std::size_t depth, const at::Tensor& tensor) {
  if (depth == 0) return value;
  Nested& nested = open_[depth - 1];
  if (graph_.node(graph_.value(value).producer).block == nested.block) return value;
  const ValueId outer = inside(value, depth - 1, tensor);
  capture_in(nested, outer);
  nested.outside.insert(tensor.storage().unsafeGetStorageImpl());
  nested.held.push_back(tensor);
  return graph_.result(nested.placeholders[nested.carried + nested.known.at(outer)]);
}

bool Recorder::is_outside(const at::Tensor& tensor) {
  value_of(tensor, {});
  return open_.back().outside.contains(tensor.storage().unsafeGetStorageImpl());
}

bool Recorder::known_outside(const at::Tensor& tensor) const {
  const auto found = known_.find(tensor.unsafeGetTensorImpl());
  return found == known_.end() || found->second.is != Is::elsewhere;
}

void Recorder::finish_nested(const std::vector<at::Tensor>& outputs) {
  NodeSpec spec;
  spec.opcode = Opcode::output;
  spec.name = graph_.intern("output");
  for (const at::Tensor& output : outputs) {
    add_argument(graph_, spec, {ArgKind::tensor, spec.add_operand(value_of(output, {}))});
  }
  journal_.create_node(std::move(spec), {block(), {}});
}

void Recorder::discard(Nested nested) {
  while (const NodeId last = graph_.block(nested.block).last) journal_.erase_node(last);
}

// Every graph gets a placeholder for what any of them captured, in one order.
void Recorder::align(const std::vector<Nested*>& graphs) {
  std::vector<ValueId> all;
  std::unordered_set<ValueId> seen;
  for (const Nested* nested : graphs) {
    for (ValueId value : nested->captured) {
      if (seen.insert(value).second) all.push_back(value);
    }
  }
  for (Nested* nested : graphs) {
    for (ValueId value : all) capture_in(*nested, value);
    if (all.empty()) continue;
    const NodeId call = graph_.node(nested->placeholders.back()).next;
    for (ValueId value : all) {
      journal_.move_before(nested->placeholders[nested->carried + nested->known.at(value)], call);
    }
  }
}

void Recorder::record_cond(const at::Tensor& predicate, Nested first, Nested second,
                           const std::vector<at::Tensor>& results,
                           const std::vector<MetadataEntry>& metadata) {
  align({&first, &second});
  NodeSpec spec;
  const Operand condition = spec.add_operand(value_of(predicate, metadata));
  add_argument(graph_, spec, {ArgKind::tensor, condition});
  add_argument(graph_, spec, positional_block(graph_, first.block));
  add_argument(graph_, spec, positional_block(graph_, second.block));
  record_nested("higher_order.cond", std::move(spec), first, results, metadata);
}

void Recorder::record_while(Nested condition, Nested body, const std::vector<at::Tensor>& carried,
                            const std::vector<at::Tensor>& results,
                            const std::vector<MetadataEntry>& metadata) {
  align({&body, &condition});
  NodeSpec spec;
  add_argument(graph_, spec, positional_block(graph_, condition.block));
  add_argument(graph_, spec, positional_block(graph_, body.block));
  std::vector<Argument> list;
  for (const at::Tensor& tensor : carried) {
    list.push_back({ArgKind::tensor, spec.add_operand(value_of(tensor, metadata))});
  }
  add_argument(graph_, spec, {ArgKind::tensors, std::move(list)});
  record_nested("higher_order.while_loop", std::move(spec), body, results, metadata);
}

// The captured values come last: those of `any` of the graphs, as they are aligned.
void Recorder::record_nested(std::string_view op, NodeSpec spec, const Nested& any,
                             const std::vector<at::Tensor>& results,
                             const std::vector<MetadataEntry>& metadata) {
  spec.op = graph_.intern(op);
  spec.name = journal_.fresh_name(op.substr(op.find('.') + 1));
  spec.metadata = metadata;
  spec.hop_single_tensor_return = false;
  std::vector<Argument> list;
  for (ValueId value : any.captured) list.push_back({ArgKind::tensor, spec.add_operand(value)});
  add_argument(graph_, spec, {ArgKind::tensors, std::move(list)});
  for (const at::Tensor& result : results) {
    spec.result_types.push_back(graph_.intern(wrap(result).type()));
    spec.result_forms.push_back({ArgKind::tensor, 1});
    spec.result_names.push_back(
        journal_.fresh_name("getitem"));  // as in FX, where the call is a tuple
  }
  const NodeId node = journal_.create_node(std::move(spec), {block(), {}});
  for (std::uint32_t i = 0; i < results.size(); ++i) know(results[i], graph_.result(node, i));
}

void Recorder::note_copy(const at::Tensor& copy, const at::Tensor& original) {
  copies_.push_back({WeakStorage(copy.storage().getWeakStorageImpl()),
                     WeakStorage(original.storage().getWeakStorageImpl())});
}

void Recorder::check_writes(const OperatorSchema& schema,
                            const std::vector<c10::IValue>& arguments) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!schema.arguments[i].written) continue;
    if (arguments[i].isTensor() && arguments[i].toTensor().defined()) {
      check_write(arguments[i].toTensor());
    } else if (arguments[i].isTensorList()) {
      for (const at::Tensor& tensor : arguments[i].toTensorVector()) check_write(tensor);
    }
  }
}

void Recorder::check_write(const at::Tensor& tensor) const {
  const c10::StorageImpl* const storage = tensor.storage().unsafeGetStorageImpl();
  for (const Nested& nested : open_) {
    if (!nested.outside.contains(storage)) continue;
    throw Error({.code = Code::torchscript_unsupported,
                 .what = "a branch or a loop that the data decide writes to a tensor from outside",
                 .why = "a nested graph computes new tensors; what it is given stays as it is",
                 .hint = "compute a new tensor instead, for example x = x + 1 for x += 1"});
  }
  for (const Copy& each : copies_) {
    if (each.copy.expired() || each.original.expired()) continue;
    if (each.copy._unsafe_get_target() != storage &&
        each.original._unsafe_get_target() != storage) {
      continue;
    }
    throw Error({.code = Code::torchscript_unsupported,
                 .what = "a write to a tensor that, as the data decide, is one with another",
                 .why = "the graph has a copy where the model returns the tensor itself",
                 .hint = "compute a new tensor instead, for example y = y + 1 for y += 1"});
  }
}

}  // namespace fettle
