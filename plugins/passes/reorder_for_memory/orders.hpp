// Orders of tasks that may need less memory, and how much each needs at most.
//
// No algorithm finds the best order of a graph quickly (the problem is NP-complete: Sethi,
// "Complete register allocation problems", 1975), and each greedy one is bad somewhere; so several
// are tried, and the best is taken:
//   - forward: of what may run next, that which frees most and allocates least (list scheduling);
//   - backward: the same from the end, where freeing and allocating change places;
//   - each with ties broken by program order, or by what became ready last (depth first).
// O(n log n) each, in tasks and what they touch.
#pragma once

#include <cstdint>
#include <vector>

#include "tasks.hpp"

using Order = std::vector<std::uint32_t>;  // tasks

// The most bytes alive while a task runs, if they run in this order.
std::int64_t peak_of(const Tasks& tasks, const Order& order);

Order program_order(const Tasks& tasks);
// The orders above, those with a smaller peak than the program's, by peak.
std::vector<Order> better_orders(const Tasks& tasks);
