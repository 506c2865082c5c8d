// The folder that shows a failure to someone who has fettle and the plugin, and nothing else.
#pragma once

#include "bisect/bisect.hpp"

namespace fettle {

struct Reproducer {
  Program program;  // with the inputs as its sample
  std::vector<RunValue> inputs;
  const TrialSetup& trial;
  const BisectResult& result;
  std::string model;  // it was found on
  std::vector<std::string> plugin_dirs;
};

// repro.pt2, pipeline.yaml, README.md. Throws archive_unwritable, report_unwritable.
void write_reproducer(Reproducer& repro, const std::filesystem::path& folder);

}  // namespace fettle
