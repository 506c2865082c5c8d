// The captured models of FETTLE_MODELS: read and written, they have the same records with the same
// bytes. Whether Python sees the same program in them is asserted in tests/python.
#include <cstdlib>

#include "archive/program.hpp"
#include "archive/zip_reader.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

TEST_CASE("captured models keep every record, to the byte and in order") {
  const char* models = std::getenv("FETTLE_MODELS");
  if (!models) {
    WARN("skipped: FETTLE_MODELS names no folder of captured models; tools/test sets it");
    return;
  }
  const TempFolder folder;
  for (const char* name : {"resnet18", "mobilenetv2", "bert", "gpt2", "vit", "llama"}) {
    CAPTURE(name);
    const auto in = std::filesystem::path(models) / (std::string(name) + ".pt2");
    const auto out = folder.path() / "out.pt2";
    const Program program = read_program(in);
    CHECK(program.samples.size() == 1);
    CHECK_FALSE(program.samples[0].outputs.empty());
    write_program(program, out);
    const ZipReader before(in), after(out);
    REQUIRE(before.records().size() == after.records().size());
    CHECK(before.root() == after.root());
    for (std::size_t i = 0; i < before.records().size(); ++i) {
      CAPTURE(before.records()[i].path);
      CHECK(before.records()[i].path == after.records()[i].path);
      CHECK(before.checked_text(before.records()[i]) == after.checked_text(after.records()[i]));
    }
  }
}
