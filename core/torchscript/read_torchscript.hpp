// TorchScript in: archives of torch.jit.save become programs like those of torch.export.
//
// The module is loaded by libtorch, put into evaluation mode and run once on example inputs by an
// evaluator of fettle's own (evaluator.hpp), which records each operator on tensors as a node. What
// Python saw as numbers, lists, branches and loops on sizes is thereby computed away: sizes are
// static. What depends on the *values* of the inputs is represented (cond, while_loop) or refused by
// name.
//
// The result is not trusted: graph and TorchScript module are run on the same inputs and must agree.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "archive/program.hpp"

namespace fettle {

// What an archive does not say of its inputs, by argument name of `forward`. A trace keeps the shapes
// it was made with; a scripted module has none.
struct ExampleInputs {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  std::map<std::string, DType> dtypes;        // else as traced, else float32
  std::map<std::string, std::string> values;  // of numbers, strings and None: "3", "0.5", "true"
};

// Whether the file is an archive of torch.jit.save, by its content. False for what is no zip.
bool is_torchscript(const std::filesystem::path& path);

// Throws torchscript_* errors.
Program read_torchscript(const std::filesystem::path& path, const ExampleInputs& examples = {});

// A .pt2 or a TorchScript archive, by its content. `examples` are for the latter alone, `model` for the
// former (archive/program.hpp).
Program read_model(const std::filesystem::path& path, const ExampleInputs& examples = {},
                   std::string_view model = {});

}  // namespace fettle
