#include "archive/argument_json.hpp"
#include "archive/type_json.hpp"

namespace fettle {

ArgKind input_argument_kind(const Type& type) {
  if (type.kind == TypeKind::sym_int) return ArgKind::sym_int;
  return type.kind == TypeKind::custom_obj ? ArgKind::custom_obj : ArgKind::tensor;
}

void ArgumentWriter::write(const Argument& argument, std::span<const ValueId> operands) {
  operands_ = operands;
  out_.raw("{");
  out_.key(argument_tag(argument.kind), true);
  payload(argument);
  out_.raw("}");
}

void ArgumentWriter::value_name(Operand operand) {
  out_.string(graph_.text(graph_.value(operands_[operand.index]).name));
}

void ArgumentWriter::value_object(Operand operand) {
  out_.raw("{\"name\": ");
  value_name(operand);
  out_.raw("}");
}

void ArgumentWriter::payload(const Argument& argument) {
  const auto each = [&](const Argument& element) { payload(element); };
  const auto* operand = std::get_if<Operand>(&argument.payload);
  switch (argument.kind) {
    case ArgKind::none:
      return out_.raw("true");
    case ArgKind::tensor:
      return value_object(*operand);
    case ArgKind::custom_obj:
      out_.raw("{\"name\": ");
      value_name(*operand);
      out_.key("class_fqn");
      out_.string(graph_.type(operands_[operand->index]).text);
      return out_.raw("}");
    case ArgKind::optional_tensor:
      if (!operand) return out_.raw("{\"as_none\": true}");
      out_.raw("{\"as_tensor\": ");
      value_object(*operand);
      return out_.raw("}");
    case ArgKind::sym_int:
    case ArgKind::sym_float:
    case ArgKind::sym_bool:
      if (operand) {
        out_.raw("{\"as_name\": ");
        value_name(*operand);
      } else if (const auto* integer = std::get_if<std::int64_t>(&argument.payload)) {
        out_.raw("{\"as_int\": ");
        out_.integer(*integer);
      } else if (const auto* real = std::get_if<double>(&argument.payload)) {
        out_.raw("{\"as_float\": ");
        out_.real(*real);
      } else {
        out_.raw("{\"as_bool\": ");
        out_.boolean(std::get<bool>(argument.payload));
      }
      return out_.raw("}");
    case ArgKind::tensors:
    case ArgKind::optional_tensors:
    case ArgKind::nested_tensors:
    case ArgKind::sym_ints:
    case ArgKind::sym_floats:
    case ArgKind::sym_bools:
    case ArgKind::integer_lists:
    case ArgKind::real_lists:
    case ArgKind::booleans:
    case ArgKind::strings:
      return out_.list(std::get<std::vector<Argument>>(argument.payload), each);
    case ArgKind::integers:
      return out_.list(std::get<std::vector<std::int64_t>>(argument.payload),
                       [&](std::int64_t v) { out_.integer(v); });
    case ArgKind::reals:
      return out_.list(std::get<std::vector<double>>(argument.payload),
                       [&](double v) { out_.real(v); });
    case ArgKind::integer:
    case ArgKind::dtype:
    case ArgKind::layout:
    case ArgKind::memory_format:
      return out_.integer(std::get<std::int64_t>(argument.payload));
    case ArgKind::real:
      return out_.real(std::get<double>(argument.payload));
    case ArgKind::boolean:
      return out_.boolean(std::get<bool>(argument.payload));
    case ArgKind::complex_number: {
      const auto value = std::get<std::complex<double>>(argument.payload);
      out_.raw("{\"real\": ");
      out_.real(value.real());
      out_.key("imag");
      out_.real(value.imag());
      return out_.raw("}");
    }
    case ArgKind::string:
      return out_.string(graph_.text(std::get<StringId>(argument.payload)));
    case ArgKind::operator_name:
      return out_.string(target_from_operator(graph_.text(std::get<StringId>(argument.payload))));
    case ArgKind::device:
      return write_device(out_, *std::get<DeviceArgument>(argument.payload));
    case ArgKind::block: {
      const auto& ref = std::get<BlockRef>(argument.payload);
      out_.raw("{\"name\": ");
      out_.string(graph_.text(ref.name));
      out_.key("graph");
      // The nested graph's arguments name their own operands: ours are put aside meanwhile.
      const auto operands = operands_;
      write_block_(out_, ref.block);
      operands_ = operands;
      return out_.raw("}");
    }
    case ArgKind::dict: {
      bool first = true;
      out_.raw("{");
      for (const DictEntry& entry : std::get<std::vector<DictEntry>>(argument.payload)) {
        out_.key(graph_.text(entry.key), first);
        first = false;
        write(entry.value, operands_);
      }
      return out_.raw("}");
    }
  }
}

}  // namespace fettle
