// write_program: the model's JSON made from the graph, the records in the order in which torch
// writes them, all into a file that appears whole or not at all.
#include <fmt/core.h>

#include <unordered_set>

#include "archive/graph_json.hpp"
#include "archive/json_write.hpp"
#include "archive/output_file.hpp"
#include "archive/payloads.hpp"
#include "archive/program.hpp"
#include "archive/zip_writer.hpp"
#include "base/error.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

// An object with `special(key, value)` writing those members that it answers true for.
template <class Special>
void write_object(JsonWriter& out, const json::object& object, Special&& special) {
  bool first = true;
  out.raw("{");
  for (const auto& member : object) {
    const std::string_view key = member.key();
    out.key(key, first);
    first = false;
    if (!special(key, member.value())) out.value(member.value());
  }
  out.raw("}");
}

std::string write_document(const Program& program) {
  std::string text;
  text.reserve(std::size_t{800} * program.graph->node_count());
  JsonWriter out(text);
  const Originals none;
  const Originals& originals = program.originals ? *program.originals : none;
  const auto write_signature = [&](std::string_view key, const json::value&) {
    if (key == "input_specs") return write_input_specs(out, *program.graph, originals), true;
    if (key == "output_specs") return write_output_specs(out, *program.graph, originals), true;
    return false;
  };
  const auto write_module = [&](std::string_view key, const json::value& value) {
    if (key == "graph") return write_graph(out, *program.graph, originals), true;
    if (key == "signature") return write_object(out, value.as_object(), write_signature), true;
    return false;
  };
  write_object(out, program.document, [&](std::string_view key, const json::value& value) {
    if (key == "graph_module") return write_object(out, value.as_object(), write_module), true;
    return false;
  });
  return text;
}

}  // namespace

void write_program(const Program& program, const std::filesystem::path& path,
                   const std::vector<Record>& extra_records) {
  OutputFile file(path);  // first: what cannot be written is known at once
  ZipWriter zip(file, program.root, program.source.get());
  const PayloadFolders payloads = collect_payloads(program);
  for (const PayloadRecord& record : payloads.weights.records) zip.add(record.path, *record.bytes);
  zip.add(payload_config_path(true, program.model), payloads.weights.config);
  for (const PayloadRecord& record : payloads.constants.records)
    zip.add(record.path, *record.bytes);
  zip.add(payload_config_path(false, program.model), payloads.constants.config);
  zip.add("models/" + program.model + ".json", write_document(program));

  std::unordered_set<std::string_view> replaced;
  for (const Record& record : extra_records) replaced.insert(record.path);
  for (const Record& record : program.records) {
    if (!replaced.contains(record.path)) zip.add(record.path, *record.bytes);
  }
  for (const Record& record : extra_records) zip.add(record.path, *record.bytes);
  zip.finish();
  file.commit();
}

}  // namespace fettle
