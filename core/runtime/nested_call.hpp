// A call that owns nested graphs, ready to run: the plans of its graphs and the mode around them.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <vector>

#include "ops/higher_order.hpp"
#include "runtime/devices.hpp"
#include "runtime/plan.hpp"

namespace fettle {

// wrap_with_autocast's arguments as torch.autocast takes them.
struct AutocastSettings {
  c10::DeviceType device = c10::kCPU;
  c10::ScalarType dtype = c10::kBFloat16;
  bool enabled = true;
  std::optional<bool> cache;  // none: as it is
};

struct ModeSettings {
  std::optional<bool> grad;
  std::optional<AutocastSettings> autocast;
};

// The inputs are the instruction's constants and fills, by placeholder; after them the predicate.
struct NestedCall {
  HigherOrderRun run = HigherOrderRun::once;
  ModeSettings mode;
  std::vector<Plan> bodies;
  std::uint32_t carried = 0, sliced = 0;
  std::size_t stacked_from = SIZE_MAX;
};

ModeSettings mode_of(const Graph& graph, const HigherOrderCall& call, const Placement& placement);

// Sets a mode as `with torch.autocast(…)` and `with torch.set_grad_enabled(…)` do, and takes it
// back.
class ModeGuard {
 public:
  explicit ModeGuard(const ModeSettings& mode);
  ~ModeGuard();
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  void enter(const AutocastSettings& settings);

  std::optional<bool> grad_before_;
  struct Autocast {
    c10::DeviceType device;
    c10::ScalarType dtype;
    bool enabled, cache;
  };
  std::optional<Autocast> autocast_before_;
};

}  // namespace fettle
