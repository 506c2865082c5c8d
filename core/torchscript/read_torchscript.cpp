// read_torchscript: what becomes of a module, step by step.
//
// No fmt here: libtorch's headers bring another version of it.
#include "torchscript/read_torchscript.hpp"

#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/version.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "archive/new_program.hpp"
#include "base/error.hpp"
#include "graph/checks.hpp"
#include "ops/registry.hpp"
#include "ops/quiet_warnings.hpp"
#include "runtime/run_values.hpp"
#include "runtime/tensor_impl.hpp"
#include "ops/torch_errors.hpp"
#include "torchscript/evaluator.hpp"
#include "torchscript/example_inputs.hpp"
#include "torchscript/import_check.hpp"
#include "archive/pytree.hpp"
#include "archive/sample_pickle.hpp"
#include "torchscript/script_module.hpp"
#include "torchscript/weight_bytes.hpp"

namespace fettle {
namespace {

namespace jit = torch::jit;

constexpr int kEnoughInputs = 6;

using Values = std::vector<c10::IValue>;
using Arguments = std::vector<ExampleArgument>;

// The arguments by themselves; copies, as the module may write to them.
Values values_of(const Arguments& arguments) {
  Values values;
  for (const ExampleArgument& argument : arguments) values.push_back(argument.value.deepcopy());
  return values;
}

Values leaves_of(const Arguments& arguments) {
  Values leaves;
  for (const ExampleArgument& argument : arguments) {
    for (c10::IValue& leaf : tree_leaves(argument.value)) leaves.push_back(std::move(leaf));
  }
  return leaves;
}

// Keeps what a model prints off stdout while it is alive: core prints nothing.
class QuietPrints {
 public:
  QuietPrints() { jit::setPrintHandler([](const std::string&) {}); }
  ~QuietPrints() { jit::setPrintHandler(before_); }
  QuietPrints(const QuietPrints&) = delete;
  QuietPrints& operator=(const QuietPrints&) = delete;

 private:
  jit::PrintHandler before_ = jit::getPrintHandler();
};

// What libtorch computes: on a copy, so that buffers stay as the archive has them.
c10::IValue run_module(const jit::Module& module, const Arguments& arguments,
                       const std::string& file) {
  const jit::GraphOptimizerEnabledGuard plain(false);
  const QuietPrints quiet;
  at::manual_seed(kImportSeed);
  try {
    return module.deepcopy().forward(values_of(arguments));
  } catch (const std::exception& error) {
    throw Error({.code = Code::torchscript_failed,
                 .what = "the TorchScript module fails on the example inputs",
                 .where = file,
                 .why = first_line(error),
                 .hint = "give inputs that the model can take: --input-shape, --input-dtype, "
                         "--input-value"});
  }
}

class Import {
 public:
  Import(std::string file, const ExampleInputs& examples)
      : file_(std::move(file)),
        module_(load_script_module(file_)),
        forward_(find_forward()),
        traced_(traced_inputs(file_)),
        examples_(examples) {}

  Program run() {
    program_.file = file_;
    program_.graph = std::make_unique<Graph>();
    const Arguments arguments = made_up(kImportSeed);
    record(arguments);
    bind_and_check();
    if (program_.graph->block_bound() > 1) {
      prove_each_way();
    } else {
      prove_and_describe(arguments);
      const Arguments others = made_up(kImportSeed + 1);
      prove(others, run_module(module_, others, file_));
    }
    return std::move(program_);
  }

 private:
  jit::Function& find_forward() const {
    if (auto* forward = module_.type()->findMethod("forward")) return *forward;
    throw Error({.code = Code::torchscript_unsupported,
                 .what = "the TorchScript module has no method 'forward'",
                 .where = file_,
                 .hint = "save a module whose forward was scripted or traced"});
  }

  Arguments made_up(std::uint64_t seed) const {
    return example_arguments(forward_.getSchema(), traced_, examples_, seed, file_);
  }

  // Tensors of the loaded module become constants; those of a copy stand for them in the run.
  void add_weights(Recorder& recorder, const jit::Module& copy) {
    const std::vector<NamedTensor> originals = named_tensors(module_), live = named_tensors(copy);
    WeightBytes bytes;
    std::unordered_multimap<const Storage*, std::size_t> added;  // the first of each tie
    std::unordered_map<const Storage*, std::string> records;
    for (std::size_t i = 0; i < originals.size(); ++i) {
      const InputSpec& spec = originals[i].spec;
      TensorData data = bytes.data_of(originals[i].tensor);
      const auto [first, last] = added.equal_range(data.storage.get());
      const auto tied = std::find_if(first, last, [&](const auto& other) {
        return wrap(originals[other.second].tensor).type() == data.type;
      });
      const bool known = tied != last;
      if (known) {
        recorder.same_as(live[i].tensor, live[tied->second].tensor);
      } else {
        recorder.add_weight(spec, data, live[i].tensor);
        added.emplace(data.storage.get(), i);
      }
      const bool weight = spec.kind != InputKind::tensor_constant;
      const std::string& record =
          records.emplace(data.storage.get(), (weight ? "weight_" : "tensor_") +
                                                  std::to_string(records.size())).first->second;
      program_.payloads.push_back({.name = spec.target,
                                   .weight = weight,
                                   .record = record,
                                   .is_param = spec.kind == InputKind::parameter,
                                   .lifted = !known,
                                   .data = std::move(data)});
    }
  }

  void record(const Arguments& arguments) {
    const jit::Module copy = module_.deepcopy();
    Recorder recorder(*program_.graph);
    add_weights(recorder, copy);
    Values values = values_of(arguments);
    Values caller;  // who calls the program sees its inputs after it, so they are held as the weights are
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Values leaves = tree_leaves(values[i]);
      for (std::size_t k = 0; k < leaves.size(); ++k) {
        const std::string suffix = leaves.size() == 1 ? "" : "_" + std::to_string(k);
        recorder.add_input(arguments[i].name + suffix, leaves[k]);
        caller.push_back(leaves[k]);
      }
    }
    values.insert(values.begin(), copy._ivalue());
    const ModulePaths paths = module_paths(copy);
    Evaluator evaluator(recorder, paths, file_);
    at::manual_seed(kImportSeed);
    recorder.finish(tree_leaves(evaluator.call(forward_, std::move(values))));
    program_.warnings = evaluator.dropped();
  }

  void bind_and_check() const {
    bind_schemas(*program_.graph, file_);
    check_schemas(*program_.graph);
    check(*program_.graph);
  }

  // The first inputs that are proved become the program's sample.
  void prove_and_describe(const Arguments& arguments) {
    const c10::IValue expected = run_module(module_, arguments, file_);
    prove(arguments, expected);
    if (program_.samples.empty()) describe(arguments, expected);
  }

  // Where data decide: on inputs of both signs and several magnitudes, so that branches are taken either
  // way and loops run for long and for short; not on those whose loops do not end.
  void prove_each_way() {
    std::set<BlockId> ran;
    std::string why_not;
    int proved = 0;
    for (const double factor : {1.0, -1.0, 0.1, 10.0, -10.0, 100.0, -100.0}) {
      for (const bool one_sign : {false, true}) {
        Arguments arguments = made_up(kImportSeed + (one_sign ? 1 : 0));
        scale_examples(arguments, factor, one_sign);
        const std::string why = why_not_ended(*program_.graph, leaves_of(arguments), ran);
        if (why_not.empty()) why_not = why;
        if (!why.empty()) continue;
        prove_and_describe(arguments);
        // Each costs two runs: enough, once they have been everywhere.
        if (++proved >= kEnoughInputs && not_compared(*program_.graph, ran, file_).empty()) return;
      }
    }
    if (program_.samples.empty()) {
      throw Error({.code = Code::torchscript_failed,
                   .what = "the model fails, or does not end, on each of the example inputs",
                   .where = file_,
                   .why = why_not,
                   .hint = "bound its loops by a number of iterations too, and give inputs that it "
                           "can take: --input-shape, --input-dtype, --input-value"});
    }
    for (Diagnostic& note : not_compared(*program_.graph, ran, file_)) {
      program_.warnings.push_back(std::move(note));
    }
  }

  void prove(const Arguments& arguments, const c10::IValue& expected) const {
    check_import(*program_.graph, leaves_of(arguments), tree_leaves(expected), file_);
  }

  // All that an archive has beside the graph.
  void describe(const Arguments& arguments, const c10::IValue& expected) {
    CallingConvention convention;
    Values values;
    for (const ExampleArgument& argument : arguments) {
      convention.argument_names.push_back(argument.name);
      values.push_back(argument.value);
    }
    const c10::IValue call = c10::ivalue::Tuple::create(
        {c10::ivalue::Tuple::create(std::move(values)),
         c10::impl::GenericDict(c10::StringType::get(), c10::TensorType::get())});
    convention.in_spec = tree_spec(call);
    convention.out_spec = tree_spec(expected);
    complete_program(program_, convention, TORCH_VERSION);
    const std::vector<char> pickle = sample_pickle(call);
    add_sample(program_, make_storage(pickle.data(), pickle.size()), outputs(expected),
               "TorchScript", TORCH_VERSION, file_);
  }

  static std::vector<ExpectedOutput> outputs(const c10::IValue& expected) {
    std::vector<ExpectedOutput> outputs;
    for (const c10::IValue& leaf : tree_leaves(expected)) {
      ExpectedOutput& output = outputs.emplace_back();
      if (leaf.isTensor() && leaf.toTensor().defined()) {
        output.tensor = wrap(leaf.toTensor()).to_constant();
      } else if (leaf.isBool()) {
        output.value = leaf.toBool();
      } else if (leaf.isInt()) {
        output.value = leaf.toInt();
      } else if (leaf.isDouble()) {
        output.value = leaf.toDouble();
      } else if (leaf.isString()) {
        output.value = leaf.toStringRef();
      }
    }
    return outputs;
  }

  std::string file_;
  jit::Module module_;
  jit::Function& forward_;
  Values traced_;
  const ExampleInputs& examples_;
  Program program_;
};

}  // namespace

Program read_torchscript(const std::filesystem::path& path, const ExampleInputs& examples) {
  const c10::AutoGradMode no_gradients(false);
  const QuietWarnings quiet;
  try {
    return Import(path.string(), examples).run();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // libtorch reads code and debug records when it needs them
    throw Error({.code = Code::torchscript_unreadable,
                 .what = "libtorch cannot read the TorchScript archive to its end",
                 .where = path.string(),
                 .why = first_line(error),
                 .hint = "copy the file again, or save the module again with torch.jit.save"});
  }
}

}  // namespace fettle
