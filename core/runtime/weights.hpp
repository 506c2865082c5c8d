// A program's constants as tensors: each storage once, so that tied weights and views of one buffer
// stay tied, over the archive's own bytes where nothing writes them. What a program writes is copied
// for each run, so that a run cannot change the next one, or the archive.
#pragma once

#include <unordered_set>
#include <vector>

#include "runtime/devices.hpp"
#include "runtime/plan_builder.hpp"

namespace fettle {

class Weights {
 public:
  // Numbers the constants' slots in `builder` and keeps those that no run changes. `changed` has all
  // names of what a run changes.
  Weights(const Graph& graph, const std::unordered_set<ValueId>& changed,
          const Placement& placement, PlanBuilder& builder);

  // fill(slot, tensor) for the constants that stay from run to run, and for those of one run.
  template <class Fill>
  void fill_kept(Fill fill) const {
    for (const Group& group : groups_) {
      if (!group.written) fill_views(group, group.elements, fill);
    }
  }
  template <class Fill>
  void fill_copies(Fill fill) const {
    for (const Group& group : groups_) {
      if (group.written) fill_views(group, group.elements.clone(), fill);
    }
  }

 private:
  struct View {
    Slot slot;
    std::vector<std::int64_t> sizes, strides;
    std::int64_t offset;
  };
  struct Group {  // constants of one storage and dtype
    at::Tensor elements;  // all of the storage, one-dimensional
    bool written = false;
    std::vector<View> views;
  };

  template <class Fill>
  static void fill_views(const Group& group, const at::Tensor& elements, Fill& fill) {
    for (const View& v : group.views) {
      fill(v.slot, elements.as_strided(v.sizes, v.strides, v.offset));
    }
  }
  static void check(const Group& group);

  std::vector<Group> groups_;
};

}  // namespace fettle
