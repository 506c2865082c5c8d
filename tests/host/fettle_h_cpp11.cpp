// fettle.h is C++11, too.
#include <fettle/fettle.h>

static_assert(sizeof(fettle_status) == 4, "a status is 32 bits");
static_assert(FETTLE_ABI_MAJOR == 1, "version 1");

int fettle_h_has_cpp(const fettle_run_options* options);
int fettle_h_has_cpp(const fettle_run_options* options) {
  return FETTLE_HAS(options, after_node);
}
