// A new plugin's project: the templates of sdk/templates/ for its language and kind, with its name
// in place of theirs, and a copy of the SDK's headers, so that it builds where no SDK is installed.
//
// A template is a project that works, for a plugin called my_plugin. Everything is written to a
// folder beside the new one, which is renamed when it is whole.
#include "plugins_new.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>

#include "common_options.hpp"
#include "host/options.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

struct Sdk {
  fs::path templates, headers;
};

// In the source tree or installed, as seen from the executable.
Sdk find_sdk(const fs::path& executable) {
  const fs::path folder = executable.parent_path();
  for (const auto& [templates, headers] :
       {std::pair{"../sdk/templates", "../sdk/include/fettle"},
        std::pair{"../share/fettle/templates", "../include/fettle"}}) {
    const Sdk sdk{(folder / templates).lexically_normal(), (folder / headers).lexically_normal()};
    std::error_code ignored;
    if (fs::is_directory(sdk.templates, ignored) && fs::is_directory(sdk.headers, ignored)) {
      return sdk;
    }
  }
  throw Error({Code::usage_bad_argument,
               "the SDK's templates are not where they are installed",
               (folder / "../share/fettle/templates").lexically_normal().string(),
               {},
               "install fettle as a whole: meson install"});
}

[[noreturn]] void refuse_name(const std::string& name, std::string why) {
  throw Error({Code::usage_bad_argument,
               fmt::format("a plugin cannot be called '{}'", name),
               {},
               std::move(why),
               "a name is lower-case letters, digits and underscores, as in fold_batch_norm"});
}

void check_name(const std::string& name, const Host& host) {
  if (!is_snake_case(name)) refuse_name(name, "it is not snake_case");
  constexpr std::string_view kMesons[] = {"all",       "benchmark", "clean", "dist",
                                          "distcheck", "install",   "phony", "reconfigure",
                                          "test",      "uninstall"};
  if (std::ranges::find(kMesons, name) != std::end(kMesons)) {
    refuse_name(name, "Meson keeps this name for a target of its own");
  }
  for (const PluginInfo& plugin : host.plugins()) {
    for (const ComponentInfo& component : plugin.components) {
      if (component.name != name) continue;
      refuse_name(name, fmt::format("{} offers a {} of this name, and two are an error",
                                    plugin.path.string(), component_kind_name(component.kind)));
    }
  }
}

// "my_plugin" → "MyPlugin".
std::string class_name(const std::string& name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') {
      out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    }
    upper = c == '_';
  }
  return out;
}

std::string with_name(std::string text, const std::string& name) {
  for (const auto& [placeholder, value] :
       {std::pair{std::string_view("my_plugin"), name}, {"MyPlugin", class_name(name)}}) {
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos;
         at += value.size()) {
      text.replace(at, placeholder.size(), value);
    }
  }
  return text;
}

[[noreturn]] void fail_to_write(const fs::path& path, const std::string& why) {
  throw Error({Code::usage_bad_argument, "a new plugin's project cannot be written", path.string(),
               why, "name another folder with --dir"});
}

void copy_file(const fs::path& from, const fs::path& to, const std::string& name) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) fail_to_write(to.parent_path(), error.message());
  std::ifstream in(from, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) fail_to_write(from, "the template cannot be read");
  std::ofstream out(to, std::ios::binary);
  out << with_name(text, name);
  out.close();
  if (!out) fail_to_write(to, std::generic_category().message(errno));
}

// The files of a folder of templates; those of folders below it only if asked for.
void copy_files(const fs::path& from, const fs::path& to, const std::string& name, bool deep) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(from, error)) {
    const fs::path relative = entry.path().lexically_relative(from);
    if (!entry.is_regular_file() || (!deep && relative.has_parent_path())) continue;
    copy_file(entry.path(), to / with_name(relative.string(), name), name);
  }
  if (error) fail_to_write(from, error.message());
}

// The folder that the project is written to; it takes the place of `target` or goes away.
class Draft {
 public:
  explicit Draft(const fs::path& target) : target_(target) {
    std::error_code error;
    const bool taken = fs::exists(target, error) &&
                       (!fs::is_directory(target, error) || !fs::is_empty(target, error) ||
                        fs::equivalent(target, fs::current_path(error), error));
    if (taken) {
      throw Error({Code::usage_bad_argument, "a new plugin needs a folder of its own",
                   target.string(), "it is not empty, not a folder, or the working directory",
                   "name a folder that does not exist yet with --dir"});
    }
    path_ = target.parent_path() / fmt::format(".{}.{}", target.filename().string(), ::getpid());
    if (!fs::create_directory(path_, error)) {
      fail_to_write(target, error ? error.message() : path_.string() + " is in the way");
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }
  void finish() {
    std::error_code error;
    fs::rename(path_, target_, error);
    if (error) fail_to_write(target_, error.message());
    path_.clear();
  }

 private:
  fs::path target_, path_;
};

// An analysis is in no pipeline: other plugins ask for it, and people by `fettle inspect`.
bool is_in_pipelines(const std::string& kind) {
  return kind != "analysis";
}

std::string next_steps(const std::string& name, const std::string& kind,
                       const std::string& folder) {
  const std::string use = !is_in_pipelines(kind)
                              ? fmt::format("inspect MODEL.pt2 --analysis {}", name)
                              : fmt::format("run MODEL.pt2 -p {}.yaml", name);
  return fmt::format(
      "next:\n"
      "  cd {1}\n"
      "  meson setup build\n"
      "  meson test -C build\n"
      "  fettle plugins check build/{0}.so\n"
      "  fettle {2} --plugin-dir build\n",
      name, folder, use);
}

}  // namespace

std::vector<OptionSpec> new_plugin_options() {
  return {{.name = "lang",
           .value = "LANGUAGE",
           .help = "'new': what the plugin is written in.",
           .choices = {"c++", "c"},
           .completes = Completes::choice},
          {.name = "kind",
           .value = "KIND",
           .help = "'new': what it offers.",
           .choices = {"pass", "verifier", "benchmark", "analysis", "backend"},
           .completes = Completes::choice},
          {.name = "dir",
           .value = "DIR",
           .help = "'new': the folder to write, which does not exist yet or is empty.",
           .otherwise = "one of the plugin's name, in the working directory",
           .completes = Completes::folder}};
}

int new_plugin(const Invocation& invocation, const Arguments& arguments) {
  const std::string name = arguments.text("NAME");
  const std::string language = arguments.choice("lang"), kind = arguments.choice("kind");
  check_name(name, Host(plugin_search(arguments, invocation.executable)));
  const Sdk sdk = find_sdk(invocation.executable);

  const std::string shown = arguments.text("dir", name);
  fs::path target = fs::absolute(shown).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "--dir there/"
  Draft draft(target);
  const bool in_pipelines = is_in_pipelines(kind);
  copy_files(sdk.templates / "any", draft.path(), name, true);
  copy_files(sdk.templates / language, draft.path(), name, false);
  copy_files(sdk.templates / language / kind, draft.path(), name, true);
  if (!in_pipelines) copy_files(sdk.templates / "any-analysis", draft.path(), name, true);
  copy_files(sdk.headers, draft.path() / "subprojects/fettle-sdk/include/fettle", name, true);
  draft.finish();

  std::cout << fmt::format("{}: {} {} in {}, its test,{} CI, and the SDK's headers\n{}", shown,
                           in_pipelines ? "a" : "an", kind, language == "c" ? "C" : "C++",
                           in_pipelines ? " a pipeline," : "", next_steps(name, kind, shown));
  return 0;
}

}  // namespace fettle
