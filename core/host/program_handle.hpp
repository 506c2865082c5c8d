// What verifiers and benchmarks are given: a program that can be run, with its stored samples.
// The executable is made on the first run and kept. The graph must outlive the handle and stay
// unchanged while it is used.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "graph/program_shapes.hpp"
#include "runtime/executable.hpp"

struct fettle_program;  // as plugins hold it

namespace fettle {

struct BackendChoice;  // host/backends.hpp
struct BackendUse;     // host/backends.hpp
struct Program;        // archive/program.hpp

// Samples of an archive, read once and shared by the handles of all versions of its program.
struct LoadedEffect {
  EffectName name;
  RunValue value;
};
struct LoadedSample {
  std::vector<RunValue> inputs;
  std::vector<RunValue> eager_outputs;  // empty: not stored
  std::optional<std::vector<LoadedEffect>> eager_effects = {};  // all of them; nullopt: not stored
};
std::vector<LoadedSample> load_samples(const Program& program);

class ProgramHandle {
 public:
  ProgramHandle(std::string name, const Graph& graph,
                std::shared_ptr<const std::vector<LoadedSample>> samples, Device device,
                std::shared_ptr<const BackendChoice> backends = nullptr);  // null: aten alone
  ~ProgramHandle();
  ProgramHandle(const ProgramHandle&) = delete;  // plugins hold its address
  ProgramHandle& operator=(const ProgramHandle&) = delete;

  const std::string& name() const { return name_; }
  const Graph& graph() const { return graph_; }
  const Device& device() const { return device_; }
  const std::vector<LoadedSample>& samples() const { return *samples_; }
  // Compiles on first use; `float64` keeps a second executable, in which backends have no part.
  // Shared with what plugins bound, which may outlive this handle.
  std::shared_ptr<Executable> executable(bool float64 = false) const;
  // Of its own, as it records what gradients need; backends have no part in it.
  std::shared_ptr<Executable> backward_executable(bool float64 = false) const;
  // Who runs what; compiles. Null: libtorch runs everything.
  const BackendUse* backend_use() const;
  const std::vector<Diagnostic>& backend_notes() const { return backend_notes_; }
  const std::vector<Effect>& effects() const;  // found on first use
  const std::vector<Leaf>& leaves() const;     // found on first use
  ProgramShapes& shapes() const;  // read on first use
  const fettle_program* abi() const;

  // From here on, the inputs of each run that a plugin asks for.
  void keep_inputs() const { keeps_inputs_ = true; }
  void ran_on(const std::vector<RunValue>& inputs) const {
    if (keeps_inputs_) kept_inputs_.push_back(inputs);
  }
  const std::vector<std::vector<RunValue>>& kept_inputs() const { return kept_inputs_; }

 private:
  std::string name_;
  const Graph& graph_;
  std::shared_ptr<const std::vector<LoadedSample>> samples_;
  Device device_;
  std::shared_ptr<const BackendChoice> backends_;
  mutable std::shared_ptr<const BackendUse> backend_use_;
  mutable std::vector<Diagnostic> backend_notes_;
  mutable std::shared_ptr<Executable> executables_[2], backward_executables_[2];  // by float64
  mutable std::optional<std::vector<Effect>> effects_;
  mutable std::optional<std::vector<Leaf>> leaves_;
  mutable std::unique_ptr<ProgramShapes> shapes_;
  mutable bool keeps_inputs_ = false;
  mutable std::vector<std::vector<RunValue>> kept_inputs_;
  std::unique_ptr<fettle_program> abi_;
};

}  // namespace fettle
