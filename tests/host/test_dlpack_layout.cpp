// fettle.h declares DLPack's structs itself, so that plugins need no other header: they must be the
// real ones.
#include "catch.hpp"

#include "dlpack_layout.hpp"

TEST_CASE("DLPack in fettle.h is laid out as in torch's dlpack.h") {
  CHECK(dlpack_of_fettle() == dlpack_of_torch());
  CHECK(dlpack_of_fettle().size() > 40);
}
