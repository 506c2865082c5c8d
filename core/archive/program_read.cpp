// read_program: in which order the parts of a program are read, and what is kept beside the graph.
#include <boost/json/monotonic_resource.hpp>
#include <unordered_set>

#include "archive/capture_record.hpp"
#include "archive/contents.hpp"
#include "archive/graph_json.hpp"
#include "archive/json_parse.hpp"
#include "archive/payloads.hpp"
#include "archive/program.hpp"
#include "archive/schema_check.hpp"
#include "archive/zip_reader.hpp"
#include "graph/checks.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

// All of the document but what the graph holds, whose place null keeps.
json::object remaining_document(const json::object& document) {
  const auto copy = [](const json::object& from, auto&& special) {
    json::object to;
    for (const auto& member : from) {
      if (!special(member, to))
        to.emplace(member.key(), json::value(member.value(), json::storage_ptr()));
    }
    return to;
  };
  const auto blank = [](json::object& to, json::string_view key) {
    return to.emplace(key, nullptr), true;
  };
  return copy(document, [&](const auto& member, json::object& to) {
    if (member.key() != "graph_module") return false;
    to.emplace("graph_module",
               copy(member.value().as_object(), [&](const auto& inner, json::object& module) {
                 if (inner.key() == "graph") return blank(module, "graph");
                 if (inner.key() != "signature") return false;
                 module.emplace("signature", copy(inner.value().as_object(),
                                                  [&](const auto& specs, json::object& signature) {
                                                    return (specs.key() == "input_specs" ||
                                                            specs.key() == "output_specs") &&
                                                           blank(signature, specs.key());
                                                  }));
                 return true;
               }));
    return true;
  });
}

// Ranges of symbols and guards; write_program takes them from the document.
ShapeConstraints read_shape_constraints(const JsonRef& document) {
  ShapeConstraints constraints;
  if (const auto ranges = document.find("range_constraints")) {
    for (std::size_t i = 0; i < ranges->object().size(); ++i) {
      const JsonRef range = ranges->at(i);
      SizeRange& read = constraints.ranges.emplace_back();
      read.expression = std::string((ranges->object().begin() + i)->key());
      if (const auto low = range.find("min_val")) read.low = low->integer();
      if (const auto high = range.find("max_val")) read.high = high->integer();
    }
  }
  if (const auto guards = document.find("guards_code")) {
    for (std::size_t i = 0; i < guards->array().size(); ++i) {
      constraints.guards.emplace_back(guards->at(i).string());
    }
  }
  return constraints;
}

void read_document(const ZipReader& zip, Program& program, Originals& originals) {
  const ZipRecord& record = zip.require("models/" + program.model + ".json");
  const std::string where = zip.file() + ": " + std::string(record.path);
  json::monotonic_resource memory;  // the document dies as one
  const json::value parsed = parse_json(zip.checked_text(record), where, &memory);
  const JsonRef document(parsed, where);
  check_versions(document, program);
  const JsonRef module = document.get("graph_module");
  const JsonRef graph = module.get("graph"), signature = module.get("signature");
  program.graph = std::make_unique<Graph>();
  Journal journal(*program.graph, Journal::Recording::off);
  read_graph(graph, signature.get("input_specs"), journal, originals);
  read_signature(signature, journal, originals);
  journal.set_shape_constraints(read_shape_constraints(document));
  program.document = remaining_document(parsed.get_object());
  program.payloads = read_payloads(zip, program.model, journal, originals);
}

// From now on an element is compared with what it is after reading.
void seal(const Program& program, Originals& originals) {
  originals.seal([&](ElementKey key) {
    switch (key.element) {
      case Element::input_spec:
      case Element::output_spec:
        return signature_element_hash(*program.graph, key);
      case Element::payload:
        return payload_hash(program.payloads[key.position]);
      case Element::stray_types:
      case Element::payload_config:
        return std::size_t{0};  // belong to nothing that changes
      default:
        return graph_element_hash(*program.graph, key);
    }
  });
}

// What write_program copies: all that it does not write anew.
void keep_records(const ZipReader& zip, Program& program) {
  std::unordered_set<std::string> written = {"models/" + program.model + ".json",
                                             payload_config_path(true, program.model),
                                             payload_config_path(false, program.model)};
  for (const Payload& payload : program.payloads)
    written.insert(payload_folder(payload.weight) + payload.record);
  for (const ZipRecord& record : zip.records()) {
    if (!written.contains(std::string(record.path)))
      program.records.push_back({std::string(record.path), zip.storage(record)});
  }
}

bool is_graph_error(Code code) {
  return code_name(code).starts_with("graph-");
}

}  // namespace

Program read_program(const std::filesystem::path& path, std::string_view model) {
  const ZipReader zip(path);
  Program program;
  program.file = zip.file();
  program.root = zip.root();
  program.source = zip.mapping();
  check_format(zip);
  program.model = find_model(zip, model);
  const auto originals = std::make_shared<Originals>();
  try {
    read_document(zip, program, *originals);
    bind_schemas(*program.graph, zip.file());
    check_schemas(*program.graph);
    check(*program.graph);
  } catch (const Error& error) {
    if (!is_graph_error(error.code())) throw;
    // An invariant of graphs that the file breaks is the file's fault, not a plugin's.
    Diagnostic diagnostic = error.diagnostic();
    diagnostic.code = Code::archive_graph;
    if (diagnostic.where.empty()) diagnostic.where = zip.file();
    throw Error(std::move(diagnostic));
  }
  warn_of_unknown(*originals, program);
  seal(program, *originals);
  program.originals = originals;
  read_capture(zip, program);
  keep_records(zip, program);
  return program;
}

}  // namespace fettle
