#include "reference.hpp"

namespace {

bool draws_random_numbers(const fettle::Graph& graph) {
  const fettle_columns columns = graph.columns();
  for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
    if (columns.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION &&
        graph.node(columns.nodes[i]).facts().random())
      return true;
  return false;
}

}  // namespace

std::optional<fettle::Data> run_or_nothing(const fettle::Program& program,
                                           const fettle::Data& inputs, std::uint64_t seed) {
  fettle::RunOptions options;
  options.seed = seed;
  try {
    return program.run(inputs.copy(), options).outputs;  // a program may write its inputs
  } catch (const fettle::Failure& failure) {
    if (failure.status() == FETTLE_E_CANCELLED) throw;
    return std::nullopt;
  }
}

void Reference::use(const fettle::Program& original, std::uint64_t random_sets,
                    std::uint64_t seed) {
  if (program_ == original.id()) return;
  program_.reset();  // in case of a throw below
  sets_.clear();
  answers_.clear();
  seed_ = seed;
  random_ = draws_random_numbers(original.graph());
  for (std::size_t k = 0; k < original.sample_count(); ++k)
    sets_.push_back(
        {"sample " + std::to_string(k), original.sample_inputs(k), original.eager_outputs(k)});
  for (std::uint64_t k = 0; k < random_sets; ++k) {
    try {
      sets_.push_back({"random set " + std::to_string(k) + " (seed " + std::to_string(seed) + ")",
                       fettle::random_inputs(original, seed, k), std::nullopt});
    } catch (const fettle::Failure& failure) {
      if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
      original.context().note(std::string("no random inputs: ") + failure.what());
      break;
    }
  }
  answers_.resize(sets_.size());
  program_ = original.id();
}

const fettle::Data* Reference::outputs(const fettle::Program& original, std::size_t set) {
  Answer& answer = answers_[set];
  if (!answer.asked) {
    answer.outputs = run_or_nothing(original, sets_[set].inputs, seed_);
    answer.asked = true;
    if (!answer.outputs)
      original.context().note("the original program does not run on " + sets_[set].label);
  }
  return answer.outputs ? &*answer.outputs : nullptr;
}
