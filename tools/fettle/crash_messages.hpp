// Last words when a plugin takes the process down: which plugin it was, and what to try.
//
// While one of these lives, a signal of a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) that
// arrives inside a call of a plugin, and exit() called from one, are told on standard error before
// the process ends as it would have: by the same signal, or with status 3 after exit. Crashes
// outside of plugins are left to whoever handled them before.
//
// One at a time, made on the thread that calls plugins; a plugin's own threads are covered, too.
// The handlers only read what was prepared, and write(2): files of plugins are known once somebody
// told about the host.
#pragma once

#include <string>
#include <vector>

#include "host/host.hpp"

namespace fettle {

class CrashMessages {
 public:
  CrashMessages();
  static void know(const Host& host);
  // From here on a crash, inside of a plugin or not, tells `why` and becomes that command: the process
  // starts anew. Empty: no longer.
  static void restart_with(const std::vector<std::string>& command, std::string why);
  ~CrashMessages();
  CrashMessages(const CrashMessages&) = delete;
  CrashMessages& operator=(const CrashMessages&) = delete;
};

}  // namespace fettle
