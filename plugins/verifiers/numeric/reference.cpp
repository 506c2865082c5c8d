#include "reference.hpp"

namespace {

std::vector<Ignored> differences(const fettle::Data& a, const fettle::Data& b) {
  std::vector<Ignored> all;
  for (std::size_t k = 0; k < a.size(); ++k) all.push_back(differing(a[k], b[k]));
  return all;
}

}  // namespace

void Reference::use(const fettle::Program& original, std::uint64_t random_sets,
                    std::uint64_t seed, bool edge_sets) {
  if (program_ == original.id()) return;
  program_.reset();  // in case of a throw below
  sets_.clear();
  answers_.clear();
  seed_ = seed;
  unsteady_ = unsteady_calls(original.graph());
  told_ = false;
  effects_.emplace(original.effects());
  for (std::size_t k = 0; k < original.sample_count(); ++k)
    sets_.push_back(
        {"sample " + std::to_string(k), original.sample_inputs(k), original.eager_outputs(k),
         original.eager_effects(k), std::nullopt, {}, false});
  for (std::uint64_t k = 0; k < random_sets; ++k) {
    try {
      sets_.push_back(draw(original, seed, k, 0));
    } catch (const fettle::Failure& failure) {
      if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
      original.context().note(std::string("no random inputs: ") + failure.what());
      break;
    }
  }
  if (edge_sets) add_edge_sets(original);
  answers_.resize(sets_.size());
  truths_.clear();
  truths_.resize(sets_.size());
  program_ = original.id();
}

InputSet Reference::draw(const fettle::Program& original, std::uint64_t seed, std::uint64_t set,
                         std::uint64_t attempt) {
  fettle::RandomSet drawn = fettle::random_set(original, seed, set, attempt);
  std::string label = "random set " + std::to_string(set) + " (seed " + std::to_string(seed);
  if (!drawn.sizes.empty()) label += ", " + fettle::to_text(drawn.sizes);
  return {label + ")", std::move(drawn.inputs), std::nullopt,
          std::nullopt, set, std::move(drawn.sizes), false};
}

void Reference::add_edge_sets(const fettle::Program& original) {
  for (const fettle::EdgeKind kind : fettle::kEdgeKinds) {
    try {
      std::optional<fettle::RandomSet> made = fettle::edge_set(original, seed_, kind);
      if (!made) return;  // no floating inputs
      sets_.push_back({std::string("edge set: ") + fettle::edge_name(kind) + " (seed " +
                           std::to_string(seed_) + ")",
                       std::move(made->inputs), std::nullopt, std::nullopt, std::nullopt,
                       std::move(made->sizes), true});
    } catch (const fettle::Failure& failure) {
      if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
      return;  // as for random inputs, which say so
    }
  }
}

const Truth& Reference::truth(const fettle::Program& original, std::size_t set) {
  std::optional<Truth>& truth = truths_[set];
  if (truth) return *truth;
  truth.emplace();
  const Answer& answer = *answers_[set];
  if (unsteady_.random_writes || !answer.first.run) return *truth;
  const auto run = [&](const fettle::Data* start) {
    return run_or_nothing(original, sets_[set].inputs, seed_, start, kContents, true);
  };
  truth->first = run(nullptr);
  if (answer.second.run && truth->first) truth->second = run(&answer.first.run->effects);
  return *truth;
}

bool Reference::stable(const fettle::Program& original, std::size_t set) {
  const Expected& first = answers_[set]->first;
  if (!first.run) return true;
  const std::optional<Run> again = run_or_nothing(original, sets_[set].inputs, seed_);
  if (!again) return false;
  for (std::size_t k = 0; k < again->outputs.size(); ++k)
    if (!same_bits(first.run->outputs[k], again->outputs[k])) return false;
  for (std::size_t k = 0; k < again->effects.size(); ++k)
    if (!same_bits(first.run->effects[k], again->effects[k])) return false;
  return true;
}

Expected Reference::run(const fettle::Program& original, const InputSet& set,
                        const Expected* before) const {
  const fettle::Data* start = before != nullptr ? &before->run->effects : nullptr;
  Expected expected;
  expected.run = run_or_nothing(original, set.inputs, seed_, start);
  if (!unsteady_.uninitialized || !expected.run) return expected;
  const std::optional<Run> other =
      run_or_nothing(original, set.inputs, seed_, start, kOtherContents);
  if (!other) {
    expected.run.reset();  // whether it runs at all depends on it
    return expected;
  }
  expected.outputs = differences(expected.run->outputs, other->outputs);
  expected.effects = differences(expected.run->effects, other->effects);
  return expected;
}

const Answer& Reference::answer(const fettle::Program& original, std::size_t set) {
  std::optional<Answer>& answer = answers_[set];
  if (answer) return *answer;
  answer.emplace();
  constexpr std::uint64_t kDraws = 8;
  InputSet& inputs = sets_[set];
  answer->first = run(original, inputs, nullptr);
  for (std::uint64_t attempt = 1; !answer->first.run && inputs.random && attempt < kDraws;
       ++attempt) {
    inputs = draw(original, seed_, *inputs.random, attempt);
    answer->first = run(original, inputs, nullptr);
  }
  if (answer->first.run) {
    if (effects_->carry_state()) answer->second = run(original, sets_[set], &answer->first);
  } else if (!inputs.edge) {  // which many programs refuse, and that is all there is to say
    original.context().note("the original program does not run on " + sets_[set].label);
  }
  tell_what_is_ignored(original, *answer);
  return *answer;
}

void Reference::tell_what_is_ignored(const fettle::Program& original, const Answer& answer) {
  if (told_) return;
  for (const auto* values : {&answer.first.outputs, &answer.first.effects})
    for (const Ignored& ignored : *values) told_ = told_ || !ignored.empty();
  if (told_)
    original.context().note(
        "some results depend on memory that nobody initialized: they are counted, not compared");
}
