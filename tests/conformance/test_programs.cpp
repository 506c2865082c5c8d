// The programs that plugins are asked about are what they say: a plugin must not be blamed for theirs.
#include "analysis/type_propagation.hpp"
#include "catch.hpp"
#include "conformance/programs.hpp"

namespace fettle::conformance {

TEST_CASE("random programs record the types that their operands make") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (std::uint64_t index = 0; index < kRandomPrograms; ++index) {
      const NamedProgram program = random_program_of(seed, index);
      const std::unique_ptr<Graph> graph = graph_of(program.text);
      const std::unique_ptr<Graph> nothing = graph_of("graph():\n  return ()\n");
      INFO(program.name << "\n" << program.text);
      CHECK_NOTHROW(InferredTypes(*graph).check_against(InferredTypes(*nothing)));
    }
  }
}

}  // namespace fettle::conformance
