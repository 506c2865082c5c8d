// From the command line to a pipeline: the one place where commands read one.
#pragma once

#include <filesystem>

#include "arguments.hpp"
#include "pipeline/pipeline.hpp"

namespace fettle {

OptionSpec pipeline_option();
OptionSpec passes_option();

// --pipeline or --passes, or the default pipeline; verified with numeric unless it says otherwise;
// with what --set says.
Pipeline read_pipeline(const Arguments& arguments, const std::filesystem::path& executable);

}  // namespace fettle
