// Host functions one of whose calls fails: what an edit that the graph refuses, a full memory or a
// bug of the host looks like from a plugin. All functions that answer a status, but for
// rewrite_abort, which is how a plugin cleans up.
#pragma once

#include <cstdint>

#include "conformance/altered_host.hpp"

namespace fettle::conformance {

void install_failing_calls(AlteredHost& host);

// From here on the call number `call` (from 1) answers `status`, before it does anything. 0: none.
void fail_call(std::uint64_t call, fettle_status status);
std::uint64_t calls_made();     // since fail_call
const char* failed_function();  // the one that was made to fail; null: none yet

}  // namespace fettle::conformance
