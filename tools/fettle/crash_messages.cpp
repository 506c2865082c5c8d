#include "crash_messages.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/signal_name.hpp"
#include "host/plugin_call.hpp"

namespace fettle {
namespace {

struct Owner {
  std::string component, plugin;  // "dce", "  where: plugin '…' (FILE.so)\n"
};

struct Crash {
  int signal;
  std::string how;  // " crashed (SIGSEGV)\n"
  struct sigaction before = {};
};

// A handler can look nowhere else. Filled in before the handlers are installed.
std::vector<Owner> owners;
std::vector<Crash> crashes;
std::vector<std::string> restart;  // a command, and what to say of it
std::string restart_why;
std::vector<char*> restart_argv;
const PluginCall* const* calls = nullptr;  // of the thread that calls plugins

void say(std::string_view text) {
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

// Nothing if no plugin is being called.
bool tell(std::string_view code, std::string_view how) {
  const PluginCall* call = calls ? *calls : nullptr;
  if (!call) return false;
  say("error[");
  say(code);
  say("]: ");
  say(call->what);
  say(how);
  for (const Owner& owner : owners) {
    if (owner.component == call->speaker) say(owner.plugin);
  }
  say(call->what.starts_with("pass ") ? "  try: run it with '--isolation process', where that "
                                        "costs the pass alone, or leave it "
                                        "out; and tell its author\n"
                                      : "  try: leave the plugin out, and tell its author\n");
  return true;
}

void start_anew() {
  if (restart_argv.empty()) return;
  say(restart_why);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(restart_argv[0], restart_argv.data());
}

void on_crash(int signal) {
  start_anew();
  for (Crash& crash : crashes) {
    if (crash.signal != signal) continue;
    tell(code_name(Code::plugin_crashed), crash.how);
    ::sigaction(signal, &crash.before, nullptr);
  }
  ::raise(signal);
}

void on_exit() {
  if (tell(code_name(Code::plugin_exited), " ended the process\n")) ::_exit(3);
}

// A stack that overflowed has no room for a handler.
void use_other_stack() {
  static std::array<char, 64 * 1024> space;
  stack_t stack = {};
  stack.ss_sp = space.data();
  stack.ss_size = space.size();
  ::sigaltstack(&stack, nullptr);
}

}  // namespace

void CrashMessages::know(const Host& host) {
  for (const PluginInfo& plugin : host.plugins()) {
    const std::string where =
        fmt::format("  where: plugin '{}' ({})\n", plugin.id, plugin.path.string());
    for (const ComponentInfo& component : plugin.components) {
      owners.push_back({component.name, where});
    }
  }
}

void CrashMessages::restart_with(const std::vector<std::string>& command, std::string why) {
  restart_argv.clear();
  restart = command;
  restart_why = std::move(why);
  std::vector<char*> argv;
  for (std::string& word : restart) argv.push_back(word.data());
  if (!argv.empty()) argv.push_back(nullptr);
  restart_argv = std::move(argv);
}

CrashMessages::CrashMessages() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    crashes.push_back({signal, fmt::format(" crashed ({})\n", signal_name(signal))});
  }
  calls = &current_plugin_call();
  use_other_stack();
  for (Crash& crash : crashes) {
    struct sigaction action = {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_ONSTACK | SA_NODEFER);
    ::sigaction(crash.signal, &action, &crash.before);
  }
  static const bool listening = std::atexit(on_exit) == 0;
  (void)listening;
}

CrashMessages::~CrashMessages() {
  for (const Crash& crash : crashes) ::sigaction(crash.signal, &crash.before, nullptr);
  calls = nullptr;
  crashes.clear();
  owners.clear();
}

}  // namespace fettle
