#include "archive/contents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"

namespace fettle {
namespace {

[[noreturn]] void fail(Code code, const ZipReader& zip, std::string what, std::string why,
                       std::string hint = {}) {
  throw Error({.code = code,
               .what = std::move(what),
               .where = zip.file(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

// Compiled code would still be what the graph was before it was changed.
void refuse_compiled(const ZipReader& zip) {
  for (const ZipRecord& record : zip.records()) {
    for (const std::string_view compiled : {"data/aotinductor/", "executorch/", "mtia/"}) {
      if (!record.path.starts_with(compiled)) continue;
      fail(Code::archive_unsupported, zip,
           fmt::format("the archive holds compiled code ('{}')", record.path),
           "it was made from the graph as it is now and would not match a changed one",
           "save the exported program alone with torch.export.save");
    }
  }
}

std::vector<std::string> model_names(const ZipReader& zip) {
  constexpr std::string_view kFolder = "models/", kSuffix = ".json";
  std::vector<std::string> names;
  for (const ZipRecord& record : zip.records()) {
    if (!record.path.starts_with(kFolder) || !record.path.ends_with(kSuffix)) continue;
    names.emplace_back(
        record.path.substr(kFolder.size(), record.path.size() - kFolder.size() - kSuffix.size()));
  }
  return names;
}

std::string choose(const ZipReader& zip, const std::vector<std::string>& names,
                   std::string_view asked_for) {
  if (names.empty()) {
    fail(Code::archive_missing_record, zip, "the archive has no record 'models/model.json'", {},
         "export the model again with torch.export.save");
  }
  if (asked_for.empty()) {
    if (names.size() == 1) return names.front();
    fail(Code::archive_model, zip,
         fmt::format("the archive holds {} programs: {}", names.size(), fmt::join(names, ", ")),
         "the command line optimizes archives of one program",
         "save the one that is meant with torch.export.save");
  }
  if (std::ranges::find(names, asked_for) == names.end()) {
    fail(Code::archive_model, zip, fmt::format("the archive holds no program '{}'", asked_for), {},
         suggest(asked_for, names));
  }
  return std::string(asked_for);
}

void refuse_pickled(const ZipReader& zip, const std::string& model) {
  for (const auto* folder : {"data/weights/", "data/constants/"}) {
    if (!zip.find(folder + model + ".pt")) continue;
    fail(Code::archive_unsupported, zip, "the archive keeps its weights as one pickle",
         "torch wrote it so until 2.8", "load it in Python and save it with torch 2.13");
  }
}

}  // namespace

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

std::string find_model(const ZipReader& zip, std::string_view asked_for) {
  refuse_compiled(zip);
  std::string model = choose(zip, model_names(zip), asked_for);
  refuse_pickled(zip, model);
  return model;
}

}  // namespace fettle
