// A pass across the boundary. What it changes it changes through the journal, and a rewrite that it
// leaves open is an error.
#include <fmt/format.h>

#include "host/context.hpp"
#include "host/instance.hpp"

namespace fettle {
namespace {

class LoadedPass final : public Pass {
 public:
  LoadedPass(std::unique_ptr<Instance> instance, const AnalysisLookup& lookup)
      : instance_(std::move(instance)),
        table_(*instance_->table<fettle_pass_v1>()),
        lookup_(lookup) {}

  const ComponentInfo& info() const override { return instance_->info(); }
  const ResolvedOptions& options() const override { return instance_->options(); }

  std::optional<std::string> analyze(AnalysisManager& analyses, Outcome& outcome) override {
    if (!table_.analyze) return std::nullopt;
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph handle(analyses, nullptr, &lookup_);
    fettle_applicability answer{};
    answer.size = sizeof(answer);
    answer.applicable = 1;
    call_plugin(ctx, instance_->what("analyze"),
                [&] { return table_.analyze(instance_->state(), &ctx, &handle, &answer); });
    note_dropped(ctx);
    if (answer.applicable) return std::nullopt;
    const std::string why = printable(to_view(answer.why));
    return why.empty() ? "the pass found nothing that it applies to" : why;
  }

  void transform(Journal& journal, AnalysisManager& analyses, Outcome& outcome) override {
    fettle_ctx ctx(outcome, info().name, &journal.graph());
    fettle_graph handle(analyses, &journal, &lookup_);
    try {
      call_plugin(ctx, instance_->what("transform"),
                  [&] { return table_.transform(instance_->state(), &ctx, &handle); });
    } catch (...) {
      if (journal.in_rewrite()) journal.abort_rewrite();
      throw;
    }
    note_dropped(ctx);
    require_way(handle);
    if (journal.in_rewrite()) {
      journal.abort_rewrite();
      throw Error({.code = Code::plugin_rewrite_open,
                   .what = instance_->what("transform") + " left a rewrite open",
                   .why = "it called rewrite_begin without rewrite_end",
                   .hint = "end or abort every rewrite, on error paths too"});
    }
  }

  void verify(AnalysisManager& analyses, Outcome& outcome) override {
    if (!table_.verify) return;
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph handle(analyses, nullptr, &lookup_);
    call_plugin(ctx, instance_->what("verify"),
                [&] { return table_.verify(instance_->state(), &ctx, &handle); });
    note_dropped(ctx);
  }

 private:
  // Whoever walks from an erased node sees the end of the program there, and stops early.
  void require_way(const fettle_graph& handle) const {
    if (!handle.lost_at) return;
    const Node& erased = handle.graph.node(handle.lost_at);
    throw Error({.code = Code::plugin_edited_while_iterating,
                 .what = instance_->what("transform") + " edited the graph while iterating over it",
                 .where = fmt::format("node '{}'", handle.graph.text(erased.name)),
                 .why = "it erased this node, and then asked which node stands beside it",
                 .hint = "ask for the next node before erasing one, and erase no other node "
                         "than the one at hand"});
  }

  std::unique_ptr<Instance> instance_;
  const fettle_pass_v1& table_;
  const AnalysisLookup& lookup_;
};

}  // namespace

std::unique_ptr<Pass> make_pass(std::unique_ptr<Instance> instance, const AnalysisLookup& lookup) {
  return std::make_unique<LoadedPass>(std::move(instance), lookup);
}

}  // namespace fettle
