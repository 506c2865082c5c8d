// A program as an archive holds it: the graph, and everything else that must survive the way through.
//
// read_program maps the file: weights are not copied and stay valid as long as the graph uses them.
// write_program writes beside its target and renames, so that the target is the old file or the new.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// A record that fettle does not interpret (extra/…, .data/…, sample inputs) or only copies.
struct Record {
  std::string path;  // within the archive's root folder
  std::shared_ptr<const Storage> bytes;
};

// One stored sample: where its inputs are, and the eager model's outputs if capture wrote them.
struct ExpectedOutput {
  std::optional<TensorData> tensor;
  boost::json::value value;  // what is not a tensor
};
struct Sample {
  std::string inputs_record;             // "data/sample_inputs/model.pt"
  std::vector<ExpectedOutput> outputs;   // user outputs in the signature's order; empty: not stored
};

struct Program {
  std::unique_ptr<Graph> graph;
  std::string root;                     // the archive's root folder: "model"
  boost::json::object document;         // models/model.json without graph_module's graph and signature
  std::vector<Record> records;          // what is not regenerated, in the archive's order
  std::vector<Sample> samples;
  std::vector<std::string> imports;     // Python modules to import before torch.export.load
};

// Throws archive_* errors. Every operator must be known and every argument fit its schema.
Program read_program(const std::filesystem::path& path);

// Atomic. `extra_records` are added under fettle/ (the resolved pipeline), replacing equal paths.
void write_program(const Program& program, const std::filesystem::path& path,
                   const std::vector<Record>& extra_records = {});

}  // namespace fettle
