#include "host/rewrite_log.hpp"

#include "host/program_impl.hpp"
#include "host/rewrite_cut.hpp"

namespace fettle {

// Two copies of the graph, one rewrite apart.
struct RewriteLog::Sides {
  Sides(const RewriteLog& log)
      : before(log.original_, log.edited_, log.edits_, log.from_),
        after(log.original_, log.edited_, log.edits_, log.from_),
        aliases(before.graph()),
        known_values(before.graph().value_bound()) {
    after.next();
  }

  RewriteReplay before, after;
  AliasClasses aliases;        // of the graph that the pass was given, …
  std::uint32_t known_values;  // … which has values up to here
  std::size_t at = 0;          // the rewrite between the two
  Extract cut[2];
  std::unique_ptr<ProgramHandle> programs[2];
};

RewriteLog::RewriteLog(const Graph& original, const Graph& edited, const EditRecorder& edits,
                       std::size_t from, std::vector<Journal::Rewrite> rewrites, Device device)
    : original_(original),
      edited_(edited),
      edits_(edits),
      from_(from),
      rewrites_(std::move(rewrites)),
      device_(std::move(device)) {}

RewriteLog::~RewriteLog() = default;

std::string_view RewriteLog::root(std::size_t index) const {
  return edited_.text(edited_.node(rewrites_[index].root).name);  // erased nodes keep their names
}

void RewriteLog::go_to(std::size_t index) const {
  if (!sides_ || sides_->at > index) sides_ = std::make_unique<Sides>(*this);
  while (sides_->at < index) {
    sides_->before.next();
    sides_->after.next();
    ++sides_->at;
  }
}

RewriteLog::Cut RewriteLog::cut(std::size_t index, std::uint64_t radius) const {
  go_to(index);
  Sides& sides = *sides_;
  if (sides.after.done() != index + 1) return {.refusal = "rewrites before it were undone"};
  const Journal::Footprint footprint =
      sides.after.journal().footprint(sides.after.journal().kept_rewrites().back());
  const CutPlan plan = plan_cut(sides.before.graph(), sides.after.graph(), footprint, sides.aliases,
                                sides.known_values, radius);
  if (!plan.refusal.empty()) return {.refusal = plan.refusal};
  for (auto& program : sides.programs) program.reset();  // before the graphs that they run
  sides.cut[0] = extract(sides.before.graph(), plan.before_calls, plan.inputs, plan.before_outputs);
  sides.cut[1] = extract(sides.after.graph(), plan.after_calls, plan.inputs, plan.after_outputs);
  constexpr std::string_view kNames[] = {"before", "after"};
  for (int k = 0; k < 2; ++k) {
    sides.programs[k] = std::make_unique<ProgramHandle>(std::string(kNames[k]),
                                                        *sides.cut[k].graph, nullptr, device_);
  }
  return {sides.programs[0].get(), sides.programs[1].get(), plan.whole, {}};
}

}  // namespace fettle
