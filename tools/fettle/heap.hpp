// How this process keeps memory that it freed: it asks for as much again a moment later.
//
// A pass over a million nodes fills some 50 MB of arrays and frees them, and so does the next one.
// glibc by default gives such memory back to the system each time, and the system clears it again,
// page by page: a third of a pass' time. Blocks from 32 MiB on (weights, activations) still come
// from the system and go back to it.
#pragma once

#include <cstdlib>  // says whether this is glibc

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace fettle {

inline void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes, and where it would end by itself
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace fettle
