// fettle.h declares DLPack's structs itself, so that plugins need no other header: they must be those
// of the real dlpack.h, which libtorch brings.
#include <ATen/dlpack.h>

#include "catch.hpp"
#include "dlpack_layout.hpp"

using namespace fettle::test;

TEST_CASE("fettle.h's DLPack is the real one") { CHECK(our_dlpack_layout() == FETTLE_DLPACK_LAYOUT); }
