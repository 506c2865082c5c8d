// What each placeholder and each output of the program's own graph stands for, as in
// torch.export's graph signature. Stored with the placeholder node and with the output node's
// operands, so that inserting or erasing one cannot make the two disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "graph/argument.hpp"
#include "graph/types.hpp"

namespace fettle {

enum class InputKind : std::uint8_t {
  user_input, parameter, buffer, tensor_constant, custom_obj, token, constant_input,
};

struct InputSpec {
  InputKind kind = InputKind::user_input;
  std::string target;      // parameter_name, buffer_name, … ; empty for user inputs and tokens
  bool persistent = true;  // buffers only
  Argument constant;       // constant_input: the Python constant the model was exported with
  friend bool operator==(const InputSpec& a, const InputSpec& b) {
    return a.kind == b.kind && a.target == b.target && a.persistent == b.persistent &&
           same_argument(a.constant, b.constant);
  }
};

enum class OutputKind : std::uint8_t {
  user_output, loss_output, buffer_mutation, parameter_mutation, user_input_mutation,
  gradient_to_parameter, gradient_to_user_input, token,
};

// "user_input", "buffer_mutation" …: the names above, also those of torch.export's schema.
std::string_view input_kind_name(InputKind kind);
std::optional<InputKind> input_kind_from_name(std::string_view name);
std::string_view output_kind_name(OutputKind kind);
std::optional<OutputKind> output_kind_from_name(std::string_view name);

struct OutputSpec {
  OutputKind kind = OutputKind::user_output;
  std::string target;  // buffer, parameter or user input name; empty for user outputs
  friend bool operator==(const OutputSpec&, const OutputSpec&) = default;
};

}  // namespace fettle
