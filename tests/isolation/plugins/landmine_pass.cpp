// Leaves something behind in its process that another plugin's pass dies of, as overwritten memory
// would, and says nothing.
#include <fettle/fettle.hpp>

#include <cstdlib>

namespace {

class LandminePass : public fettle::Pass {
 public:
  static constexpr const char* name = "landmine_pass";
  static constexpr const char* summary = "Leaves a trap for others.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph&) override { ::setenv("FETTLE_TEST_MINE", "1", 1); }
};

}  // namespace

FETTLE_PLUGIN("test.landmine_pass", "1.0", LandminePass)
