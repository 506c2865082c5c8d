#include "outcome.hpp"

#include "base/error.hpp"

namespace fettle::soak {

Outcome outcome_of(const std::function<int()>& action) {
  try {
    return {action() == 0 ? "done" : "check", ""};
  } catch (const Error& error) {
    const bool bug = code_blame(error.code()) == Blame::bug;
    return {std::string(code_name(error.code())), bug ? error.what() : ""};
  } catch (const std::exception& error) {
    return {"exception", std::string("an exception that is no diagnostic: ") + error.what()};
  }
}

}  // namespace fettle::soak
