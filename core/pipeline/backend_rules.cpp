#include "pipeline/backend_rules.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "ops/registry.hpp"

namespace fettle {
namespace {

// One instance for each backend: the same plugin does not compile one program twice over.
class Instances {
 public:
  explicit Instances(const Host& host) : host_(host) {}

  std::shared_ptr<Backend> get(const ComponentUse& use) {
    if (use.name == kAten) {
      if (use.options.empty()) return nullptr;
      throw Error({.code = Code::option_unknown,
                   .what = "the backend 'aten' has no options",
                   .where = use.where});
    }
    if (const auto made = made_.find(use.name); made != made_.end()) return made->second;
    require_known(use);
    return made_[use.name] = host_.create_backend(use.name, use.options);
  }

 private:
  // The host knows names, the file knows where they stand.
  void require_known(const ComponentUse& use) const {
    try {
      host_.component(ComponentKind::backend, use.name);
    } catch (const Error& error) {
      std::vector<std::string> names = host_.names(ComponentKind::backend);
      names.emplace_back(kAten);
      Diagnostic diagnostic = error.diagnostic();
      diagnostic.where = use.where;
      diagnostic.hint = suggest(use.name, names);
      throw Error(std::move(diagnostic));
    }
  }

  const Host& host_;
  std::map<std::string, std::shared_ptr<Backend>, std::less<>> made_;
};

}  // namespace

std::shared_ptr<const BackendChoice> choose_backends(const BackendRules& rules, const Host& host) {
  Instances instances(host);
  BackendChoice choice;
  choice.otherwise = instances.get(rules.otherwise);
  for (const BackendRules::Rule& rule : rules.operators) {
    if (!find_operator(rule.key)) {
      throw Error({.code = Code::operator_unknown,
                   .what = fmt::format("there is no operator '{}'", rule.key),
                   .where = rule.where,
                   .why = "'operators' names operators as graphs do, with their overload",
                   .hint = suggest_operator(rule.key)});
    }
    choice.operators[rule.key] = instances.get(rule.backend);
  }
  for (const BackendRules::Rule& rule : rules.nodes) {
    choice.nodes[rule.key] = instances.get(rule.backend);
  }
  if (choice.aten_alone()) return nullptr;
  return std::make_shared<const BackendChoice>(std::move(choice));
}

void check_node_rules(const BackendRules& rules, const Graph& graph) {
  if (rules.nodes.empty()) return;
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) {
    if (graph.node(id).opcode == Opcode::call_function) {
      names.emplace_back(graph.text(graph.node(id).name));
    }
  }
  for (const BackendRules::Rule& rule : rules.nodes) {
    if (std::ranges::find(names, rule.key) != names.end()) continue;
    throw Error({.code = Code::pipeline_bad_value,
                 .what = fmt::format("the program has no call '{}'", rule.key),
                 .where = rule.where,
                 .why = "'nodes' names calls of the program's own graph, as 'fettle inspect "
                        "--format text' prints them",
                 .hint = suggest(rule.key, names)});
  }
}

boost::json::object to_json(const BackendUse& use) {
  namespace json = boost::json;
  json::array claimed, fallback;
  for (const BackendUse::Claimed& c : use.claimed) {
    claimed.push_back(json::object{{"backend", c.backend}, {"calls", c.calls}, {"parts", c.parts}});
  }
  for (const BackendUse::Fallback& f : use.fallback) {
    fallback.push_back(json::object{{"backend", f.backend},
                                    {"operator", f.op},
                                    {"calls", f.calls},
                                    {"offered", f.offered}});
  }
  return {{"claimed", std::move(claimed)},
          {"aten_calls", use.aten_calls},
          {"fallback", std::move(fallback)}};
}

std::string backend_use_text(const BackendUse& use) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (const BackendUse::Claimed& c : use.claimed) {
    out += fmt::format("{} runs {} calls in {} parts", c.backend, c.calls, c.parts);
    std::uint64_t fell = 0;
    std::size_t kinds = 0;
    std::string names;
    for (const BackendUse::Fallback& f : use.fallback) {
      if (f.backend != c.backend) continue;
      fell += f.calls;
      if (++kinds <= kShown) {
        names += fmt::format("{}{} {}{}", names.empty() ? "" : ", ", f.calls, f.op,
                             f.offered ? "" : " (not offered)");
      }
    }
    if (kinds > kShown) names += fmt::format(", and others ({} operators in all)", kinds);
    out += fell == 0 ? std::string("\n")
                     : fmt::format("; {} fell back to aten: {}\n", fell, names);
  }
  return out;
}

}  // namespace fettle
