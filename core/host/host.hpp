// The host: finds plugin libraries, decides which to trust, loads them through the C ABI and makes
// instances of their components. Knows no component by name.
//
// Discovery, in order: Search::plugin_dirs (--plugin-dir), FETTLE_PLUGIN_PATH, the user's folder,
// the system's, the build's own. Never the working directory. What is refused, and why, is kept in
// refusals(): a refused file is an error only when somebody asks for it (by --plugin-dir naming a
// folder nothing could be loaded from, or by a name that only it could have offered).
// Libraries are opened by absolute path with RTLD_NOW | RTLD_LOCAL and never closed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "fettle/fettle.h"
#include "host/components.hpp"

namespace fettle {

struct Search {
  std::vector<std::filesystem::path> plugin_dirs;  // asked for by the user: must exist
  std::string plugin_path;                         // FETTLE_PLUGIN_PATH's value, colon-separated
  std::optional<std::filesystem::path> user_dir, system_dir, build_dir;

  // The environment's FETTLE_PLUGIN_PATH, the user's folder, and the folder "plugins" beside the
  // executable; where there is none, as the executable is installed, the system's folder.
  static Search standard(const std::filesystem::path& executable);
};

struct PluginInfo {
  std::string id, version;
  std::filesystem::path path;
  std::string sha256;  // of the library file
  std::uint32_t abi_minor = 0;
  std::vector<ComponentInfo> components;
};

struct Refusal {
  std::filesystem::path path;
  Diagnostic reason;
};

class Host {
 public:
  // Finds and loads. Throws for what the user asked for and cannot have (a --plugin-dir that does
  // not exist or is not trusted, two plugins with one component name).
  explicit Host(const Search& search);
  ~Host();  // fini of every plugin; libraries stay loaded
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const std::vector<PluginInfo>& plugins() const;
  const std::vector<Refusal>& refusals() const;

  // Throws component_unknown with the nearest name (and with the refusal that may explain it).
  const ComponentInfo& component(ComponentKind kind, std::string_view name) const;
  std::vector<std::string> names(ComponentKind kind) const;

  // Checks the options against the declaration (option_unknown, option_type, option_range,
  // option_choice) and creates an instance. `where` is "file:line:column" or the command line's
  // option.
  struct GivenOption {
    std::string name;
    std::string text;  // as written; the declaration says how to read it
    std::string where;
  };
  std::unique_ptr<Pass> create_pass(std::string_view name,
                                    const std::vector<GivenOption>& options) const;
  // The same checks, without an instance: for a component that another process will create.
  ResolvedOptions resolve_options(ComponentKind kind, std::string_view name,
                                  const std::vector<GivenOption>& options) const;
  std::unique_ptr<Verifier> create_verifier(std::string_view name,
                                            const std::vector<GivenOption>& options) const;
  std::unique_ptr<Benchmark> create_benchmark(std::string_view name,
                                              const std::vector<GivenOption>& options) const;
  std::unique_ptr<PluginAnalysis> create_analysis(std::string_view name,
                                                  const std::vector<GivenOption>& options) const;
  std::unique_ptr<Backend> create_backend(std::string_view name,
                                          const std::vector<GivenOption>& options) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fettle
