#include "dlpack_layout.hpp"

#include <ATen/dlpack.h>

std::vector<std::size_t> dlpack_of_torch() {
  return DLPACK_LAYOUT;
}
