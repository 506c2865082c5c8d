// The limit on a worker's memory, and how running out of it is told.
//
// Counted is private writable memory (RLIMIT_DATA), beyond what the process has when the limit is
// set: a mapped model and the address space that allocators merely reserve do not count. Whoever
// cannot be given memory dies of it in his own way: operator new asks a handler first, and who
// ignores what malloc answers crashes. Both are told here, by sending prepared bytes.
#pragma once

#include <cstdint>
#include <string>

namespace fettle {

// Once, before limits are set: sends `message` on the socket when memory runs out, and ends the
// process.
void report_memory_exhausted(int socket, std::string message);

// From here on. Does nothing where the system cannot tell how much a process has.
void limit_memory(std::uint64_t bytes);
void lift_memory_limit();

}  // namespace fettle
