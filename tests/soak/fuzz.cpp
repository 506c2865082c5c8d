#include "fuzz.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Aborts, so that the fuzzer saves the input, when it ends in what must not be.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto outcome = fettle::soak::meet({reinterpret_cast<const char*>(data), size});
  if (outcome.finding.empty()) return 0;
  std::fprintf(stderr, "%s\n", outcome.finding.c_str());
  std::abort();
}
