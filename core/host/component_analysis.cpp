// An analysis across the boundary, and "fettle.answers/1", by which other plugins ask for it. Its
// answers lie in the run's AnalysisManager, keyed by the parts of the graph that it says to read.
#include <fmt/format.h>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/instance.hpp"

namespace fettle {
namespace {

static_assert(kParts == 5);

AnalysisManager::Parts parts_of(std::uint32_t reads) {
  AnalysisManager::Parts parts{};
  constexpr std::pair<std::uint32_t, Part> kRead[] = {
      {FETTLE_READS_STRUCTURE, Part::structure},
      {FETTLE_READS_STRUCTURE, Part::order},
      {FETTLE_READS_TYPES, Part::types},
      {FETTLE_READS_SIGNATURE, Part::signature},
      {FETTLE_READS_LABELS, Part::labels},
  };
  for (const auto& [flag, part] : kRead) {
    parts[static_cast<std::size_t>(part)] = (reads & flag) != 0;
  }
  return parts;
}

class LoadedAnalysis final : public PluginAnalysis {
 public:
  LoadedAnalysis(std::unique_ptr<Instance> instance, const AnalysisLookup& lookup)
      : instance_(std::move(instance)),
        table_(*instance_->table<fettle_analysis_v1>()),
        lookup_(lookup) {}

  const ComponentInfo& info() const override { return instance_->info(); }
  const ResolvedOptions& options() const override { return instance_->options(); }
  std::string_view answer_id() const override { return to_view(table_.answer_id); }

  std::shared_ptr<const void> answer(AnalysisManager& analyses, Outcome& outcome) override {
    // Other options make other answers.
    std::string key = info().name;
    for (const auto& [name, value] : options()) key += fmt::format(";{}={}", name, value);
    return analyses.other(key, parts_of(table_.reads), [&] { return compute(analyses, outcome); });
  }

  std::optional<std::string> describe(AnalysisManager& analyses, Outcome& outcome) override {
    const std::shared_ptr<const void> made = answer(analyses, outcome);
    if (!table_.describe) return std::nullopt;
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph handle(analyses, nullptr, &lookup_);
    fettle_str text{};
    call_plugin(ctx, instance_->what("describe"), [&] {
      return table_.describe(instance_->state(), &ctx, &handle, made.get(), &text);
    });
    note_dropped(ctx);
    std::string out;  // line by line: messages are single lines
    std::string_view rest = to_view(text);
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      out += printable(rest.substr(0, end)) + "\n";
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    return out;
  }

 private:
  std::shared_ptr<const void> compute(AnalysisManager& analyses, Outcome& outcome) {
    fettle_ctx ctx(outcome, info().name, &analyses.graph());
    const fettle_graph handle(analyses, nullptr, &lookup_);
    void* made = nullptr;
    call_plugin(ctx, instance_->what("compute"),
                [&] { return table_.compute(instance_->state(), &ctx, &handle, &made); });
    note_dropped(ctx);
    if (!made) bad_answer(instance_->what("compute") + " gave no answer", "it is null");
    return {made, [instance = instance_, &table = table_](void* answer) noexcept {
              try {
                table.release(instance->state(), answer);
              } catch (...) {
                // What releases has nobody to tell.
              }
            }};
  }

  std::shared_ptr<Instance> instance_;
  const fettle_analysis_v1& table_;
  const AnalysisLookup& lookup_;
};

fettle_status get(fettle_ctx* ctx, const fettle_graph* g, fettle_str name, fettle_str answer_id,
                  const void** answer) {
  return guarded(ctx, "get", [&]() -> fettle_status {
    if (!ctx || !g || !answer) return FETTLE_E_ARGUMENT;
    const std::string asked = printable(to_view(name));
    const auto analysis = g->lookup ? g->lookup->find_analysis(asked) : nullptr;
    if (!analysis) {
      return refuse(ctx, FETTLE_E_ABSENT, fmt::format("there is no analysis '{}'", asked));
    }
    if (analysis->answer_id() != to_view(answer_id)) {
      return refuse(ctx, FETTLE_E_ABSENT,
                    fmt::format("'{}' answers '{}', not '{}'", asked, analysis->answer_id(),
                                printable(to_view(answer_id))));
    }
    const std::shared_ptr<const void> made = analysis->answer(g->analyses, ctx->outcome);
    ctx->borrowed.push_back(made);
    *answer = made.get();
    return FETTLE_OK;
  });
}

}  // namespace

std::unique_ptr<PluginAnalysis> make_analysis(std::unique_ptr<Instance> instance,
                                              const AnalysisLookup& lookup) {
  return std::make_unique<LoadedAnalysis>(std::move(instance), lookup);
}

const fettle_answers_v1 kAnswersTable = {
    .size = sizeof(fettle_answers_v1),
    .reserved = 0,
    .get = get,
};

}  // namespace fettle
