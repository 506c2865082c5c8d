// A program as an archive holds it: the graph, and everything else that must survive the way
// through.
//
// read_program maps the file: weights are not copied and stay valid as long as the graph uses them.
// write_program writes beside its target and renames, so that the target is the old file or the
// new.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "graph/effects.hpp"
#include "graph/graph.hpp"

namespace fettle {

// A record that fettle does not interpret (extra/…, .data/…, sample inputs) or only copies.
struct Record {
  std::string path;  // within the archive's root folder
  std::shared_ptr<const Storage> bytes;
};

// One stored sample: where its inputs are, and what the eager model (or the TorchScript module) returned
// and changed if capture wrote that.
struct ExpectedOutput {
  std::optional<TensorData> tensor;
  boost::json::value value;  // what is not a tensor
};
struct ExpectedEffect {
  EffectName name;
  ExpectedOutput value;
};
struct Sample {
  std::string inputs_record;            // "data/sample_inputs/model.pt"
  std::vector<ExpectedOutput> outputs;  // user outputs in the signature's order; empty: not stored
  // All that the eager model had changed afterwards; nullopt: not stored.
  std::optional<std::vector<ExpectedEffect>> effects;
};

// One entry of the weights' and constants' configurations, as the archive had it. The graph's
// constants say what the program has now; this says in which order, folder and record they came,
// and remembers names that no input has (the second name of a tied weight in the state dict).
struct Payload {
  std::string name;    // "lm_head.weight"
  bool weight = true;  // in data/weights, else in data/constants
  std::string record;  // "weight_0"; several names may share it
  bool is_param = false;
  bool lifted = false;  // an input named it when the archive was read
  TensorData data;
};

class MappedFile;
class Originals;

struct Program {
  std::unique_ptr<Graph> graph;
  std::string file;               // where it came from, for messages
  std::string root;               // the archive's root folder: "model"
  std::string model = "model";    // models/NAME.json
  boost::json::object document;   // models/NAME.json with null for what the graph holds
  std::vector<Payload> payloads;  // in the archive's order
  std::vector<Record> records;    // what is not regenerated, in the archive's order
  std::vector<Sample> samples;
  std::string outputs_from = "eager";  // whose outputs they hold; or "TorchScript": the module imported
  std::vector<std::string> imports;  // Python modules to import before torch.export.load
  std::shared_ptr<const MappedFile> source;  // the file's bytes; null for what no file gave
  std::shared_ptr<const Originals> originals;  // what it wrote otherwise than fettle; or null
  std::vector<Diagnostic> warnings;  // what was read, but not understood to the last field
};

// Throws archive_* errors. Every operator must be known and every argument fit its schema. `model`
// chooses among several programs; the records of the others are kept and written as they are.
Program read_program(const std::filesystem::path& path, std::string_view model = {});

// Atomic. `extra_records` are added under fettle/ (the resolved pipeline), replacing equal paths.
void write_program(const Program& program, const std::filesystem::path& path,
                   const std::vector<Record>& extra_records = {});

}  // namespace fettle
