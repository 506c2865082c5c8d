// A pipeline's text to its description. Each function reads one construct of pipeline.hpp's
// grammar.
//
// Aliases (*name) are YAML's own and allowed; they can nest a group in itself or repeat a list many
// times over, so that depth and the number of steps are bounded.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/quantity.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/yaml_reader.hpp"

namespace fettle {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxSteps = 10'000;
constexpr std::uint32_t kMaxRounds = 1'000;

class PipelineParser {
 public:
  PipelineParser(std::string_view text, const std::string& source)
      : yaml_(source), root_(yaml_.document(text)) {
    pipeline_.source = source;
  }

  Pipeline parse() {
    bool has_passes = false;
    yaml_.mapping(
        root_, "a pipeline",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
          if (key == "name") {
            pipeline_.name = yaml_.text(value, "'name'");
          } else if (key == "passes") {
            has_passes = true;
            pipeline_.passes = steps(value, 0);
          } else if (key == "verify") {
            verify(value);
          } else if (key == "benchmark") {
            pipeline_.benchmarks = uses(value, "'benchmark'", "a benchmark");
          } else if (key == "on_failure") {
            pipeline_.on_failure =
                static_cast<OnFailure>(yaml_.choice(value, "'on_failure'", {"stop", "skip"}));
          } else if (key == "on_fault") {
            pipeline_.on_fault =
                static_cast<OnFailure>(yaml_.choice(value, "'on_fault'", {"stop", "skip"}));
          } else if (key == "isolation") {
            isolation(value);
          } else if (key == "accept") {
            accept(value);
          } else if (key == "backend" || key == "backends") {
            backends(key, key_node, value);
          } else {
            yaml_.unknown_key(key_node, key, "a pipeline",
                              {"name", "passes", "verify", "benchmark", "on_failure", "on_fault",
                               "isolation", "accept", "backend", "backends"});
          }
        },
        "passes: [dce]");
    if (!has_passes) {
      yaml_.fail(Code::pipeline_missing_key, root_, "the pipeline has no 'passes'", {},
                 "list them, or write 'passes: []', which only copies the program");
    }
    check_isolated_passes();
    return std::move(pipeline_);
  }

 private:
  std::vector<Step> steps(const YAML::Node& node, int depth) {
    if (depth > kMaxDepth) {
      yaml_.fail(Code::pipeline_too_large, node,
                 fmt::format("groups are nested more than {} deep", kMaxDepth),
                 "a group that contains itself (through an alias) would never end",
                 "take the innermost groups out");
    }
    std::vector<Step> list;
    yaml_.sequence(node, "'passes'", [&](const YAML::Node& element) {
      if (++steps_ > kMaxSteps) {
        yaml_.fail(Code::pipeline_too_large, element,
                   fmt::format("the pipeline has more than {} passes", kMaxSteps), {},
                   "split it into several, and run one after the other");
      }
      list.push_back(step(element, depth));
    });
    return list;
  }

  Step step(const YAML::Node& node, int depth) {
    if (node.IsMap() && node.size() == 1 && node.begin()->first.IsScalar() &&
        node.begin()->first.Scalar() == "repeat") {
      return {repeat(node.begin()->second, depth)};
    }
    return {use(node, "a pass")};
  }

  Repeat repeat(const YAML::Node& node, int depth) {
    Repeat group;
    bool has_passes = false;
    yaml_.mapping(node, "'repeat'",
                  [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                    if (key == "until") {
                      yaml_.choice(value, "'until'", {"unchanged"});
                    } else if (key == "limit") {
                      group.limit = yaml_.whole_number(value, "'limit'", 1, kMaxRounds);
                    } else if (key == "passes") {
                      has_passes = true;
                      group.passes = steps(value, depth + 1);
                    } else {
                      yaml_.unknown_key(key_node, key, "'repeat'", {"until", "limit", "passes"});
                    }
                  });
    if (!has_passes) {
      yaml_.fail(Code::pipeline_missing_key, node, "'repeat' has no 'passes'", {},
                 "repeat: {until: unchanged, limit: 8, passes: [cse, dce]}");
    }
    return group;
  }

  // A component: its name, or {name: {option: value}}.
  ComponentUse use(const YAML::Node& node, std::string_view what) {
    if (!node.IsMap()) {
      if (!node.IsScalar()) {
        yaml_.fail(Code::pipeline_wrong_type, node,
                   fmt::format("{} is given as a name, or as {{name: {{option: value}}}}", what),
                   {}, "dce, or dce: {weights: false}");
      }
      return {node.Scalar(), {}, yaml_.where(node)};
    }
    ComponentUse result;
    yaml_.mapping(
        node, what,
        [&](const std::string& name, const YAML::Node& key_node, const YAML::Node& options) {
          if (!result.name.empty()) {
            yaml_.fail(
                Code::pipeline_wrong_type, key_node,
                fmt::format("two names, '{}' and '{}', in one list element", result.name, name),
                "an element is one component",
                fmt::format("start another line with '- ', or indent '{}' below '{}' if it is an "
                            "option of it",
                            name, result.name));
          }
          result = {name, given_options(name, options), yaml_.where(key_node)};
        });
    if (result.name.empty()) {
      yaml_.fail(Code::pipeline_wrong_type, node,
                 fmt::format("an empty mapping where {} belongs", what), {},
                 "name one, or leave the braces out");
    }
    return result;
  }

  std::vector<Host::GivenOption> given_options(const std::string& name, const YAML::Node& node) {
    std::vector<Host::GivenOption> options;
    yaml_.mapping(node, fmt::format("what follows '{}:'", name),
                  [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                    options.push_back({key, yaml_.text(value, fmt::format("option '{}'", key)),
                                       yaml_.where(key_node)});
                  });
    return options;
  }

  std::vector<ComponentUse> uses(const YAML::Node& node, std::string_view list,
                                 std::string_view what) {
    std::vector<ComponentUse> result;
    yaml_.sequence(node, list,
                   [&](const YAML::Node& element) { result.push_back(use(element, what)); });
    return result;
  }

  void verify(const YAML::Node& node) {
    yaml_.mapping(
        node, "'verify'",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
          if (key == "after") {
            pipeline_.verify_after =
                static_cast<VerifyAfter>(yaml_.choice(value, "'after'", {"each", "end", "never"}));
          } else if (key == "with") {
            pipeline_.verifiers = uses(value, "'with'", "a verifier");
            if (pipeline_.verifiers->empty()) {
              yaml_.fail(Code::pipeline_bad_value, value, "'with' names no verifier", {},
                         "name one, or turn verification off with 'verify: {after: never}'");
            }
          } else if (key == "unable") {
            pipeline_.unable_is_failure = yaml_.choice(value, "'unable'", {"fail", "pass"}) == 0;
          } else {
            yaml_.unknown_key(key_node, key, "'verify'", {"after", "with", "unable"});
          }
        },
        "verify: {after: each, with: [numeric]}; after is each, end or never");
  }

  static constexpr const char* kIsolationExample =
      "isolation: process, or {mode: process, seconds: 60, memory: 4 GiB, passes: [cse]}";

  // Whether passes are isolated at all: mode none says so in words.
  bool isolates(const YAML::Node& node, std::string_view what) {
    return yaml_.choice(node, what, {"none", "process"}) == 1;
  }

  void isolation(const YAML::Node& node) {
    if (!node.IsMap()) {
      if (isolates(node, "'isolation'")) pipeline_.isolation.emplace();
      return;
    }
    IsolationUse use;
    std::optional<bool> isolated;
    yaml_.mapping(
        node, "'isolation'",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
          if (key == "mode") {
            isolated = isolates(value, "'mode'");
          } else if (key == "seconds") {
            use.limits.seconds = yaml_.non_negative(value, "'seconds'");
          } else if (key == "memory") {
            use.limits.memory = memory(value);
          } else if (key == "passes") {
            use.passes.emplace();
            yaml_.sequence(value, "'passes'", [&](const YAML::Node& element) {
              use.passes->push_back(yaml_.text(element, "an isolated pass"));
              isolated_passes_.push_back(element);
            });
          } else {
            yaml_.unknown_key(key_node, key, "'isolation'", {"mode", "seconds", "memory", "passes"});
          }
        },
        kIsolationExample);
    if (!isolated) {
      yaml_.fail(Code::pipeline_missing_key, node, "'isolation' has no 'mode'", {},
                 kIsolationExample);
    }
    if (*isolated) pipeline_.isolation = std::move(use);
  }

  std::uint64_t memory(const YAML::Node& node) {
    const std::string given = yaml_.text(node, "'memory'");
    const std::optional<std::uint64_t> bytes = bytes_from_text(given);
    if (bytes && *bytes > 0) return *bytes;
    yaml_.fail(Code::pipeline_bad_value, node,
               fmt::format("'memory' must be an amount of memory, but is '{}'", given), {},
               "write it as in 512 MiB or 4 GiB");
  }

  // A misspelled pass would run where its author feared it.
  void check_isolated_passes() const {
    const std::vector<std::string> used = pass_names(pipeline_);
    for (const YAML::Node& node : isolated_passes_) {
      if (std::ranges::find(used, node.Scalar()) != used.end()) continue;
      yaml_.fail(Code::pipeline_bad_value, node,
                 fmt::format("'isolation' names '{}', which the pipeline does not run",
                             node.Scalar()),
                 {}, suggest(node.Scalar(), used));
    }
  }

  void accept(const YAML::Node& node) {
    ErrorBudget budget;
    yaml_.mapping(node, "'accept'",
                  [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                    if (key == "max_abs") {
                      budget.max_abs = yaml_.non_negative(value, "'max_abs'");
                    } else if (key == "max_rel") {
                      budget.max_rel = yaml_.non_negative(value, "'max_rel'");
                    } else {
                      yaml_.unknown_key(key_node, key, "'accept'", {"max_abs", "max_rel"});
                    }
                  });
    if (!budget.max_abs && !budget.max_rel) {
      yaml_.fail(Code::pipeline_missing_key, node, "'accept' gives no budget", {},
                 "accept: {max_abs: 0.01}, {max_rel: 0.1}, or both");
    }
    pipeline_.accept = budget;
  }

  void backends(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    if (pipeline_.backends.given) {
      yaml_.fail(Code::pipeline_duplicate_key, key_node, "'backend' and 'backends' are both given",
                 "the one is short for the other's 'default'", "leave one of them out");
    }
    pipeline_.backends.given = true;
    if (key == "backend") {
      pipeline_.backends.otherwise = use(value, "a backend");
    } else {
      backend_rules(value);
    }
  }

  void backend_rules(const YAML::Node& node) {
    BackendRules& rules = pipeline_.backends;
    const auto list = [&](const YAML::Node& mapping, std::string_view what, auto& into) {
      yaml_.mapping(mapping, what,
                    [&](const std::string& key, const YAML::Node& key_node,
                        const YAML::Node& value) {
                      into.push_back({key, yaml_.where(key_node), use(value, "a backend")});
                    });
    };
    yaml_.mapping(
        node, "'backends'",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
          if (key == "default") {
            rules.otherwise = use(value, "a backend");
          } else if (key == "operators") {
            list(value, "'operators'", rules.operators);
          } else if (key == "nodes") {
            list(value, "'nodes'", rules.nodes);
          } else {
            yaml_.unknown_key(key_node, key, "'backends'", {"default", "operators", "nodes"});
          }
        },
        "backends: {default: aten, operators: {aten.linear.default: reference}}");
  }

  YamlReader yaml_;
  YAML::Node root_;
  Pipeline pipeline_;
  std::vector<YAML::Node> isolated_passes_;
  std::size_t steps_ = 0;
};

}  // namespace

Pipeline parse_pipeline(std::string_view text, const std::string& source) {
  return PipelineParser(text, source).parse();
}

Pipeline load_pipeline(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw Error({Code::pipeline_unreadable, "cannot read the pipeline", path.string(),
                 std::filesystem::exists(path) ? "it is not a file that may be read"
                                               : "there is no such file",
                 "pass a YAML file with -p, or leave -p out for the default pipeline"});
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return parse_pipeline(text, path.string());
}

}  // namespace fettle
