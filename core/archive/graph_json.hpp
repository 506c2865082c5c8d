// The graph of models/*.json, both ways: blocks with their nodes, values and types, and the
// signature. Nested graphs become blocks; fields that this version does not know stay as JSON text
// with their node or block. Metadata, operators and names are interned.
#pragma once

#include <string>

#include "archive/json_ref.hpp"
#include "archive/json_write.hpp"
#include "archive/originals.hpp"
#include "graph/journal.hpp"

namespace fettle {

// Fills an empty graph. `input_specs` names placeholders that are constants.
void read_graph(const JsonRef& graph, const JsonRef& input_specs, Journal& journal,
                Originals& originals);
void write_graph(JsonWriter& out, const Graph& graph, const Originals& originals);
// fettle's own text for an element of the graph or the signature, hashed.
std::size_t graph_element_hash(const Graph& graph, ElementKey key);
std::size_t signature_element_hash(const Graph& graph, ElementKey key);

// The signature, which must name the inputs and outputs that the graph has, in their order
// (archive_signature).
void read_signature(const JsonRef& signature, Journal& journal, Originals& originals);
void write_input_specs(JsonWriter& out, const Graph& graph, const Originals& originals);
void write_output_specs(JsonWriter& out, const Graph& graph, const Originals& originals);

}  // namespace fettle
