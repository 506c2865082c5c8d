#include "host/program_handle.hpp"

#include <atomic>

#include "host/program_impl.hpp"

namespace fettle {
namespace {

// The one counter of this folder: a program's id is unique in the process.
std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

ProgramHandle::ProgramHandle(std::string name, const Graph& graph,
                             std::shared_ptr<const std::vector<LoadedSample>> samples,
                             Device device)
    : name_(std::move(name)),
      graph_(graph),
      samples_(samples ? std::move(samples) : std::make_shared<const std::vector<LoadedSample>>()),
      device_(std::move(device)),
      abi_(std::make_unique<fettle_program>(*this, next_id())) {}

ProgramHandle::~ProgramHandle() = default;

const fettle_program* ProgramHandle::abi() const {
  return abi_.get();
}

std::shared_ptr<Executable> ProgramHandle::executable(bool float64) const {
  std::shared_ptr<Executable>& executable = executables_[float64 ? 1 : 0];
  if (!executable) {
    executable =
        std::make_shared<Executable>(graph_, CompileOptions{.device = device_, .float64 = float64});
  }
  return executable;
}

}  // namespace fettle
