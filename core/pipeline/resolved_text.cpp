// The resolved pipeline as JSON and as YAML, in the shape of a pipeline file.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/quantity.hpp"
#include "pipeline/resolve.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

// Options are kept as text; their declaration says what they are.
json::value option_value(const ComponentInfo& info, const std::string& name,
                         const std::string& text) {
  const auto declared =
      std::ranges::find_if(info.options, [&](const OptionInfo& o) { return o.name == name; });
  if (declared == info.options.end() || declared->type == OptionType::string) {
    return json::value(text);
  }
  boost::system::error_code ignored;
  json::value parsed = json::parse(text, ignored);
  return ignored ? json::value(text) : parsed;  // inf and nan have no JSON
}

template <class Component>
json::value component_json(const Component& component) {
  if (component.options().empty()) return json::value(component.info().name);
  json::object options;
  for (const auto& [name, text] : component.options()) {
    options[name] = option_value(component.info(), name, text);
  }
  return json::object{{component.info().name, std::move(options)}};
}

json::array steps_json(const std::vector<ResolvedStep>& steps) {
  json::array list;
  for (const ResolvedStep& step : steps) {
    if (const auto* group = std::get_if<ResolvedRepeat>(&step.what)) {
      json::object repeat{{"until", "unchanged"}, {"limit", group->limit}};
      repeat["passes"] = steps_json(group->steps);
      list.push_back(json::object{{"repeat", std::move(repeat)}});
    } else {
      list.push_back(component_json(*std::get<ResolvedPass>(step.what).pass));
    }
  }
  return list;
}

template <class Components>
json::array components_json(const Components& components) {
  json::array list;
  for (const auto& component : components) list.push_back(component_json(*component));
  return list;
}

json::value backend_json(const std::shared_ptr<Backend>& backend) {
  return backend ? component_json(*backend) : json::value(json::string(kAten));
}

// Every rule, each backend with the options that its instance has.
json::object backends_json(const BackendChoice& choice) {
  const auto rules = [](const auto& map) {
    json::object out;
    for (const auto& [key, backend] : map) out[key] = backend_json(backend);
    return out;
  };
  json::object out{{"default", backend_json(choice.otherwise)}};
  if (!choice.operators.empty()) out["operators"] = rules(choice.operators);
  if (!choice.nodes.empty()) out["nodes"] = rules(choice.nodes);
  return out;
}

json::value isolation_json(const std::optional<IsolationUse>& use) {
  if (!use) return "none";
  const double seconds = use->limits.seconds;
  const auto whole = static_cast<std::int64_t>(std::min(seconds, 1e15));
  json::object out{{"mode", "process"}, {"memory", exact_bytes(use->limits.memory)}};
  out["seconds"] = static_cast<double>(whole) == seconds ? json::value(whole) : json::value(seconds);
  if (use->passes) {
    json::array& names = out["passes"].emplace_array();
    for (const std::string& name : *use->passes) names.emplace_back(name);
  }
  return out;
}

void emit(YAML::Emitter& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, element] : *object) {
      out << YAML::Key << std::string(key) << YAML::Value;
      emit(out, element);
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    if (array->empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const json::value& element : *array) emit(out, element);
    out << YAML::EndSeq;
  } else if (const auto* text = value.if_string()) {
    out << std::string(*text);
  } else {
    out << json::serialize(value);
  }
}

}  // namespace

json::object to_json(const ResolvedPipeline& pipeline) {
  json::object out;
  if (!pipeline.name.empty()) out["name"] = pipeline.name;
  out["passes"] = steps_json(pipeline.steps);
  json::object verify{{"after", json::string(verify_after_name(pipeline.verify_after))}};
  if (!pipeline.verifiers.empty()) {
    verify["with"] = components_json(pipeline.verifiers);
    verify["unable"] = pipeline.unable_is_failure ? "fail" : "pass";
  }
  out["verify"] = std::move(verify);
  out["benchmark"] = components_json(pipeline.benchmarks);
  out["on_failure"] = json::string(on_failure_name(pipeline.on_failure));
  out["on_fault"] = json::string(on_failure_name(pipeline.on_fault));
  out["isolation"] = isolation_json(pipeline.isolation_use);
  if (pipeline.accept) {
    json::object accept;
    if (pipeline.accept->max_abs) accept["max_abs"] = *pipeline.accept->max_abs;
    if (pipeline.accept->max_rel) accept["max_rel"] = *pipeline.accept->max_rel;
    out["accept"] = std::move(accept);
  }
  if (pipeline.backends) out["backends"] = backends_json(*pipeline.backends);
  return out;
}

std::string to_yaml(const ResolvedPipeline& pipeline) {
  YAML::Emitter out;
  emit(out, to_json(pipeline));
  return std::string(out.c_str()) + "\n";
}

json::array plugins_json(const std::vector<PluginUsed>& plugins) {
  json::array list;
  for (const PluginUsed& plugin : plugins) {
    list.push_back(json::object{{"id", plugin.id},
                                {"version", plugin.version},
                                {"sha256", plugin.sha256},
                                {"path", plugin.path}});
  }
  return list;
}

}  // namespace fettle
