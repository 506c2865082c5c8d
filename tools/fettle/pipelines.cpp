#include "pipelines.hpp"

#include <iostream>
#include <iterator>
#include <string>

#include "common_options.hpp"

namespace fettle {
namespace {

// configs/default.yaml in the source tree or installed, as seen from the executable.
std::filesystem::path default_pipeline(const std::filesystem::path& executable) {
  const std::filesystem::path folder = executable.parent_path();
  for (const char* place : {"../configs", "../share/fettle/configs"}) {
    const std::filesystem::path path = (folder / place / "default.yaml").lexically_normal();
    if (std::filesystem::exists(path)) return path;
  }
  throw Error({Code::usage_bad_argument,
               "the default pipeline is not where it is installed",
               (folder / "../share/fettle/configs/default.yaml").lexically_normal().string(),
               {},
               "name a pipeline with -p"});
}

Pipeline read_named_pipeline(const Arguments& arguments, const std::filesystem::path& executable) {
  if (arguments.has("passes") && arguments.has("pipeline")) {
    throw Error({Code::usage_bad_argument,
                 "--pipeline and --passes are given",
                 {},
                 "each says what to run",
                 "leave one of them out"});
  }
  if (arguments.has("passes")) return parse_inline(arguments.text("passes"), "--passes");
  if (!arguments.has("pipeline")) return load_pipeline(default_pipeline(executable));
  if (arguments.text("pipeline") != "-") return load_pipeline(arguments.text("pipeline"));
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  return parse_pipeline(text, "standard input");
}

}  // namespace

OptionSpec pipeline_option() {
  return {.name = "pipeline",
            .letter = "p",
            .value = "FILE.yaml",
            .help = "The pipeline to run; '-' reads it from standard input.",
            .otherwise = "configs/default.yaml",
            .completes = Completes::file};
}

OptionSpec passes_option() {
  return {.name = "passes",
            .value = "PASSES",
            .help = "The pipeline on one line, as in "
                    "'cse,dce,constant_folding{max_bytes=1024},repeat{limit=4}(cse,dce)'. Verified "
                    "after "
                    "each pass with numeric; nothing is measured.",
            .completes = Completes::pass};
}

Pipeline read_pipeline(const Arguments& arguments, const std::filesystem::path& executable) {
  Pipeline pipeline = read_named_pipeline(arguments, executable);
  if (!pipeline.verifiers && pipeline.verify_after != VerifyAfter::never) {
    pipeline.verifiers = {{"numeric", {}, "verify (the default)"}};
  }
  apply_overrides(arguments, pipeline);
  return pipeline;
}

}  // namespace fettle
