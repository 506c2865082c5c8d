// What `fettle run` says about a run, from its report.
#pragma once

#include <string>

#include "pipeline/report.hpp"

namespace fettle {

std::string run_text(const RunReport& report);    // results, for stdout
std::string notes_text(const RunReport& report);  // notes and warnings, for stderr

}  // namespace fettle
