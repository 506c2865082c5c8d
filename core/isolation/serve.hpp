// The worker's side of isolation: has the program that the host has, and runs passes on it for the
// host until that hangs up. Prints nothing; what goes wrong is an answer.
//
// Whoever has loaded plugins and program calls serve; whoever could not says why. Both are called
// once, in a process that ends afterwards: limits and handlers of signals are the process's own.
#pragma once

#include "graph/graph.hpp"
#include "host/host.hpp"

namespace fettle {

void serve(int socket, const Host& host, Graph& graph);
void refuse_to_serve(int socket, const Diagnostic& why);

}  // namespace fettle
