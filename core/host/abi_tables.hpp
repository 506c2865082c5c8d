// The host's extensions, one table and one file each. Constant data: valid for the process, and the
// same for every Host.
#pragma once

#include "fettle/fettle.h"

namespace fettle {

extern const fettle_graph_v1 kGraphTable;        // abi_graph.cpp
extern const fettle_facts_v1 kFactsTable;        // abi_facts.cpp
extern const fettle_edit_v1 kEditTable;          // abi_edit.cpp
extern const fettle_blocks_v1 kBlocksTable;      // abi_blocks.cpp
extern const fettle_evaluate_v1 kEvaluateTable;  // abi_evaluate.cpp
extern const fettle_program_v1 kProgramTable;    // abi_program.cpp
extern const fettle_shapes_v1 kShapesTable;      // abi_shapes.cpp
extern const fettle_dominance_v1 kDominanceTable;  // abi_analyses.cpp
extern const fettle_liveness_v1 kLivenessTable;    // abi_analyses.cpp
extern const fettle_cost_v1 kCostTable;          // abi_cost.cpp
extern const fettle_types_v1 kTypesTable;        // abi_types.cpp
extern const fettle_gradients_v1 kGradientsTable;  // abi_gradients.cpp
extern const fettle_rewrites_v1 kRewritesTable;  // abi_rewrites.cpp
extern const fettle_answers_v1 kAnswersTable;    // component_analysis.cpp
extern const fettle_host kHostTable;             // abi_host.cpp

// Of kGraphTable, in a file of its own: abi_columns.cpp.
fettle_status graph_columns(fettle_ctx* ctx, const fettle_graph* graph, fettle_columns* out);

}  // namespace fettle
