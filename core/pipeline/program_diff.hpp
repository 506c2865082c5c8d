// What two programs as archives hold them have in common and where they differ: their graphs
// (graph/diff.hpp), and all that is around them: range constraints, metadata, the module call
// graph, names in the state dict, stored inputs, outputs and effects, other records.
//
// `same()`: Python loads the same program from both, and verifiers see the same samples. How a
// program was made (the record of the pipeline, a record's number, the order of weights) is no
// difference.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "archive/program.hpp"
#include "graph/diff.hpp"

namespace fettle {

// A field of the program's document or a record: "range_constraints.s77.max_val",
// "extra/notes.txt". One of the texts is empty where it is only in the other.
struct FieldDiff {
  std::string name, a, b;
};

struct ProgramDiff {
  GraphDiff graph;
  std::vector<FieldDiff> document;    // of models/NAME.json, without the graph
  std::vector<FieldDiff> state_dict;  // what is known of tensors beside the graph
  std::vector<FieldDiff> samples;     // what the eager model returned and changed
  std::vector<FieldDiff> records;
  bool same() const {
    return graph.same() && document.empty() && state_dict.empty() && samples.empty() &&
           records.empty();
  }
};

ProgramDiff diff_programs(const Program& a, const Program& b);

// A unified diff without the two lines at its head, and one line that sums it up.
std::string unified_text(const Program& a, const Program& b, const ProgramDiff& diff);
std::string summary_line(const ProgramDiff& diff);
boost::json::object to_json(const Program& a, const Program& b, const ProgramDiff& diff);

}  // namespace fettle
