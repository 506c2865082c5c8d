#include "host/instance.hpp"

#include <fmt/format.h>

#include "host/context.hpp"

namespace fettle {

std::string_view component_kind_name(ComponentKind kind) {
  constexpr std::string_view kNames[] = {"pass", "verifier", "benchmark", "analysis", "backend"};
  return kNames[static_cast<std::size_t>(kind)];
}
std::string_view promise_name(Promise promise) {
  constexpr std::string_view kNames[] = {"exact", "tolerant", "inference_only", "changes_results"};
  return kNames[static_cast<std::size_t>(promise)];
}
std::string_view judgement_name(Judgement judgement) {
  constexpr std::string_view kNames[] = {"pass", "fail", "unable"};
  return kNames[static_cast<std::size_t>(judgement)];
}

Instance::Instance(std::shared_ptr<const PluginLibrary> library, const LoadedComponent& component,
                   BoundOptions options)
    : library_(std::move(library)), loaded_(component), options_(std::move(options)) {
  Outcome outcome;
  fettle_ctx ctx(outcome, loaded_.info.name);
  call_plugin(ctx, what("create"), [&] {
    return loaded_.component->create(&ctx, options_.values.data(), options_.values.size(), &state_);
  });
}

Instance::~Instance() {
  try {
    const PluginCallScope scope("destroy", loaded_.info.name);
    loaded_.component->destroy(state_);
  } catch (...) {
    // A destructor has nobody to tell.
  }
}

std::string Instance::what(std::string_view method) const {
  return fmt::format("{} '{}': {}", component_kind_name(loaded_.info.kind), loaded_.info.name,
                     method);
}

void note_dropped(const fettle_ctx& ctx) {
  if (ctx.dropped_notes == 0) return;
  ctx.outcome.notes.push_back(
      {.code = Code::plugin_message,
       .what = fmt::format("{}: {} more messages were dropped", ctx.speaker, ctx.dropped_notes),
       .severity = Severity::note});
}

[[noreturn]] void bad_answer(std::string what, std::string why) {
  throw Error({.code = Code::plugin_bad_answer, .what = std::move(what), .why = std::move(why)});
}

}  // namespace fettle
