// The recorded edits of one pass, carried out again rewrite by rewrite on a copy of the graph. Ids come
// out as they were (graph/edit_recorder.hpp).
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.hpp"
#include "graph/edit_recorder.hpp"
#include "graph/edit_wire_reading.hpp"
#include "graph/journal.hpp"

namespace fettle {

class RewriteReplay {
 public:
  // `original` is what all of `edits` began on, `edited` what they led to, and the pass' own begin at
  // byte `from`. Both outlive this, and grow no more meanwhile. Brings the copy up to the pass.
  RewriteReplay(const Graph& original, const Graph& edited, const EditRecorder& edits,
                std::size_t from);

  const Graph& graph() const { return *graph_; }
  const Journal& journal() const { return *journal_; }
  // How many of the pass' rewrites are in place: those that were undone later on come and go.
  std::size_t done() const { return journal_ ? journal_->kept_rewrites().size() : 0; }
  bool next();  // carries out calls until one more is complete; false: there is none

 private:
  void one_call(EditReplay& replay);

  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Journal> journal_;  // of the pass being replayed
  ByteReader in_;
  EditReplay replay_;
};

}  // namespace fettle
