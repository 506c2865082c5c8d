// No fmt here: libtorch's headers bring another version of it.
#include "torchscript/script_module.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/import_read.h>

#include <unordered_set>

#include "base/error.hpp"
#include "ops/torch_errors.hpp"

namespace fettle {
namespace {

InputSpec spec_of(InputKind kind, std::string path) {
  InputSpec spec;
  spec.kind = kind;
  spec.target = std::move(path);
  return spec;
}

}  // namespace

torch::jit::Module load_script_module(const std::string& file) {
  try {
    torch::jit::Module module = torch::jit::load(file, c10::Device(c10::kCPU));
    module.eval();
    return module;
  } catch (const std::exception& error) {
    throw Error({.code = Code::torchscript_unreadable,
                 .what = "libtorch cannot load the TorchScript archive",
                 .where = file,
                 .why = first_line(error),
                 .hint = "copy the file again, or save the module again with torch.jit.save"});
  }
}

std::vector<NamedTensor> named_tensors(const torch::jit::Module& module) {
  std::vector<NamedTensor> tensors;
  std::unordered_set<std::string> seen;
  const auto add = [&](InputKind kind, const std::string& path, const at::Tensor& tensor) {
    if (tensor.defined() && seen.insert(path).second) {
      tensors.push_back({spec_of(kind, path), tensor});
    }
  };
  for (const auto& parameter : module.named_parameters()) {
    add(InputKind::parameter, parameter.name, parameter.value);
  }
  for (const auto& buffer : module.named_buffers()) {
    add(InputKind::buffer, buffer.name, buffer.value);
  }
  for (const auto& attribute : module.named_attributes()) {
    if (attribute.value.isTensor()) {
      add(InputKind::tensor_constant, attribute.name, attribute.value.toTensor());
    }
  }
  return tensors;
}

std::unordered_map<const c10::ivalue::Object*, std::string> module_paths(
    const torch::jit::Module& module) {
  std::unordered_map<const c10::ivalue::Object*, std::string> paths;
  for (const auto& child : module.named_modules()) {
    paths.emplace(child.value._ivalue().get(), child.name);
  }
  return paths;
}

std::vector<c10::IValue> traced_inputs(const std::string& file) {
  try {
    caffe2::serialize::PyTorchStreamReader reader(file);
    if (!reader.hasRecord("traced_inputs.pkl")) return {};
    const c10::IValue inputs = torch::jit::readArchiveAndTensors(
        "traced_inputs", "", "traced_inputs/", std::nullopt, std::nullopt, std::nullopt, reader);
    if (!inputs.isGenericDict()) return {};
    const auto by_method = inputs.toGenericDict();
    const auto forward = by_method.find(c10::IValue("forward"));
    if (forward == by_method.end() || !forward->value().isList()) return {};
    return forward->value().toListRef().vec();
  } catch (const std::exception&) {
    return {};  // a note for people that the module does not need; shapes can still be given
  }
}

}  // namespace fettle
