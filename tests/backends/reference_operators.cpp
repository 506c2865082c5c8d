// The names that the reference backend's tables hold. Apart from the tests, as the sdk's classes have the
// names of the host's.
#include "../../plugins/backends/reference/call.hpp"

#include <string>
#include <vector>

namespace fettle_test {

std::vector<std::string> reference_operators() {
  std::vector<std::string> names;
  for (const auto operators :
       {elementwise_operators(), reduction_operators(), normalization_operators(),
        product_operators(), convolution_operators(), pooling_operators(), movement_operators()}) {
    for (const Operator& op : operators) names.emplace_back(op.name);
  }
  return names;
}

}  // namespace fettle_test
