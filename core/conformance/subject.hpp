// The plugin under test, as checks see it: its file, its entry point before anything is known of
// it, its library as the host loads it, and the component that is asked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/abi_tables.hpp"
#include "host/instance.hpp"

namespace fettle::conformance {

struct Settings {
  std::filesystem::path file;  // absolute
  std::uint64_t seed = 0;      // of random programs
  std::string only;            // the one check to run; empty: all
  // What judges numerics, and the only folder that it is looked for in; empty: numerics are
  // skipped.
  std::string verifier;
  std::filesystem::path verifier_folder;
};

class Subject {
 public:
  explicit Subject(Settings settings) : settings_(std::move(settings)) {}
  const Settings& settings() const { return settings_; }
  const std::filesystem::path& file() const { return settings_.file; }

  void load();                        // the library and nothing more; throws plugin_not_loadable
  const fettle_plugin* descriptor();  // asks the entry point, each time
  const std::shared_ptr<PluginLibrary>& library();  // throws what the host refuses it for

  const LoadedComponent& component() const { return *component_; }  // not of library checks
  void set_component(const LoadedComponent* component) { component_ = component; }

 private:
  using Entry = const fettle_plugin*();
  Settings settings_;
  Entry* entry_ = nullptr;
  std::shared_ptr<PluginLibrary> library_;
  const LoadedComponent* component_ = nullptr;
};

// The time between a plugin's init and its fini. Instances must be gone before it ends.
class Session final : public AnalysisLookup {
 public:
  explicit Session(Subject& subject, const fettle_host& host = kHostTable);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Of the component that is asked. Throws plugin_failed, plugin_threw.
  std::unique_ptr<Instance> instance(const std::vector<Host::GivenOption>& options = {}) const;
  std::unique_ptr<Pass> pass() const { return make_pass(instance(), *this); }
  // Passes may ask for the analyses of their own plugin; no other is loaded.
  std::unique_ptr<PluginAnalysis> find_analysis(std::string_view name) const override;

 private:
  Subject& subject_;
};

// What a plugin answered with an error, if it did. Exceptions that crossed the boundary go through.
template <class Fn>
std::optional<Diagnostic> refusal_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    if (error.code() == Code::plugin_failed || error.code() == Code::plugin_init_failed) {
      return error.diagnostic();
    }
    throw;
  }
  return std::nullopt;
}

// Calls a function of the plugin's that has no status to answer. What it throws is plugin_threw.
template <class Fn>
auto ask(std::string_view what, Fn&& fn) -> decltype(fn()) {
  try {
    return fn();
  } catch (const std::exception& error) {
    throw Error({.code = Code::plugin_threw,
                 .what = std::string(what) + " threw a C++ exception",
                 .why = error.what()});
  } catch (...) {
    throw Error({.code = Code::plugin_threw, .what = std::string(what) + " threw a C++ exception"});
  }
}

// "what, where: why" of a diagnostic, on one line.
std::string one_line(const Diagnostic& diagnostic);

}  // namespace fettle::conformance
