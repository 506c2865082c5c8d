// read_program: which records make up a program, what kinds of archive are refused, and in which
// order the parts are read.
#include <fmt/core.h>

#include <boost/json/monotonic_resource.hpp>
#include <unordered_set>

#include "archive/capture_record.hpp"
#include "archive/graph_json.hpp"
#include "archive/json_parse.hpp"
#include "archive/payloads.hpp"
#include "archive/program.hpp"
#include "archive/zip_reader.hpp"
#include "graph/checks.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

constexpr std::int64_t kSchemaMajor = 8, kSchemaMinor = 20;  // of torch 2.13

[[noreturn]] void fail(Code code, const ZipReader& zip, std::string what, std::string why,
                       std::string hint = {}) {
  throw Error({.code = code,
               .what = std::move(what),
               .where = zip.file(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

// Other files of torch are zips too; say what this one is.
void check_format(const ZipReader& zip) {
  const auto not_a_program = [&](std::string why, std::string hint) {
    fail(Code::archive_not_program, zip, "the file holds no exported program", std::move(why),
         std::move(hint));
  };
  const ZipRecord* format = zip.find("archive_format");
  if (!format) {
    if (zip.find("constants.pkl")) {
      not_a_program("it is TorchScript, as torch.jit.save writes it",
                    "export the model with torch.export.export and torch.export.save");
    }
    if (zip.find("data.pkl")) {
      not_a_program("it is a pickle, as torch.save writes it",
                    "load it in Python, then export the model with torch.export.export and "
                    "torch.export.save");
    }
    if (zip.find("serialized_exported_program.json")) {
      not_a_program("it is the format of torch 2.7 and older", "load and save it with torch 2.13");
    }
    not_a_program("it has no record 'archive_format'", "give a file that torch.export.save wrote");
  }
  if (zip.checked_text(*format) != "pt2")
    not_a_program("its record 'archive_format' does not say pt2", {});
  const ZipRecord& version = zip.require("archive_version");
  if (zip.checked_text(version) != "0") {
    fail(Code::archive_schema, zip,
         fmt::format("the archive has version '{}'", zip.checked_text(version).substr(0, 20)),
         "this fettle reads archive version 0");
  }
  const ZipRecord* order = zip.find("byteorder");
  if (order && zip.checked_text(*order) != "little") {
    fail(Code::archive_unsupported, zip, "the archive is not little-endian",
         "weights are mapped as they are");
  }
}

// The one model's name.
std::string find_model(const ZipReader& zip) {
  constexpr std::string_view kFolder = "models/", kSuffix = ".json";
  std::string model;
  for (const ZipRecord& record : zip.records()) {
    for (const std::string_view compiled : {"data/aotinductor/", "executorch/", "mtia/"}) {
      if (record.path.starts_with(compiled)) {
        fail(Code::archive_unsupported, zip,
             fmt::format("the archive holds compiled code ('{}')", record.path),
             "it was made from the graph as it is now and would not match a changed one",
             "save the exported program alone with torch.export.save");
      }
    }
    if (!record.path.starts_with(kFolder) || !record.path.ends_with(kSuffix)) continue;
    if (!model.empty()) {
      fail(Code::archive_unsupported, zip, "the archive holds several programs",
           "fettle optimizes one program at a time", "save each with torch.export.save");
    }
    model =
        record.path.substr(kFolder.size(), record.path.size() - kFolder.size() - kSuffix.size());
  }
  if (model.empty()) {
    fail(Code::archive_missing_record, zip, "the archive has no record 'models/model.json'", {},
         "export the model again with torch.export.save");
  }
  for (const auto* folder : {"data/weights/", "data/constants/"}) {
    if (zip.find(folder + model + ".pt")) {
      fail(Code::archive_unsupported, zip, "the archive keeps its weights as one pickle",
           "torch wrote it so until 2.8", "load it in Python and save it with torch 2.13");
    }
  }
  return model;
}

void check_schema(const JsonRef& document, Program& program) {
  const JsonRef version = document.get("schema_version");
  const std::int64_t major = version.get("major").integer(), minor = version.get("minor").integer();
  if (major != kSchemaMajor) {
    version.fail(
        Code::archive_schema, fmt::format("the program's schema is {}.{}", major, minor),
        fmt::format("this fettle reads schema {}.x, which torch 2.13 writes", kSchemaMajor),
        "export the model with torch 2.13");
  }
  if (minor > kSchemaMinor) {
    program.warnings.push_back(
        {.code = Code::archive_newer_minor,
         .what = fmt::format(
             "the program's schema {}.{} is newer than the {}.{} that this fettle knows", major,
             minor, kSchemaMajor, kSchemaMinor),
         .where = version.where(),
         .why = "fields that are new in it are kept as they are, not understood",
         .severity = Severity::warning});
  }
}

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

void read_document(const ZipReader& zip, Program& program, Originals& originals) {
  const ZipRecord& record = zip.require("models/" + program.model + ".json");
  const std::string where = zip.file() + ": " + std::string(record.path);
  json::monotonic_resource memory;  // the document dies as one
  const json::value parsed = parse_json(zip.checked_text(record), where, &memory);
  const JsonRef document(parsed, where);
  check_schema(document, program);
  const JsonRef module = document.get("graph_module");
  const JsonRef graph = module.get("graph"), signature = module.get("signature");
  program.graph = std::make_unique<Graph>();
  Journal journal(*program.graph, Journal::Recording::off);
  read_graph(graph, signature.get("input_specs"), journal, originals);
  read_signature(signature, journal, originals);
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

Program read_program(const std::filesystem::path& path) {
  const ZipReader zip(path);
  Program program;
  program.file = zip.file();
  program.root = zip.root();
  program.source = zip.mapping();
  check_format(zip);
  program.model = find_model(zip);
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
  seal(program, *originals);
  program.originals = originals;
  read_capture(zip, program);
  keep_records(zip, program);
  return program;
}

}  // namespace fettle
