// Weights and constants: the two configurations that say which record holds which tensor, and the
// records themselves, mapped.
//
// Tied tensors share a record and thereby a Storage. What unlifted names there are (a state dict
// may call one weight by two names, of which the graph uses one) is kept in Program::payloads
// alone.
#pragma once

#include <string>
#include <vector>

#include "archive/originals.hpp"
#include "archive/program.hpp"
#include "archive/zip_reader.hpp"
#include "graph/journal.hpp"

namespace fettle {

// Reads both configurations and gives the graph the constants that its inputs name, after comparing
// their types. Throws archive_constant, archive_unsupported (pickled payloads),
// archive_missing_record.
std::vector<Payload> read_payloads(const ZipReader& zip, const std::string& model, Journal& journal,
                                   Originals& originals);
std::size_t payload_hash(const Payload& payload);  // fettle's own text for the entry, hashed

// What write_program writes: both configurations' JSON, and the records in order.
struct PayloadRecord {
  std::string path;  // "data/weights/weight_0"
  std::shared_ptr<const Storage> bytes;
};
struct PayloadFolder {
  std::vector<PayloadRecord> records;
  std::string config;
};
struct PayloadFolders {
  PayloadFolder weights, constants;
};
PayloadFolders collect_payloads(const Program& program);

// "data/weights/model_weights_config.json", "data/constants/model_constants_config.json".
std::string payload_folder(bool weight);
std::string payload_config_path(bool weight, const std::string& model);

}  // namespace fettle
