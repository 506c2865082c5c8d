// The programs that plugins are asked about: a few by hand, and as many random ones as a check
// wants. All are valid and can be run on the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace fettle::conformance {

// Parsed, arguments bound to the operators' schemas, structure checked.
std::unique_ptr<Graph> graph_of(std::string_view text);

// Equal text means the same program.
std::string exact_text(const Graph& graph);

struct NamedProgram {
  std::string name;  // "random program 3 of seed 1"
  std::string text;
};

std::vector<NamedProgram> empty_programs();     // no calls
std::vector<NamedProgram> one_node_programs();  // one call
NamedProgram nested_program();                  // branches three deep, and weights handed down
NamedProgram large_program();                   // 100,000 calls, most of them in one chain

// About `calls` calls: arithmetic, matrix products, views, reductions, calls with several results,
// calls in place, branches; with calls that are alike, unused, of constants alone, or undo nothing.
// No value grows beyond what float32 holds well. The same seed, the same program.
std::string random_program(std::uint64_t seed, std::uint32_t calls);
inline constexpr std::uint64_t kRandomPrograms = 32;  // that a check goes through
NamedProgram random_program_of(std::uint64_t seed, std::uint64_t index);

}  // namespace fettle::conformance
