// The names by which the schema calls what the graph calls otherwise: argument tags and targets.
#include <algorithm>
#include <array>

#include "archive/argument_json.hpp"

namespace fettle {
namespace {

struct Tag {
  std::string_view text;
  ArgKind kind;
};

constexpr std::array kTags = {
    Tag{"as_bool", ArgKind::boolean},
    Tag{"as_bools", ArgKind::booleans},
    Tag{"as_complex", ArgKind::complex_number},
    Tag{"as_custom_obj", ArgKind::custom_obj},
    Tag{"as_device", ArgKind::device},
    Tag{"as_float", ArgKind::real},
    Tag{"as_float_lists", ArgKind::real_lists},
    Tag{"as_floats", ArgKind::reals},
    Tag{"as_graph", ArgKind::block},
    Tag{"as_int", ArgKind::integer},
    Tag{"as_int_lists", ArgKind::integer_lists},
    Tag{"as_ints", ArgKind::integers},
    Tag{"as_layout", ArgKind::layout},
    Tag{"as_memory_format", ArgKind::memory_format},
    Tag{"as_nested_tensors", ArgKind::nested_tensors},
    Tag{"as_none", ArgKind::none},
    Tag{"as_operator", ArgKind::operator_name},
    Tag{"as_optional_tensor", ArgKind::optional_tensor},
    Tag{"as_optional_tensors", ArgKind::optional_tensors},
    Tag{"as_scalar_type", ArgKind::dtype},
    Tag{"as_string", ArgKind::string},
    Tag{"as_string_to_argument", ArgKind::dict},
    Tag{"as_strings", ArgKind::strings},
    Tag{"as_sym_bool", ArgKind::sym_bool},
    Tag{"as_sym_bools", ArgKind::sym_bools},
    Tag{"as_sym_float", ArgKind::sym_float},
    Tag{"as_sym_floats", ArgKind::sym_floats},
    Tag{"as_sym_int", ArgKind::sym_int},
    Tag{"as_sym_ints", ArgKind::sym_ints},
    Tag{"as_tensor", ArgKind::tensor},
    Tag{"as_tensors", ArgKind::tensors},
};
static_assert(std::is_sorted(kTags.begin(), kTags.end(),
                             [](const Tag& a, const Tag& b) { return a.text < b.text; }));

constexpr std::string_view kTorchOps = "torch.ops.";

}  // namespace

std::string_view argument_tag(ArgKind kind) {
  const auto found =
      std::find_if(kTags.begin(), kTags.end(), [&](const Tag& t) { return t.kind == kind; });
  return found->text;
}

std::optional<ArgKind> argument_kind(std::string_view tag) {
  const auto found =
      std::lower_bound(kTags.begin(), kTags.end(), tag,
                       [](const Tag& t, std::string_view text) { return t.text < text; });
  if (found == kTags.end() || found->text != tag) return std::nullopt;
  return found->kind;
}

std::string_view operator_from_target(std::string_view target) {
  if (target.starts_with(kTorchOps)) target.remove_prefix(kTorchOps.size());
  return target;
}

std::string target_from_operator(std::string_view op) {
  for (const std::string_view python : {"_operator.", "builtins.", "math.", "torch.", "#"}) {
    if (op.starts_with(python)) return std::string(op);
  }
  return std::string(kTorchOps).append(op);
}

}  // namespace fettle
