// One loaded plugin: its library, its checked descriptor, and what it offers. Opened once and never
// closed (RTLD_NODELETE), as code and constant data of a plugin are pointed to from everywhere.
//
// The steps, each refusing with a code of its own: open the file, find the exported function, check
// the descriptor (versions, sizes, names, options, interfaces); and apart from that, once it is
// clear that no other plugin has these names, init.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fettle/fettle.h"
#include "host/host.hpp"

namespace fettle {

// A component and the interface table that it answered for.
struct LoadedComponent {
  const fettle_component* component = nullptr;
  const void* interface = nullptr;  // fettle_pass_v1, … by info.kind
  ComponentInfo info;

  std::span<const fettle_option_decl> options() const {
    return {component->options, component->n_options};
  }
};

class PluginLibrary {
 public:
  // `path` is absolute and trusted. Throws plugin_* errors.
  explicit PluginLibrary(const std::filesystem::path& path);
  ~PluginLibrary();  // fini, if init succeeded
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  // Throws plugin_init_failed, plugin_threw. Another host than the usual one is for tests of plugins.
  void init();
  void init(const fettle_host& host);
  void fini();  // if init succeeded; after it, the plugin may be initialized again

  const PluginInfo& info() const { return info_; }
  const fettle_plugin& descriptor() const { return *plugin_; }
  const std::vector<LoadedComponent>& components() const { return components_; }

 private:
  void check_descriptor();
  LoadedComponent check_component(const fettle_component* component);

  const fettle_plugin* plugin_ = nullptr;
  PluginInfo info_;
  std::vector<LoadedComponent> components_;
  bool initialized_ = false;
};

}  // namespace fettle
