// What tests of the command line share: models, or a word about their absence, and plugins that are
// wrong.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "catch.hpp"
#include "process.hpp"

// Captured models are made by tools/test; without them there is nothing to run on.
#define NEEDS_MODEL(variable, name)            \
  const std::string variable = model(name);    \
  if (variable.empty()) {                      \
    WARN("FETTLE_MODELS is not set: not run"); \
    return;                                    \
  }

namespace fettle::test {

inline const std::string kTestPlugins = FETTLE_PIPELINE_PLUGINS;

}  // namespace fettle::test
