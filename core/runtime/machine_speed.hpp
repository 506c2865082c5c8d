// What this machine does at most, for a profile to be held against: measured through libtorch, on
// the same device and with the same number of threads as programs run.
//
//   flops_per_second   of a product of two square matrices of `dtype`: sizes double from 256 until
//                      one takes 20 ms (or 8192 is reached), each runs five times, and the best of
//                      all runs counts.
//   bytes_per_second   of copying a tensor larger than caches are (256 MiB read, 256 MiB written):
//                      both counted; the best of five runs.
//
// Neither is a promise: a chip's turbo and its neighbours move both by some percent, a call whose
// data lie in a cache can move more bytes than a copy through memory does, and a kernel with
// smaller elements can do more flops.
#pragma once

#include <cstdint>
#include <string>

#include "graph/types.hpp"

namespace fettle {

struct MachineSpeed {
  DType dtype = DType::float32;
  double flops_per_second = 0;
  double bytes_per_second = 0;
  std::int64_t matrix_size = 0;   // of the best product
  std::int64_t copied_bytes = 0;  // that a copy read
  int threads = 0;                // of libtorch
};

// `dtype`: a floating one. Takes well under a second on most machines. Throws device_unavailable.
MachineSpeed measure_machine(const Device& device, DType dtype = DType::float32);

std::uint32_t compute_threads();  // that libtorch uses for one operator
std::string libtorch_version();   // "2.13.0"

}  // namespace fettle
