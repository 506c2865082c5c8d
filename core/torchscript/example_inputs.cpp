#include "torchscript/example_inputs.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "archive/pytree.hpp"

namespace fettle {
namespace {

using Kind = c10::TypeKind;  // fettle has a TypeKind of its own

class Maker {
 public:
  Maker(const ExampleInputs& given, std::uint64_t seed, const std::string& file)
      : given_(given), generator_(at::detail::createCPUGenerator(seed)), file_(file) {}

  [[noreturn]] void fail(const std::string& what, const std::string& why,
                         const std::string& hint) const {
    throw Error({.code = Code::torchscript_inputs,
                 .what = what,
                 .where = file_,
                 .why = why,
                 .hint = hint});
  }

  // nullopt: nothing was given, and the schema has a default.
  std::optional<c10::IValue> argument(const c10::Argument& wanted, const c10::IValue* traced) {
    const std::string& name = wanted.name();
    if (const auto value = given_.values.find(name); value != given_.values.end()) {
      return parse(wanted, value->second);
    }
    const auto shape = given_.shapes.find(name);
    if (shape != given_.shapes.end()) return tensor(shape->second, dtype(name, traced));
    if (traced) return like(*traced, name);
    if (wanted.default_value()) return std::nullopt;
    const std::string type = wanted.type()->str();
    fail("the input '" + name + "' of type " + type + " is not known",
         "a scripted module does not say what its inputs look like",
         takes_tensor(wanted) ? "give its shape, for example --input-shape " + name +
                                    "=1,3,224,224, and --input-dtype " + name +
                                    "=int64 if it is not float32"
                              : "give its value: --input-value " + name + "=…");
  }

 private:
  static bool takes_tensor(const c10::Argument& wanted) {
    return wanted.type()->str().find("Tensor") != std::string::npos;
  }

  c10::ScalarType dtype(const std::string& name, const c10::IValue* traced) const {
    const auto given = given_.dtypes.find(name);
    if (given != given_.dtypes.end()) {
      if (const auto type = scalar_type_of(given->second)) return *type;
    }
    return traced && traced->isTensor() ? traced->toTensor().scalar_type() : at::kFloat;
  }

  at::Tensor tensor(at::IntArrayRef sizes, c10::ScalarType type) {
    const auto options = at::TensorOptions().dtype(type);
    if (type == at::kBool) return at::randint(0, 2, sizes, generator_, at::kLong).to(at::kBool);
    if (c10::isIntegralType(type, false)) return at::randint(0, 2, sizes, generator_, options);
    return at::randn(sizes, generator_, at::TensorOptions().dtype(
                                            c10::isComplexType(type) ? type : at::kFloat))
        .to(type);
  }

  // Values for what the trace remembers: tensors, and containers of them.
  c10::IValue like(const c10::IValue& traced, const std::string& name) {
    if (traced.isTensor()) return tensor(traced.toTensor().sizes(), dtype(name, &traced));
    if (traced.isTuple()) {
      std::vector<c10::IValue> elements;
      for (const c10::IValue& e : traced.toTupleRef().elements()) elements.push_back(like(e, name));
      return c10::ivalue::Tuple::create(std::move(elements));
    }
    if (traced.isList()) {
      c10::impl::GenericList list(traced.toList().elementType());
      for (const c10::IValue& e : traced.toListRef()) list.push_back(like(e, name));
      return list;
    }
    if (traced.isGenericDict()) {
      const auto from = traced.toGenericDict();
      c10::impl::GenericDict dict(from.keyType(), from.valueType());
      for (const auto& entry : from) dict.insert(entry.key(), like(entry.value(), name));
      return dict;
    }
    return traced;
  }

  c10::IValue parse(const c10::Argument& wanted, const std::string& text) const {
    c10::TypePtr type = wanted.type();
    if (type->kind() == Kind::OptionalType) {
      if (text == "None" || text == "none") return {};
      type = type->expectRef<c10::OptionalType>().getElementType();
    }
    const auto number = [&](auto value) -> c10::IValue {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc{} && end == text.data() + text.size()) return value;
      refuse_value(wanted, text);
    };
    switch (type->kind()) {
      case Kind::IntType: return number(std::int64_t{});
      case Kind::FloatType: return number(double{});
      case Kind::StringType: return text;
      case Kind::BoolType:
        if (text == "true" || text == "True") return true;
        if (text == "false" || text == "False") return false;
        break;
      default: break;
    }
    refuse_value(wanted, text);
  }

  [[noreturn]] void refuse_value(const c10::Argument& wanted, const std::string& text) const {
    fail("the input '" + wanted.name() + "' cannot be '" + text + "'",
         "its type is " + wanted.type()->str(),
         takes_tensor(wanted) ? "tensors are given by --input-shape"
                              : "numbers, true, false, text and, where optional, None are values");
  }

  const ExampleInputs& given_;
  at::Generator generator_;
  const std::string& file_;
};

void check_names(const c10::FunctionSchema& forward, const ExampleInputs& given,
                 const Maker& maker) {
  std::vector<std::string> known;
  for (const c10::Argument& argument : forward.arguments()) {
    if (argument.name() != "self") known.push_back(argument.name());
  }
  const auto check = [&](const auto& by_name) {
    for (const auto& entry : by_name) {
      if (std::find(known.begin(), known.end(), entry.first) != known.end()) continue;
      maker.fail("the module has no input '" + entry.first + "'", {}, suggest(entry.first, known));
    }
  };
  check(given.shapes);
  check(given.dtypes);
  check(given.values);
}

}  // namespace

std::vector<ExampleArgument> example_arguments(const c10::FunctionSchema& forward,
                                               const std::vector<c10::IValue>& traced,
                                               const ExampleInputs& given, std::uint64_t seed,
                                               const std::string& file) {
  Maker maker(given, seed, file);
  check_names(forward, given, maker);
  std::vector<ExampleArgument> arguments;
  std::string left_out;
  for (std::size_t i = 1; i < forward.arguments().size(); ++i) {  // 0 is self
    const c10::Argument& wanted = forward.arguments()[i];
    auto value = maker.argument(wanted, i <= traced.size() ? &traced[i - 1] : nullptr);
    if (!value) {
      left_out = wanted.name();
    } else if (!left_out.empty()) {
      maker.fail("the input '" + wanted.name() + "' is given and '" + left_out + "' before it is not",
                 "inputs are passed by position",
                 "give '" + left_out + "' too: --input-shape or --input-value");
    } else {
      arguments.push_back({wanted.name(), std::move(*value)});
    }
  }
  return arguments;
}

void scale_examples(const std::vector<ExampleArgument>& arguments, double factor, bool one_sign) {
  for (const ExampleArgument& argument : arguments) {
    for (const c10::IValue& leaf : tree_leaves(argument.value)) {
      if (!leaf.isTensor() || !leaf.toTensor().defined()) continue;
      const at::Tensor& tensor = leaf.toTensor();
      if (!tensor.is_floating_point()) continue;
      if (one_sign) tensor.abs_();
      tensor.mul_(factor);
    }
  }
}

}  // namespace fettle
