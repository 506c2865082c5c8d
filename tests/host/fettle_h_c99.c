/* fettle.h is strict C99 and needs nothing before it. */
#include <fettle/fettle.h>

typedef char sizes_are_fixed[sizeof(fettle_status) == 4 && sizeof(fettle_arg) == 112 ? 1 : -1];

int fettle_h_has(const fettle_run_options* options);
int fettle_h_has(const fettle_run_options* options) {
  return FETTLE_HAS(options, after_node);
}
