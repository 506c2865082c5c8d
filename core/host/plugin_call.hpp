// Which plugin's code a thread is in: for whoever has to say, in a signal's handler or while the
// process exits, whom a crash came from. Kept by call_plugin; nothing here allocates or locks.
#pragma once

#include <string_view>

namespace fettle {

struct PluginCall {
  std::string_view what;     // "pass 'dce': transform"
  std::string_view speaker;  // the component, or for init the plugin's id
  const PluginCall* outer = nullptr;
};

// The calling thread's innermost call, or null. The slot lives as long as the thread, so that its
// address may be kept, to be looked at when another thread crashes.
const PluginCall*& current_plugin_call() noexcept;

class PluginCallScope {
 public:
  PluginCallScope(std::string_view what, std::string_view speaker) noexcept
      : call_{what, speaker, current_plugin_call()} {
    current_plugin_call() = &call_;
  }
  ~PluginCallScope() { current_plugin_call() = call_.outer; }
  PluginCallScope(const PluginCallScope&) = delete;
  PluginCallScope& operator=(const PluginCallScope&) = delete;

 private:
  PluginCall call_;
};

}  // namespace fettle
