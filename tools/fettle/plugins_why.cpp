// The places in the order of discovery, whether each is there, what every file in it came to that
// offers the name, is called like it or was refused; then the answer.
#include "plugins_why.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "common_options.hpp"
#include "host/discovery.hpp"
#include "host/search.hpp"

namespace fettle {
namespace {

bool offers(const SearchedFile& file, const std::string& name) {
  return file.plugin && (file.plugin->id == name ||
                         std::ranges::any_of(file.plugin->components, [&](const ComponentInfo& c) {
                           return c.name == name;
                         }));
}
bool concerns(const SearchedFile& file, const std::string& name) {
  return file.refusal || offers(file, name) ||
         file.path.stem().string().find(name) != std::string::npos;
}

// Where the refusal's own hint says nothing of what to do.
std::string mend_of(const Diagnostic& refusal) {
  if (!refusal.hint.empty()) return refusal.hint;
  switch (refusal.code) {
    case Code::plugin_not_found:
      return fmt::format("remove '{}', or make it readable", refusal.where);
    case Code::plugin_init_failed:
      return "the plugin's own messages say what it needs; its author can help";
    case Code::plugin_threw:
      return "catch every exception at the boundary: fettle.hpp does; a C++ plugin on fettle.h "
             "must";
    default:
      return "build it again from source on this fettle's sdk";
  }
}

std::string indented(const Diagnostic& refusal, std::string_view margin) {
  std::string out =
      fmt::format("{}refused: {} [{}]\n", margin, refusal.what, code_name(refusal.code));
  if (!refusal.why.empty()) out += fmt::format("{}why: {}\n", margin, refusal.why);
  return out + fmt::format("{}mend: {}\n", margin, mend_of(refusal));
}

std::string offered_text(const PluginInfo& plugin) {
  std::string out;
  for (const ComponentInfo& c : plugin.components) {
    out += fmt::format("{}{} '{}'", out.empty() ? "offers the " : ", the ",
                       component_kind_name(c.kind), c.name);
  }
  return fmt::format("{} (plugin {} {})\n", out, plugin.id, plugin.version);
}

std::string file_text(const SearchedFile& file) {
  std::string out = fmt::format("    {}\n", file.path.filename().string());
  if (file.plugin) out += "      " + offered_text(*file.plugin);
  if (file.refusal) out += indented(*file.refusal, "      ");
  if (!file.same_as.empty()) {
    out += fmt::format("      passed over: the same plugin as {}\n", file.same_as.string());
  }
  return out;
}

std::string folder_text(const SearchedFolder& folder, const std::string& name) {
  std::string out = fmt::format("  {}: {}\n", folder.place, folder.path.string());
  if (folder.refusal) return out + indented(*folder.refusal, "    ");
  if (!folder.exists) return out + "    does not exist\n";
  std::size_t others = 0;
  for (const SearchedFile& file : folder.files) {
    if (concerns(file, name)) {
      out += file_text(file);
    } else {
      ++others;
    }
  }
  if (folder.files.empty()) return out + "    holds no library\n";
  return others ? out + fmt::format("    {} of other names\n", others) : out;
}

// What stands for a place that no folder was given for.
std::string unset_text(std::string_view place) {
  if (place == kSearchPlaces[2]) return "neither XDG_DATA_HOME nor HOME is set";
  if (place == kSearchPlaces[3]) return "not searched: this fettle runs from its build";
  if (place == kSearchPlaces[4]) return "not searched: this fettle does not run from a build";
  return "not given";
}

std::string places_text(const std::vector<SearchedFolder>& folders, const std::string& name) {
  std::string out = fmt::format("'{}' was looked for, in this order, in\n", name);
  for (const std::string_view place : kSearchPlaces) {
    bool given = false;
    for (const SearchedFolder& folder : folders) {
      if (folder.place != place) continue;
      out += folder_text(folder, name);
      given = true;
    }
    if (!given) out += fmt::format("  {}: {}\n", place, unset_text(place));
  }
  return out + "  and never in the working directory\n";
}

std::string not_found_text(const std::vector<SearchedFolder>& folders, const std::string& name) {
  std::vector<std::string> known;
  std::string refused;
  for (const SearchedFolder& folder : folders) {
    for (const SearchedFile& file : folder.files) {
      if (file.refusal && concerns(file, name) &&
          (offers(file, name) || file.path.stem().string().find(name) != std::string::npos)) {
        refused = file.path.string();
      }
      if (!file.plugin) continue;
      for (const ComponentInfo& c : file.plugin->components) known.push_back(c.name);
    }
  }
  if (!refused.empty()) {
    return fmt::format("'{}' cannot be used: {} was refused, as said above\n", name, refused);
  }
  return fmt::format(
      "'{}' cannot be used: no plugin that was found offers it; {}\n"
      "a library elsewhere: --plugin-dir FOLDER\n",
      name, suggest(name, known));
}

}  // namespace

int why_plugin(const Invocation& invocation, const Arguments& arguments) {
  const std::string name = arguments.text("NAME");
  const Discovery found = discover(plugin_search(arguments, invocation.executable));
  const std::vector<SearchedFolder>& folders = found.folders;
  std::cout << places_text(folders, name);
  if (const Diagnostic* stop = found.stop()) {
    std::cout << fmt::format("'{}' cannot be used: {}, and every command stops at that\n", name,
                             stop->what);
    return 1;
  }
  for (const SearchedFolder& folder : folders) {
    for (const SearchedFile& file : folder.files) {
      if (!file.loaded() || !offers(file, name)) continue;
      std::cout << fmt::format("'{}' can be used, from {}\n", name, file.plugin->path.string());
      return 0;
    }
  }
  std::cout << not_found_text(folders, name);
  return 1;
}

}  // namespace fettle
