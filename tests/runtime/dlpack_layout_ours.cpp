#include "dlpack_layout.hpp"

#include "fettle/fettle.h"

namespace fettle::test {

std::vector<std::size_t> our_dlpack_layout() { return FETTLE_DLPACK_LAYOUT; }

}  // namespace fettle::test
