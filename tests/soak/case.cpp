#include "case.hpp"

#include <algorithm>
#include <iostream>

#include "archive/zip_reader.hpp"

namespace fettle::soak {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPipelines[] = {
    "passes: []\nverify: {after: never}\n",
    "passes:\n  - repeat: {until: unchanged, limit: 3, passes: [cse, constant_folding, dce]}\n"
    "verify: {after: never}\n",
    "passes: [dce, cse]\nverify: {after: each, with: [numeric]}\n",
    "name: all\npasses:\n  - dce\n  - constant_folding: {max_bytes: 1048576}\n  - cse\n"
    "verify:\n  after: end\n  with:\n    - numeric\n  unable: pass\non_failure: skip\n"
    "accept: {max_abs: 0.01, max_rel: 0.1}\n",
};

const std::vector<std::string_view> kYamlTokens = {"passes",
                                                   "repeat",
                                                   "limit",
                                                   "until",
                                                   "verify",
                                                   "after",
                                                   "with",
                                                   "accept",
                                                   "dce",
                                                   "cse",
                                                   "numeric",
                                                   "constant_folding",
                                                   "max_bytes",
                                                   "each",
                                                   "never",
                                                   "skip",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ": ",
                                                   ":",
                                                   "- ",
                                                   "-",
                                                   ",",
                                                   "&a ",
                                                   "*a",
                                                   "&a [*a, *a]",
                                                   "!!int ",
                                                   "!!binary ",
                                                   "!<x> ",
                                                   "|\n",
                                                   ">-\n",
                                                   "'",
                                                   "\"",
                                                   "#",
                                                   "99999999999999999999",
                                                   "-1",
                                                   "0",
                                                   "1e999",
                                                   ".nan",
                                                   "null",
                                                   "~",
                                                   "<<: *a",
                                                   "\t",
                                                   "%YAML 1.2\n",
                                                   "---\n",
                                                   "...\n",
                                                   "? ",
                                                   "\n",
                                                   "\n  ",
                                                   "\xef\xbb\xbf",
                                                   "\xff",
                                                   "\\x00",
                                                   "[[",
                                                   "{a: "};

std::string read_bytes(const ZipRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

}  // namespace

Corpus make_corpus(const fs::path& archives) {
  Corpus corpus{{test::small_program()}, {std::begin(kPipelines), std::end(kPipelines)}};
  if (archives.empty()) return corpus;
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(archives))
    if (file.path().extension() == ".pt2") files.push_back(file.path());
  std::ranges::sort(files);  // so that a seed means the same wherever the folder is copied to
  for (const fs::path& file : files) {
    try {
      test::Records records;
      const ZipReader zip(file);
      for (const ZipRecord& record : zip.records())
        records.push_back({std::string(record.path), read_bytes(record)});
      corpus.programs.push_back(std::move(records));
    } catch (const Error& error) {
      std::cerr << file << " is left out: " << error.what();
    }
  }
  return corpus;
}

Case make_case(const Corpus& corpus, std::uint64_t seed) {
  Random random(seed);
  Case made;
  made.archive = below(random, 10) < 7;
  const std::string pipeline =
      "sound" + std::to_string(below(random, std::size(kPipelines) - 1)) + ".yaml";
  if (!made.archive) {
    made.bytes = one_of(random, corpus.pipelines);
    damage_text(random, made.bytes, kYamlTokens);
    made.command = {"run", "sound.pt2", "-p", "case.yaml", "-o", kOutput};
    return made;
  }
  made.bytes = damaged_archive(random, one_of(random, corpus.programs));
  constexpr const char* formats[] = {"summary", "text", "json", "dot", "svg", "html"};
  switch (below(random, 8)) {
    case 0:
      made.command = {"inspect", "case.pt2", "--format", one_of(random, formats)};
      break;
    case 1:
      made.command = {"diff", "sound.pt2", "case.pt2"};
      break;
    case 2:
      made.command = {"verify", "sound.pt2", "case.pt2"};
      break;
    default:
      made.command = {"run", "case.pt2", "-p", pipeline, "-o", kOutput};
      break;
  }
  return made;
}

}  // namespace fettle::soak
