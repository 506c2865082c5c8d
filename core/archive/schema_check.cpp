#include "archive/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "archive/json_parse.hpp"
#include "archive/schema_version.hpp"

namespace fettle {
namespace {

using Names = std::set<std::string, std::less<>>;

void check_opset(const JsonRef& document, Program& program) {
  const auto opsets = document.find("opset_version");
  const auto aten = opsets ? opsets->find("aten") : std::nullopt;
  if (!aten || aten->integer() == kAtenOpset) return;
  const std::string what = fmt::format(
      "the program was written to opset {} of ATen, and this "
      "fettle knows {}",
      aten->integer(), kAtenOpset);
  if (aten->integer() > kAtenOpset) {
    aten->fail(Code::archive_schema, what,
               "in a newer opset, an operator of the same name computes something else",
               "export the model with torch 2.13");
  }
  program.warnings.push_back({.code = Code::archive_older_opset,
                              .what = what,
                              .where = aten->where(),
                              .why = "operators compute what they compute in torch 2.13",
                              .hint = "if results differ, export the model with torch 2.13",
                              .severity = Severity::warning});
}

void add_unknown(const boost::json::object& object, std::initializer_list<std::string_view> known,
                 Names& names) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::ranges::find(known, key) == known.end()) names.emplace(key);
  }
}

// Fields of the document's upper levels, and of every element, that the known schema does not have.
Names unknown_names(const Originals& originals, const Program& program) {
  Names names = originals.unknown_names();
  add_unknown(program.document,
              {"graph_module", "opset_version", "range_constraints", "schema_version", "verifiers",
               "torch_version", "guards_code"},
              names);
  const auto* module = program.document.if_contains("graph_module");
  if (module && module->is_object()) {
    add_unknown(
        module->get_object(),
        {"graph", "signature", "module_call_graph", "metadata", "treespec_namedtuple_fields"},
        names);
  }
  const Graph& graph = *program.graph;
  for (std::uint32_t i = 0; i < graph.block_bound(); ++i) {
    const std::string_view fields = graph.text(graph.block(BlockId(i)).unknown_fields);
    if (fields.empty()) continue;
    const boost::json::value parsed = parse_json(fields, program.file);
    add_unknown(parsed.get_object(), {}, names);
  }
  return names;
}

std::int64_t minor_version(const Program& program) {
  return program.document.at("schema_version").at("minor").as_int64();
}

}  // namespace

void check_versions(const JsonRef& document, Program& program) {
  const JsonRef version = document.get("schema_version");
  const std::int64_t major = version.get("major").integer(), minor = version.get("minor").integer();
  if (major != kSchemaMajor) {
    version.fail(
        Code::archive_schema, fmt::format("the program's schema is {}.{}", major, minor),
        fmt::format("this fettle reads schema {}.x, which torch 2.13 writes", kSchemaMajor),
        "export the model with torch 2.13");
  }
  check_opset(document, program);
}

void warn_of_unknown(const Originals& originals, Program& program) {
  const std::int64_t minor = minor_version(program);
  if (minor == kSchemaMinor) return;
  const Names names = unknown_names(originals, program);
  program.warnings.push_back(
      {.code = Code::archive_other_minor,
       .what = fmt::format("the program's schema is {}.{}, and this fettle knows {}.{}",
                           kSchemaMajor, minor, kSchemaMajor, kSchemaMinor),
       .where = program.file,
       .why = names.empty()
                  ? "all of its fields are known, and taken to mean what they mean in that one"
                  : fmt::format("kept as they are, but not understood: {}", fmt::join(names, ", ")),
       .hint = "if anything is lost or refused, export the model with torch 2.13",
       .severity = Severity::warning});
}

}  // namespace fettle
