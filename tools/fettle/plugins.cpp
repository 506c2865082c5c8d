// fettle plugins: what components there are, where they come from, and what options they take.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "common_options.hpp"
#include "plugins_check.hpp"
#include "plugins_new.hpp"
#include "plugins_why.hpp"
#include "table.hpp"

namespace fettle {
namespace {

std::string list_text(const Host& host) {
  Table table({"name", "kind", "plugin", "version", "summary"});
  for (const ComponentKind kind :
       {ComponentKind::pass, ComponentKind::analysis, ComponentKind::verifier,
        ComponentKind::benchmark, ComponentKind::backend}) {
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
  if (component.idempotent) out += "  idempotent: run again on its own result, it changes nothing\n";
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

// For shells: the names of components, and what --set takes.
std::string names_text(const Host& host, bool settings) {
  std::string out;
  for (const PluginInfo& plugin : host.plugins()) {
    for (const ComponentInfo& c : plugin.components) {
      if (!settings) out += fmt::format("{} {}\n", component_kind_name(c.kind), c.name);
      if (!settings) continue;
      for (const OptionInfo& option : c.options) out += fmt::format("{}.{}\n", c.name, option.name);
    }
  }
  return out;
}

int run(const Invocation& invocation, const Arguments& arguments) {
  const std::string action = arguments.choice("ACTION");
  const std::string name = arguments.text("NAME");
  if ((action != "list") == name.empty()) {
    throw Error({Code::usage_bad_argument,
                 name.empty() ? action + " of what?" : "'plugins list' takes no name",
                 {},
                 {},
                 "usage: fettle plugins list; fettle plugins info NAME; fettle plugins check FILE.so; "
                 "fettle plugins why NAME; fettle plugins new NAME"});
  }
  if (action == "check") return check_plugin(invocation, arguments);
  if (action == "new") return new_plugin(invocation, arguments);
  if (action == "why") return why_plugin(invocation, arguments);
  const Host host(plugin_search(arguments, invocation.executable));
  if (action == "info") {
    std::cout << info_text(host, name);
    return 0;
  }
  const std::string format = arguments.choice("format");
  if (format == "json") {
    throw Error({Code::usage_bad_argument, "'plugins list' has no format 'json'", {}, {},
                 "--format names, one line each"});
  }
  if (format == "table") std::cerr << refusals_text(host);
  std::cout << (format == "table" ? list_text(host) : names_text(host, format == "settings"));
  return 0;
}

}  // namespace

CommandSpec plugins_command() {
  CommandSpec spec = {
      .name = "plugins",
      .summary = "list what plugins offer, start one, check one, say why one is not found",
      .synopsis = {"plugins list [--format table|names|settings]", "plugins info NAME",
                   "plugins check FILE.so [--only CHECK] [--seed N] [--timeout SECONDS]",
                   "plugins why NAME",
                   "plugins new NAME [--lang c++|c] [--kind pass|verifier|benchmark|analysis|backend] "
                   "[--dir DIR]"},
      .description =
          {"'list' shows every pass, analysis, verifier and benchmark that was found; what was found and "
           "refused "
           "is said on standard error. 'info' shows what one of them, or a plugin, does, and its "
           "options with their types, defaults and allowed values.",
           "Plugins are looked for in the folders of --plugin-dir, of FETTLE_PLUGIN_PATH, of the "
           "user, "
           "and of the system, in this order; never in the working directory. Two plugins that "
           "offer a "
           "component of one name are an error. A plugin that others could have changed is "
           "refused.",
           "'why' goes through these places for one name, and says of each file that offers it, is "
           "called like it or was refused what came of it and what mends that.",
           "'new' writes a project for a plugin: its source, a test that needs no fettle, a pipeline "
           "that uses it (not of an analysis), CI, and a copy of the SDK's headers; 'meson setup build' and 'meson test -C "
           "build' are green from the start.",
           "'check' holds a plugin to the rules of the ABI: a line for each check, with pass, FAIL or "
           "skip, what happened, and what to do. The plugin runs in processes of its own, so that a "
           "crash or a hang is the result of the check at hand."},
      .positionals = {{.name = "ACTION",
                       .help = "'list', 'info', 'check', 'why' or 'new'.",
                       .choices = {"list", "info", "check", "why", "new"},
                       .completes = Completes::choice},
                      {.name = "NAME",
                       .help = "A component or a plugin; for 'check' a plugin's file; for 'new' the "
                               "name that it gets.",
                       .required = false,
                       .completes = Completes::component}},
      .options =
          {{.name = "format",
            .letter = "f",
            .value = "FORMAT",
            .help = "How 'list' shows them. 'names' is a line each, kind and name; 'settings' what "
                    "--set takes; 'json' is for 'check'.",
            .choices = {"table", "names", "settings", "json"},
            .completes = Completes::choice},
           plugin_dir_option()},
      .statuses = {{"0", "Done; of 'why': the name can be used; of 'check': no check failed."},
                   {"1", "Of 'why': the name cannot be used; of 'check': a check failed."}},
      .examples = {{"fettle plugins info constant_folding", "What a pass does, and its options"},
                   {"fettle plugins new fold_pads", "A project for a pass, in the folder fold_pads"},
                   {"fettle plugins check build/fold_pads.so", "Whether it keeps the ABI's rules"},
                   {"fettle plugins why fold_pads --plugin-dir build", "Why it is not found"}},
      .see_also = {"run"},
      .run = run};
  for (OptionSpec& option : plugins_check_options()) spec.options.push_back(std::move(option));
  for (OptionSpec& option : new_plugin_options()) spec.options.push_back(std::move(option));
  return spec;
}

}  // namespace fettle
