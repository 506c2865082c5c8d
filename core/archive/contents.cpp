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
         "one of them is meant, and the others stay as they are",
         fmt::format("name it: --model {}", names.front()));
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

// What torch.save pickled, by the first thing in the pickle (protocol 2).
std::string pickled_what(std::string_view pickle) {
  constexpr std::string_view kProtocol = "\x80\x02", kOrdered = "ccollections\nOrderedDict\n";
  if (pickle.starts_with(kProtocol)) pickle.remove_prefix(kProtocol.size());
  if (pickle.starts_with(kOrdered)) {
    return "it is a pickled state dict, as torch.save writes it: weights without a program";
  }
  if (pickle.starts_with('}')) {
    return "it is a pickled dictionary (a checkpoint?), as torch.save writes it";
  }
  const std::size_t module_end = pickle.find('\n');
  const std::size_t class_end =
      module_end == pickle.npos ? pickle.npos : pickle.find('\n', module_end + 1);
  if (pickle.starts_with('c') && class_end != pickle.npos) {
    return fmt::format("it is a pickled object of the Python class {}.{}, as torch.save writes it",
                       pickle.substr(1, module_end - 1),
                       pickle.substr(module_end + 1, class_end - module_end - 1));
  }
  return "it is a pickle, as torch.save writes it";
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
    if (const ZipRecord* pickle = zip.find("data.pkl")) {
      not_a_program(pickled_what(zip.checked_text(*pickle)),
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
