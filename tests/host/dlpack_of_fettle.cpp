#include "dlpack_layout.hpp"

#include "fettle/fettle.h"

std::vector<std::size_t> dlpack_of_fettle() {
  return DLPACK_LAYOUT;
}
