#include "torchscript/import_check.hpp"

#include <ATen/ops/allclose.h>

#include "base/error.hpp"
#include "runtime/executable.hpp"
#include "runtime/run_values.hpp"

namespace fettle {
namespace {

[[noreturn]] void disagree(const std::string& file, std::size_t output, std::string why) {
  throw Error({.code = Code::torchscript_disagrees,
               .what = "the imported graph does not compute what the TorchScript module computes",
               .where = file + ", output " + std::to_string(output),
               .why = std::move(why),
               .hint = "this is a bug in fettle's import: please report it with the model; "
                       "torch.export.export may do for now"});
}

// Both sides ran the same kernels on the same numbers: what differs is the order of threads' sums.
bool close(const at::Tensor& got, const at::Tensor& wanted) {
  if (got.sizes() != wanted.sizes() || got.scalar_type() != wanted.scalar_type()) return false;
  const bool coarse = c10::elementSize(c10::toRealValueType(wanted.scalar_type())) < 4;
  const bool inexact = at::isFloatingType(wanted.scalar_type()) || wanted.is_complex();
  if (!inexact) return got.equal(wanted);
  return at::allclose(got, wanted, coarse ? 1e-2 : 1e-4, coarse ? 1e-3 : 1e-5, true);
}

std::string difference(const at::Tensor& got, const at::Tensor& wanted) {
  if (got.sizes() != wanted.sizes() || got.scalar_type() != wanted.scalar_type()) {
    return "dtype or shape differ";
  }
  const at::Tensor largest = got.to(at::kDouble).sub(wanted.to(at::kDouble)).abs().max();
  return "the largest difference is " + std::to_string(largest.item<double>());
}

bool same_constant(const c10::IValue& got, const c10::IValue& wanted) {
  if (wanted.isTensor() && !wanted.toTensor().defined()) return got.isNone();
  return got.tagKind() == wanted.tagKind() && (got.isNone() || got == wanted);
}

}  // namespace

void check_import(const Graph& graph, const std::vector<c10::IValue>& inputs,
                  const std::vector<c10::IValue>& expected, const std::string& file) {
  std::vector<RunValue> given;
  for (const c10::IValue& input : inputs) given.push_back(to_run_value(input));
  Executable executable(graph, {});
  RunOptions options;
  options.seed = kImportSeed;
  const RunResult result = executable.run(given, options);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const c10::IValue got = to_ivalue(result.outputs.at(i)), &wanted = expected[i];
    if (got.isTensor() && wanted.isTensor()) {
      if (!close(got.toTensor(), wanted.toTensor())) {
        disagree(file, i, difference(got.toTensor(), wanted.toTensor()));
      }
    } else if (!same_constant(got, wanted)) {
      disagree(file, i, "one is " + got.tagKind() + " and the other " + wanted.tagKind());
    }
  }
}

}  // namespace fettle
