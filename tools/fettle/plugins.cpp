// fettle plugins: what components there are, where they come from, and what options they take.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "program_facts.hpp"
#include "table.hpp"

namespace fettle {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kAbout =
    "list         every pass, verifier and benchmark that was found\n"
    "info NAME    what one of them, or a plugin, does, and its options\n";

std::string list_text(const Host& host) {
  Table table({"name", "kind", "plugin", "version", "summary"});
  for (const ComponentKind kind :
       {ComponentKind::pass, ComponentKind::verifier, ComponentKind::benchmark}) {
    for (const PluginInfo& plugin : host.plugins()) {
      for (const ComponentInfo& c : plugin.components) {
        if (c.kind != kind) continue;
        table.add(
            {c.name, std::string(component_kind_name(kind)), plugin.id, plugin.version, c.summary});
      }
    }
  }
  return table.empty() ? "no plugins were found\n" : table.text("");
}

std::string refusals_text(const Host& host) {
  std::string out;
  for (const Refusal& refusal : host.refusals()) {
    Diagnostic diagnostic = refusal.reason;
    diagnostic.severity = Severity::warning;
    if (diagnostic.where.empty()) diagnostic.where = refusal.path.string();
    out += format(diagnostic);
  }
  return out;
}

std::string options_text(const ComponentInfo& component) {
  if (component.options.empty()) return "  no options\n";
  constexpr const char* types[] = {"bool", "int", "float", "string"};
  Table table({"option", "type", "default", "allowed", "meaning"});
  for (const OptionInfo& o : component.options) {
    table.add({o.name, types[static_cast<std::size_t>(o.type)],
               o.default_text.empty() ? "\"\"" : o.default_text, o.range_text, o.help});
  }
  return table.text();
}

std::string component_text(const ComponentInfo& component) {
  std::string out = fmt::format("{} ({})\n  {}\n", component.name,
                                component_kind_name(component.kind), component.summary);
  if (component.promise) out += fmt::format("  promises: {}\n", promise_name(*component.promise));
  return out + options_text(component);
}

std::string plugin_text(const PluginInfo& plugin) {
  return fmt::format("plugin {} {}\n  file: {}\n  sha256: {}\n  ABI: {}.{}\n", plugin.id,
                     plugin.version, plugin.path.string(), plugin.sha256, FETTLE_ABI_MAJOR,
                     plugin.abi_minor);
}

std::string info_text(const Host& host, const std::string& name) {
  std::vector<std::string> known;
  for (const PluginInfo& plugin : host.plugins()) {
    known.push_back(plugin.id);
    std::string components;
    for (const ComponentInfo& c : plugin.components) {
      known.push_back(c.name);
      if (c.name == name) return component_text(c) + plugin_text(plugin);
      components += component_text(c);
    }
    if (plugin.id == name) return plugin_text(plugin) + components;
  }
  throw Error({Code::usage_bad_argument,
               fmt::format("no component or plugin is called '{}'", name),
               {},
               {},
               suggest(name, known)});
}

}  // namespace

int plugins_command(const Invocation& invocation) {
  Arguments arguments("plugins list | plugins info NAME", kAbout);
  arguments.positional("ACTION", true);
  arguments.positional("NAME", false);
  arguments.options()("plugin-dir",
                      po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
                      "looks for plugins there first; repeatable");
  if (!arguments.parse(invocation.arguments)) return 0;

  const std::string action = arguments.choice("ACTION", {"list", "info"});
  const std::string name = arguments.text("NAME");
  if ((action == "info") == name.empty()) {
    throw Error({Code::usage_bad_argument,
                 action == "info" ? "info of what?" : "'plugins list' takes no name",
                 {},
                 {},
                 "usage: fettle plugins list | fettle plugins info NAME"});
  }
  const Host host(plugin_search(arguments, invocation.executable));
  if (action == "info") {
    std::cout << info_text(host, name);
  } else {
    std::cerr << refusals_text(host);
    std::cout << list_text(host);
  }
  return 0;
}

}  // namespace fettle
