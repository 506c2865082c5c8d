// An instance of a component: created with checked options, destroyed once, its plugin kept alive.
#pragma once

#include <memory>
#include <string>

#include "host/options.hpp"
#include "host/plugin_library.hpp"

namespace fettle {

class Instance {
 public:
  Instance(std::shared_ptr<const PluginLibrary> library, const LoadedComponent& component,
           BoundOptions options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const ComponentInfo& info() const { return loaded_.info; }
  const ResolvedOptions& options() const { return options_.texts; }
  fettle_instance* state() const { return state_; }
  template <class Table>
  const Table* table() const {
    return static_cast<const Table*>(loaded_.interface);
  }
  std::string what(std::string_view method) const;  // "pass 'dce': transform"

 private:
  std::shared_ptr<const PluginLibrary> library_;
  const LoadedComponent& loaded_;  // of library_
  BoundOptions options_;
  fettle_instance* state_ = nullptr;
};

// After a call: that messages were dropped, if some were.
void note_dropped(const fettle_ctx& ctx);
[[noreturn]] void bad_answer(std::string what, std::string why);  // throws plugin_bad_answer

// Where passes and analyses find the analyses of plugins: the host, which outlives them.
class AnalysisLookup {
 public:
  virtual ~AnalysisLookup() = default;
  // With default options; null: there is none of that name.
  virtual std::unique_ptr<PluginAnalysis> find_analysis(std::string_view name) const = 0;
};

std::unique_ptr<Pass> make_pass(std::unique_ptr<Instance> instance, const AnalysisLookup& lookup);
std::unique_ptr<PluginAnalysis> make_analysis(std::unique_ptr<Instance> instance,
                                              const AnalysisLookup& lookup);
std::unique_ptr<Verifier> make_verifier(std::unique_ptr<Instance> instance);
std::unique_ptr<Benchmark> make_benchmark(std::unique_ptr<Instance> instance);
std::unique_ptr<Backend> make_backend(std::unique_ptr<Instance> instance);

}  // namespace fettle
