#include "torchscript/import_check.hpp"

#include <ATen/ops/allclose.h>

#include <algorithm>
#include <atomic>

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

constexpr std::uint64_t kMostCalls = 200'000;

std::vector<RunValue> run_values(const std::vector<c10::IValue>& inputs) {
  std::vector<RunValue> given;
  for (const c10::IValue& input : inputs) given.push_back(to_run_value(input));
  return given;
}

bool same_constant(const c10::IValue& got, const c10::IValue& wanted) {
  if (wanted.isTensor() && !wanted.toTensor().defined()) return got.isNone();
  return got.tagKind() == wanted.tagKind() && (got.isNone() || got == wanted);
}

}  // namespace

void check_import(const Graph& graph, const std::vector<c10::IValue>& inputs,
                  const std::vector<c10::IValue>& expected, const std::string& file) {
  const std::vector<RunValue> given = run_values(inputs);
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

std::string why_not_ended(const Graph& graph, const std::vector<c10::IValue>& inputs,
                          std::set<BlockId>& ran) {
  std::uint64_t calls = 0;
  std::atomic<bool> cancel = false;
  std::set<BlockId> blocks;
  NodeHook hook;
  hook.before = [&](NodeId node, std::span<const RunValue>) {
    blocks.insert(graph.node(node).block);
    cancel = cancel || ++calls > kMostCalls;
  };
  RunOptions options;
  options.seed = kImportSeed;
  options.hook = &hook;
  options.cancel = &cancel;
  try {
    Executable executable(graph, {});
    executable.run(run_values(inputs), options);
  } catch (const Error& error) {
    if (error.code() == Code::run_cancelled) {
      return "a loop had not ended after " + std::to_string(kMostCalls) + " operators";
    }
    return error.diagnostic().what + ": " + error.diagnostic().why;
  }
  ran.merge(blocks);
  return {};
}

std::vector<Diagnostic> not_compared(const Graph& graph, const std::set<BlockId>& ran,
                                     const std::string& file) {
  std::vector<Diagnostic> notes;
  for (std::uint32_t i = 1; i < graph.block_bound(); ++i) {
    const BlockId block(i);
    if (!graph.alive(block) || ran.contains(block)) continue;
    const bool calls = std::ranges::any_of(graph.nodes(block), [&](NodeId node) {
      return graph.node(node).opcode == Opcode::call_function;
    });
    if (!calls) continue;
    notes.push_back({.code = Code::torchscript_inputs,
                     .what = "'" + std::string(graph.text(graph.block(block).name)) +
                             "' was not compared with the TorchScript module",
                     .where = file,
                     .why = "no example input leads into this branch or loop",
                     .severity = Severity::note});
  }
  return notes;
}

}  // namespace fettle
