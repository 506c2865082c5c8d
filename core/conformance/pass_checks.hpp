// Checks of what a pass does to programs.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_empty_program(Subject& subject);
Finding check_one_node_program(Subject& subject);
Finding check_nested_program(Subject& subject);
Finding check_random_programs(Subject& subject);
Finding check_large_program(Subject& subject);
Finding check_unchanged_means_identical(Subject& subject);
Finding check_same_edits(Subject& subject);
Finding check_rewrite_limit(Subject& subject);
Finding check_preserved_analyses(Subject& subject);
Finding check_idempotent(Subject& subject);
Finding check_numerics(Subject& subject);

}  // namespace fettle::conformance
