#include "conformance/trial.hpp"

#include "graph/checks.hpp"
#include "ops/registry.hpp"

namespace fettle::conformance {

Trial::Trial(std::unique_ptr<Graph> graph)
    : graph_(std::move(graph)),
      analyses_(*graph_),
      journal_(*graph_),
      aliases_(*graph_, *analyses_.aliasing()) {}

Outcome Trial::outcome() const {
  Outcome fresh;
  fresh.cancel = &cancelled_;
  return fresh;
}

std::optional<std::string> Trial::analyze(Pass& pass) {
  Outcome said = outcome();
  return pass.analyze(analyses_, said);
}

void Trial::transform(Pass& pass) {
  Outcome said = outcome();
  pass.transform(journal_, analyses_, said);
}

void Trial::check_result(Pass& pass) {
  if (!journal_.changed()) return;
  check(*graph_);
  check_schemas(*graph_);
  aliases_.check(*graph_, *analyses_.aliasing());
  if (types_) analyses_.types()->check_against(*types_);
  Outcome said = outcome();
  pass.verify(analyses_, said);
}

bool Trial::run(Pass& pass) {
  if (analyze(pass)) return false;
  transform(pass);
  check_result(pass);
  return true;
}

}  // namespace fettle::conformance
