#include "archive/json_shape.hpp"

#include <algorithm>
#include <array>

namespace fettle {
namespace {

using Kind = Shape::Kind;

constexpr Shape list_of(const Shape& element) {
  return {Kind::list, {}, &element};
}
constexpr Shape object_of(std::span<const Member> members) {
  return {Kind::object, members, nullptr};
}
constexpr Shape union_of(std::span<const Member> members) {
  return {Kind::tagged, members, nullptr};
}

constexpr Shape kLeaf, kText{Kind::text, {}, nullptr}, kReal{Kind::real, {}, nullptr},
    kNested{Kind::nested, {}, nullptr}, kTexts{Kind::map, {}, &kText},
    kLeaves = list_of(kLeaf), kLeafLists = list_of(kLeaves), kReals = list_of(kReal),
    kRealLists = list_of(kReals);

constexpr std::array kDeviceMembers = {Member{"type", &kText}, Member{"index", &kLeaf}};
constexpr Shape kDevice = object_of(kDeviceMembers);

constexpr std::array kHintMembers = {Member{"as_int", &kLeaf}, Member{"as_bool", &kLeaf},
                                     Member{"as_float", &kReal}};
constexpr Shape kHint = union_of(kHintMembers), kOptionalHint{Kind::optional, {}, &kHint};
constexpr std::array kExprMembers = {Member{"expr_str", &kText}, Member{"hint", &kOptionalHint}};
constexpr Shape kExpr = object_of(kExprMembers);

constexpr std::array kSymIntMembers = {Member{"as_int", &kLeaf}, Member{"as_expr", &kExpr}};
constexpr std::array kSymBoolMembers = {Member{"as_bool", &kLeaf}, Member{"as_expr", &kExpr}};
constexpr std::array kSymFloatMembers = {Member{"as_float", &kReal}, Member{"as_expr", &kExpr}};
constexpr Shape kSymInt = union_of(kSymIntMembers), kSymInts = list_of(kSymInt);

constexpr std::array kTensorMetaMembers = {
    Member{"dtype", &kLeaf},    Member{"sizes", &kSymInts},   Member{"requires_grad", &kLeaf},
    Member{"device", &kDevice}, Member{"strides", &kSymInts}, Member{"storage_offset", &kSymInt},
    Member{"layout", &kLeaf},
};

constexpr std::array kNameMembers = {Member{"name", &kText}};
constexpr Shape kName = object_of(kNameMembers), kNames = list_of(kName),
                kNameLists = list_of(kNames);

constexpr std::array kSymIntArgumentMembers = {Member{"as_name", &kText}, Member{"as_int", &kLeaf}};
constexpr std::array kSymFloatArgumentMembers = {Member{"as_name", &kText},
                                                 Member{"as_float", &kReal}};
constexpr std::array kSymBoolArgumentMembers = {Member{"as_name", &kText},
                                                Member{"as_bool", &kLeaf}};
constexpr Shape kSymIntArgument = union_of(kSymIntArgumentMembers),
                kSymFloatArgument = union_of(kSymFloatArgumentMembers),
                kSymBoolArgument = union_of(kSymBoolArgumentMembers),
                kSymIntArguments = list_of(kSymIntArgument),
                kSymFloatArguments = list_of(kSymFloatArgument),
                kSymBoolArguments = list_of(kSymBoolArgument);

constexpr std::array kOptionalTensorMembers = {Member{"as_tensor", &kName},
                                               Member{"as_none", &kLeaf}};
constexpr Shape kOptionalTensor = union_of(kOptionalTensorMembers),
                kOptionalTensors = list_of(kOptionalTensor);

constexpr std::array kGraphMembers = {Member{"name", &kText}, Member{"graph", &kNested}};
constexpr Shape kGraph = object_of(kGraphMembers);
constexpr std::array kCustomObjMembers = {Member{"name", &kText}, Member{"class_fqn", &kText}};
constexpr std::array kComplexMembers = {Member{"real", &kReal}, Member{"imag", &kReal}};
constexpr Shape kComplex = object_of(kComplexMembers);
constexpr Shape kArguments{Kind::map, {}, &shapes::argument};

constexpr std::array kArgumentMembers = {
    // the usual ones first
    Member{"as_tensor", &kName},
    Member{"as_int", &kLeaf},
    Member{"as_ints", &kLeaves},
    Member{"as_tensors", &kNames},
    Member{"as_float", &kReal},
    Member{"as_bool", &kLeaf},
    Member{"as_none", &kLeaf},
    Member{"as_sym_int", &kSymIntArgument},
    Member{"as_sym_ints", &kSymIntArguments},
    Member{"as_scalar_type", &kLeaf},
    Member{"as_device", &kDevice},
    Member{"as_layout", &kLeaf},
    Member{"as_memory_format", &kLeaf},
    Member{"as_string", &kText},
    Member{"as_optional_tensor", &kOptionalTensor},
    Member{"as_optional_tensors", &kOptionalTensors},
    Member{"as_floats", &kReals},
    Member{"as_bools", &kLeaves},
    Member{"as_strings", &kLeaves},
    Member{"as_sym_bool", &kSymBoolArgument},
    Member{"as_sym_bools", &kSymBoolArguments},
    Member{"as_sym_float", &kSymFloatArgument},
    Member{"as_sym_floats", &kSymFloatArguments},
    Member{"as_graph", &kGraph},
    Member{"as_custom_obj", &shapes::custom_obj},
    Member{"as_operator", &kText},
    Member{"as_complex", &kComplex},
    Member{"as_nested_tensors", &kNameLists},
    Member{"as_int_lists", &kLeafLists},
    Member{"as_float_lists", &kRealLists},
    Member{"as_string_to_argument", &kArguments},
};

constexpr std::array kNamedArgumentMembers = {
    Member{"name", &kText}, Member{"arg", &shapes::argument}, Member{"kind", &kLeaf}};
constexpr Shape kNamedArgument = object_of(kNamedArgumentMembers),
                kNamedArguments = list_of(kNamedArgument), kResults = list_of(shapes::argument);
constexpr std::array kNodeMembers = {
    Member{"target", &kText},
    Member{"inputs", &kNamedArguments},
    Member{"outputs", &kResults},
    Member{"metadata", &kTexts},
    Member{"is_hop_single_tensor_return", &kLeaf},
    Member{"name", &kText},
};

// Signature: {"arg": …} and the name of what the input or output stands for.
constexpr std::array kUserMembers = {Member{"arg", &shapes::argument}};
constexpr std::array kTokenMembers = {Member{"arg", &kName}};
constexpr std::array kParameterMembers = {Member{"arg", &kName}, Member{"parameter_name", &kText}};
constexpr std::array kBufferMembers = {Member{"arg", &kName}, Member{"buffer_name", &kText}};
constexpr std::array kBufferInputMembers = {Member{"arg", &kName}, Member{"buffer_name", &kText},
                                            Member{"persistent", &kLeaf}};
constexpr std::array kTensorConstantMembers = {Member{"arg", &kName},
                                               Member{"tensor_constant_name", &kText}};
constexpr std::array kCustomObjInputMembers = {Member{"arg", &shapes::custom_obj},
                                               Member{"custom_obj_name", &kText}};
constexpr std::array kUserInputMembers = {Member{"arg", &kName}, Member{"user_input_name", &kText}};
constexpr std::array kConstantInputMembers = {Member{"name", &kText},
                                              Member{"value", &shapes::argument}};
constexpr Shape kUser = object_of(kUserMembers), kToken = object_of(kTokenMembers),
                kParameter = object_of(kParameterMembers), kBuffer = object_of(kBufferMembers),
                kBufferInput = object_of(kBufferInputMembers),
                kTensorConstant = object_of(kTensorConstantMembers),
                kCustomObjInput = object_of(kCustomObjInputMembers),
                kUserInput = object_of(kUserInputMembers),
                kConstantInput = object_of(kConstantInputMembers);
constexpr std::array kInputSpecMembers = {
    Member{"user_input", &kUser},
    Member{"parameter", &kParameter},
    Member{"buffer", &kBufferInput},
    Member{"tensor_constant", &kTensorConstant},
    Member{"custom_obj", &kCustomObjInput},
    Member{"token", &kToken},
    Member{"constant_input", &kConstantInput},
};
constexpr std::array kOutputSpecMembers = {
    Member{"user_output", &kUser},
    Member{"loss_output", &kToken},
    Member{"buffer_mutation", &kBuffer},
    Member{"gradient_to_parameter", &kParameter},
    Member{"gradient_to_user_input", &kUserInput},
    Member{"user_input_mutation", &kUserInput},
    Member{"token", &kToken},
    Member{"parameter_mutation", &kParameter},
};

constexpr std::array kPayloadMembers = {Member{"path_name", &kText}, Member{"is_param", &kLeaf},
                                        Member{"use_pickle", &kLeaf},
                                        Member{"tensor_meta", &shapes::tensor_meta}};

bool has_members(const boost::json::object& object, const Shape& shape, ShapeFindings& findings) {
  bool fits = object.size() == shape.members.size();
  std::size_t at = 0;
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (at >= shape.members.size() || shape.members[at].key != key) {
      fits = false;  // look on: what follows may own a nested graph
      const auto found = std::ranges::find(shape.members, key, &Member::key);
      if (found == shape.members.end()) {
        findings.unknown.emplace(key);
        continue;
      }
      at = static_cast<std::size_t>(found - shape.members.begin());
    }
    fits &= has_shape(member.value(), *shape.members[at++].shape, findings);
  }
  return fits;
}

bool has_tag(const boost::json::object& object, const Shape& shape, ShapeFindings& findings) {
  if (object.size() != 1) return false;
  const auto& member = *object.begin();
  const auto found = std::ranges::find(shape.members, std::string_view(member.key()), &Member::key);
  return found != shape.members.end() && has_shape(member.value(), *found->shape, findings);
}

}  // namespace

namespace shapes {
constexpr Shape node = object_of(kNodeMembers), argument = union_of(kArgumentMembers),
                tensor_meta = object_of(kTensorMetaMembers), sym_int = kSymInt,
                sym_bool = union_of(kSymBoolMembers), sym_float = union_of(kSymFloatMembers),
                custom_obj = object_of(kCustomObjMembers), input_spec = union_of(kInputSpecMembers),
                output_spec = union_of(kOutputSpecMembers), payload = object_of(kPayloadMembers);
}  // namespace shapes

bool has_shape(const boost::json::value& value, const Shape& shape) {
  ShapeFindings findings;
  return has_shape(value, shape, findings);
}

bool has_shape(const boost::json::value& value, const Shape& shape, ShapeFindings& findings) {
  switch (shape.kind) {
    case Kind::leaf:
      return !value.is_structured();
    case Kind::text:
      return value.is_string();
    case Kind::real:
      return value.is_double() || value.is_string();
    case Kind::optional:
      return value.is_null() || has_shape(value, *shape.element, findings);
    case Kind::nested:
      findings.nested.push_back(&value);
      return true;
    case Kind::object:
      return value.is_object() && has_members(value.get_object(), shape, findings);
    case Kind::tagged:
      return value.is_object() && has_tag(value.get_object(), shape, findings);
    case Kind::list: {
      bool fits = value.is_array();
      if (!fits) return false;
      for (const auto& element : value.get_array())
        fits &= has_shape(element, *shape.element, findings);
      return fits;
    }
    case Kind::map: {
      bool fits = value.is_object();
      if (!fits) return false;
      for (const auto& member : value.get_object())
        fits &= has_shape(member.value(), *shape.element, findings);
      return fits;
    }
  }
  return false;
}

}  // namespace fettle
