#include "graph/rewrite_replay.hpp"

namespace fettle {
namespace {

std::unique_ptr<Graph> copy_with_names(const Graph& original, const Graph& edited) {
  std::unique_ptr<Graph> graph = original.clone();
  for (std::size_t k = graph->strings().size(); k < edited.strings().size(); ++k) {
    graph->intern(edited.strings().text(StringId(static_cast<std::uint32_t>(k))));
  }
  for (std::size_t k = graph->types().size(); k < edited.types().size(); ++k) {
    graph->intern(edited.types().type(TypeId(static_cast<std::uint32_t>(k))));
  }
  return graph;
}

}  // namespace

RewriteReplay::RewriteReplay(const Graph& original, const Graph& edited, const EditRecorder& edits,
                             std::size_t from)
    : graph_(copy_with_names(original, edited)),
      in_(edits.bytes().substr(from)),
      replay_(in_, *graph_, 0, edits.constants()) {
  ByteReader earlier(edits.bytes().substr(0, from));
  EditReplay replay(earlier, *graph_, 0, edits.constants());
  while (!earlier.at_end()) one_call(replay);
  journal_.reset();
}

void RewriteReplay::one_call(EditReplay& replay) {
  Journal* journal = journal_.get();
  replay.one_call(journal, [&] {
    journal_.reset();
    journal_ = std::make_unique<Journal>(*graph_);
    return journal_.get();
  });
}

bool RewriteReplay::next() {
  const std::size_t before = done();
  while (!in_.at_end() && done() <= before) one_call(replay_);
  return done() > before;
}

}  // namespace fettle
