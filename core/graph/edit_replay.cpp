// Recorded calls, carried out again. What a call refers to is checked here as far as the journal
// does not do so itself.
#include "graph/edit_wire_reading.hpp"

namespace fettle {

void EditReplay::one_call(Journal*& journal, const BeginJournal& begin) {
  const EditCall call = in_.choice(EditCall::remove_constant);
  if (call == EditCall::journal_begin) {
    journal = begin();
    return;
  }
  if (!journal) ByteReader::refuse("an edit comes before the journal that it belongs to");
  carry_out(call, *journal);
}

void EditReplay::carry_out(EditCall call, Journal& journal) {
  switch (call) {
    case EditCall::journal_begin:
      break;
    case EditCall::rewrite_begin: {
      const auto root = in_.id<NodeId>();
      if (!journal.begin_rewrite(root, in_.utf8())) {
        ByteReader::refuse("there are more rewrites than the limit allows");
      }
      break;
    }
    case EditCall::rewrite_end:
      journal.end_rewrite();
      break;
    case EditCall::rewrite_abort:
      journal.abort_rewrite();
      break;
    case EditCall::rollback:
      journal.rollback(in_.number<std::uint64_t>());
      break;
    case EditCall::create_node:
      create_node(journal);
      break;
    case EditCall::erase_node:
      journal.erase_node(in_.id<NodeId>());
      break;
    case EditCall::set_operand: {
      const auto node = in_.id<NodeId>();
      const auto operand = in_.number<std::uint32_t>();
      journal.set_operand(node, operand, in_.id<ValueId>());
      break;
    }
    case EditCall::replace_all_uses: {
      const auto value = in_.id<ValueId>();
      journal.replace_all_uses(value, in_.id<ValueId>());
      break;
    }
    case EditCall::set_arguments:
      set_arguments(journal);
      break;
    case EditCall::move_before: {
      const auto node = in_.id<NodeId>();
      journal.move_before(node, in_.id<NodeId>());
      break;
    }
    case EditCall::set_type: {
      const auto value = in_.id<ValueId>();
      journal.set_type(value, in_.id<TypeId>());
      break;
    }
    case EditCall::rename_node: {
      const auto node = in_.id<NodeId>();
      journal.rename(node, read_.string());
      break;
    }
    case EditCall::rename_value: {
      const auto value = in_.id<ValueId>();
      journal.rename(value, read_.string());
      break;
    }
    case EditCall::set_metadata: {
      const auto node = in_.id<NodeId>();
      journal.set_metadata(node, read_.metadata());
      break;
    }
    case EditCall::create_block: {
      const StringId name = read_.optional_string();
      journal.create_block(name, in_.boolean());
      break;
    }
    case EditCall::set_input_spec:
      set_input_spec(journal);
      break;
    case EditCall::set_output_specs:
      set_output_specs(journal);
      break;
    case EditCall::add_constant:
      add_constant(journal);
      break;
    case EditCall::remove_constant:
      journal.remove_constant(in_.text());
      break;
  }
}

std::vector<ValueId> EditReplay::operands() {
  std::vector<ValueId> operands(in_.count());
  for (ValueId& operand : operands) operand = in_.id<ValueId>();
  return operands;
}

void EditReplay::create_node(Journal& journal) {
  InsertPoint where;
  where.block = in_.id<BlockId>();
  where.before = in_.id<NodeId>();
  NodeSpec spec;
  spec.opcode = in_.choice(Opcode::output);
  spec.op = read_.optional_string();
  spec.name = read_.string();
  spec.unknown_fields = read_.optional_string();
  if (const std::uint32_t single = in_.choice(3)) spec.hop_single_tensor_return = single == 2;
  for (std::size_t n = in_.count(); n > 0; --n) {
    ResultForm& form = spec.result_forms.emplace_back();
    form.kind = in_.choice(ArgKind::dict);
    form.count = in_.number<std::uint32_t>();
  }
  for (std::size_t n = in_.count(); n > 0; --n) {
    spec.result_types.push_back(in_.id<TypeId>());
    spec.result_names.push_back(read_.string());
  }
  spec.metadata = read_.metadata();
  spec.operands = operands();
  spec.arguments = read_.arguments();
  journal.create_node(std::move(spec), where);
}

void EditReplay::set_arguments(Journal& journal) {
  const auto node = in_.id<NodeId>();
  std::vector<ValueId> values = operands();
  journal.set_arguments(node, read_.arguments(), std::move(values));
}

void EditReplay::set_input_spec(Journal& journal) {
  const auto node = in_.id<NodeId>();
  InputSpec spec;
  spec.kind = in_.choice(InputKind::constant_input);
  spec.target = in_.utf8();
  spec.persistent = in_.boolean();
  spec.constant = read_.argument();
  journal.set_input_spec(node, std::move(spec));
}

void EditReplay::set_output_specs(Journal& journal) {
  std::vector<OutputSpec> specs(in_.count());
  for (OutputSpec& spec : specs) {
    spec.kind = in_.choice(OutputKind::token);
    spec.target = in_.utf8();
  }
  journal.set_output_specs(std::move(specs));
}

void EditReplay::add_constant(Journal& journal) {
  std::string name = in_.utf8();
  const auto index = in_.number<std::uint32_t>();
  if (index < first_constant_ || index - first_constant_ >= constants_.size()) {
    ByteReader::refuse("a constant was not sent");
  }
  journal.add_constant(std::move(name), constants_[index - first_constant_]);
}

}  // namespace fettle
