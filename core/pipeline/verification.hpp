// The gate after a pass: asks every verifier of the pipeline whether a graph still computes what
// the reference computes, and decides by their verdicts. Keeps the reference runnable for a whole
// run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/program.hpp"
#include "host/backends.hpp"
#include "host/program_handle.hpp"
#include "pipeline/report.hpp"
#include "pipeline/resolve.hpp"
#include "pipeline/runner.hpp"

namespace fettle {

// Where the verdict's worst element is, for people: "output 3", "buffer 'count' after the run".
std::string place_of(const Verdict& verdict);

class Verification {
 public:
  using Samples = std::shared_ptr<const std::vector<LoadedSample>>;

  // `original` is the first reference and must outlive this.
  Verification(const Program& program, const Graph& original, const ResolvedPipeline& pipeline,
               const Device& device, RunObserver& observer);

  // "eager outputs" or "TorchScript outputs" when the archive holds them, else "loaded program".
  std::string reference_kind() const;
  Samples samples();  // read on first use

  // Whether every verifier accepts `graph`. `promise`: the weakest of what was done since the
  // reference.
  bool verify(std::string_view subject, Promise promise, const Graph& graph,
              std::vector<Verdict>& verdicts, std::vector<Diagnostic>& notes,
              const RewriteLog* rewrites = nullptr);

  // Who ran the calls of the last candidate; empty: libtorch all of them.
  const std::optional<BackendUse>& backend_use() const { return backend_use_; }

  // The input sets of the last candidate, where the pipeline keeps them.
  const std::vector<std::vector<RunValue>>& ran_on() const { return ran_on_; }

  // From here on a copy of `graph` is the reference, without the eager model's outputs.
  void move_reference(const Graph& graph);

  // The error for a pass that verify refused, from its verdicts.
  Error failure(const PassReport& record) const;

 private:
  void name_reference(Verdict& verdict) const;

  struct Reference {
    std::unique_ptr<Graph> owned;  // null for the original
    std::unique_ptr<ProgramHandle> handle;
  };
  const ProgramHandle& reference();
  bool accepts(Promise promise, Verdict& verdict) const;
  void judge_reference(Verifier& verifier, std::vector<Diagnostic>& notes);

  const Program& program_;
  const Graph& original_;
  const ResolvedPipeline& pipeline_;
  Device device_;
  RunObserver& observer_;
  Samples samples_;
  Reference reference_;
  std::optional<BackendUse> backend_use_;
  std::vector<std::vector<RunValue>> ran_on_;
};

}  // namespace fettle
