#include "host/program_handle.hpp"

#include <random>

#include "host/backends.hpp"
#include "host/program_impl.hpp"

namespace fettle {
namespace {

// Drawn, as a counter would be state of the process: of a million programs, two have the same id with
// a chance of one in ten million.
std::uint64_t unique_id() {
  std::random_device draw;
  return (static_cast<std::uint64_t>(draw()) << 32) | draw();
}

}  // namespace

ProgramHandle::ProgramHandle(std::string name, const Graph& graph,
                             std::shared_ptr<const std::vector<LoadedSample>> samples,
                             Device device, std::shared_ptr<const BackendChoice> backends)
    : name_(std::move(name)),
      graph_(graph),
      samples_(samples ? std::move(samples) : std::make_shared<const std::vector<LoadedSample>>()),
      device_(std::move(device)),
      backends_(std::move(backends)),
      abi_(std::make_unique<fettle_program>(*this, unique_id())) {}

ProgramHandle::~ProgramHandle() = default;

const fettle_program* ProgramHandle::abi() const {
  return abi_.get();
}

const std::vector<Effect>& ProgramHandle::effects() const {
  if (!effects_) effects_ = program_effects(graph_, AliasClasses(graph_));
  return *effects_;
}

const std::vector<Leaf>& ProgramHandle::leaves() const {
  if (!leaves_) leaves_ = program_leaves(graph_);
  return *leaves_;
}

ProgramShapes& ProgramHandle::shapes() const {
  if (!shapes_) shapes_ = std::make_unique<ProgramShapes>(graph_);
  return *shapes_;
}

std::shared_ptr<Executable> ProgramHandle::executable(bool float64) const {
  std::shared_ptr<Executable>& executable = executables_[float64 ? 1 : 0];
  if (executable) return executable;
  CompileOptions options{.device = device_, .float64 = float64};
  Assignment assignment;
  if (!float64 && backends_ && !backends_->aten_alone()) {
    Outcome outcome;
    assignment = assign(graph_, *backends_, to_string(device_), outcome);
    options.parts = &assignment.partition;
    backend_use_ = std::make_shared<const BackendUse>(std::move(assignment.use));
    backend_notes_ = std::move(outcome.notes);
  }
  executable = std::make_shared<Executable>(graph_, options);
  return executable;
}

std::shared_ptr<Executable> ProgramHandle::backward_executable(bool float64) const {
  std::shared_ptr<Executable>& executable = backward_executables_[float64 ? 1 : 0];
  if (!executable) {
    executable = std::make_shared<Executable>(
        graph_, CompileOptions{.device = device_, .float64 = float64, .gradients = true});
  }
  return executable;
}

const BackendUse* ProgramHandle::backend_use() const {
  executable();
  return backend_use_.get();
}

}  // namespace fettle
