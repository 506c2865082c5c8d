// What one pass did, rewrite by rewrite, each cut out as a pair of small programs: behind
// "fettle.rewrites/1".
//
// A cut has two sides, before the rewrite and after it. What they return are the values that calls
// around took before and take now; what goes in are values upstream, the same on both sides,
// `radius` calls away from what was rewritten. Whether the sides agree on any input does not depend
// on the rest of the program; that they do not may be for want of context, which a larger radius
// brings.
//
// What a rewrite does inside of a nested graph is cut out there; a larger radius goes on around the
// call that owns it. Loops are run on the program's own inputs alone: on others they might never
// end. Calls that draw random numbers are run if both sides have the same ones.
//
// Refused: rewrites of what is written in place or unknown, that add, remove or move random calls,
// or that change the signature.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/edit_recorder.hpp"
#include "graph/extract.hpp"
#include "graph/rewrite_replay.hpp"
#include "host/program_handle.hpp"
#include "ops/facts.hpp"

struct fettle_rewrites;  // as plugins hold it

namespace fettle {

class RewriteLog {
 public:
  // `edits` began on `original` and led to `edited`; the pass' own begin at byte `from`. All
  // outlive this. Nothing is computed before it is asked for.
  RewriteLog(const Graph& original, const Graph& edited, const EditRecorder& edits,
             std::size_t from, std::vector<Journal::Rewrite> rewrites, Device device);
  ~RewriteLog();

  std::size_t count() const { return rewrites_.size(); }
  std::string_view root(std::size_t index) const;
  std::string_view why(std::size_t index) const { return rewrites_[index].why; }

  struct Cut {
    const ProgramHandle* before = nullptr;  // until the next cut
    const ProgramHandle* after = nullptr;
    bool whole = false;
    std::string refusal;  // not empty: there are no programs, for this reason
  };
  Cut cut(std::size_t index, std::uint64_t radius) const;
  bool first_refusal() const { return !std::exchange(refused_, true); }  // asked after one

  const fettle_rewrites* abi() const { return reinterpret_cast<const fettle_rewrites*>(this); }

 private:
  struct Sides;
  void go_to(std::size_t index) const;

  const Graph& original_;
  const Graph& edited_;
  const EditRecorder& edits_;
  std::size_t from_;
  std::vector<Journal::Rewrite> rewrites_;
  Device device_;
  mutable std::unique_ptr<Sides> sides_;
  mutable bool refused_ = false;
};

}  // namespace fettle
