// A host that keeps count of what it hands over: each DLPack tensor's deleter has to be called
// exactly once, and each bound program released once. The tensors' own deleters run in a thread of
// their own, as a plugin may call them from any.
#pragma once

#include <string>
#include <vector>

#include "conformance/altered_host.hpp"

namespace fettle::conformance {

void install_counted_tensors(AlteredHost& host);

struct HandedOver {
  std::string by;  // the function of the host
  int released = 0;
};
std::vector<HandedOver> handed_over();  // since install

}  // namespace fettle::conformance
