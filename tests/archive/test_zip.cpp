// The container: what a sound one gives, and each way in which one can be damaged or hostile.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "archive/output_file.hpp"
#include "archive/zip_reader.hpp"
#include "archive/zip_writer.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::string text_of(const ZipReader& zip, std::string_view path) {
  return std::string(zip.checked_text(zip.require(path)));
}

std::string damage(const std::function<void(ZipImage&)>& edit, const ZipOptions& options = {}) {
  ZipImage image = zip(small_program(), options);
  edit(image);
  return read_failure(image.bytes).code;
}

}  // namespace

TEST_CASE("a zip's records are read in order, with 32-bit and 64-bit fields") {
  const bool zip64 = GENERATE(false, true);
  const TempFolder folder;
  const Records records = small_program();
  const ZipReader reader(
      folder.write("a.pt2", zip(records, {.root = "any name", .zip64 = zip64}).bytes));
  CHECK(reader.root() == "any name");
  REQUIRE(reader.records().size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(reader.records()[i].path == records[i].path);
    CHECK(text_of(reader, records[i].path) == records[i].bytes);
  }
  CHECK(reader.find("data") == nullptr);
}

TEST_CASE("a comment behind the zip and notes of folders in it do no harm") {
  Records records = small_program();
  records.insert(records.begin() + 3, {"data/", ""});
  ZipImage image = zip(records);
  image.put(image.end + 20, 5, 2);
  image.bytes += "hello";
  CHECK(read_failure(image.bytes).code == "none");
}

TEST_CASE("archive-open: what cannot be opened") {
  const TempFolder folder;
  const auto open = [](const std::filesystem::path& path) {
    return failure_of([&] { ZipReader{path}; });
  };
  CHECK(open(folder.path() / "none.pt2").code == "archive-open");
  CHECK_THAT(open(folder.path() / "none.pt2").text, contains("there is no such file"));
  CHECK_THAT(open(folder.path()).text, contains("not a regular file"));
  CHECK_THAT(open(folder.write("empty.pt2", "")).text, contains("the file is empty"));
  CHECK(open("/dev/null").code == "archive-open");
}

TEST_CASE("archive-not-zip: some other file") {
  CHECK(read_failure(std::string_view("import torch\n")).code == "archive-not-zip");
  CHECK(read_failure(std::string(100000, 'x')).code == "archive-not-zip");
}

TEST_CASE("archive-truncated: every prefix of an archive is refused") {
  const std::string whole = zip(small_program()).bytes;
  for (std::size_t size = 4; size < whole.size(); size += 97) {
    const Failure failure = read_failure(std::string_view(whole).substr(0, size));
    CAPTURE(size, failure.text);
    CHECK(failure.code == "archive-truncated");
  }
}

TEST_CASE("archive-truncated: offsets and sizes past the end") {
  CHECK(damage([](ZipImage& z) { z.put(z.end + 16, 0xfffffff0, 4); }) == "archive-truncated");
  CHECK(damage([](ZipImage& z) { z.put(z.end + 12, 0xfffffff0, 4); }) == "archive-truncated");
  CHECK(damage([](ZipImage& z) {
          z.put(z.central[0] + 20, 0xfffffff0, 4);
          z.put(z.central[0] + 24, 0xfffffff0, 4);
        }) == "archive-truncated");
  CHECK(damage([](ZipImage& z) { z.put(z.local[0] + 28, 0xffff, 2); }) == "archive-truncated");
}

TEST_CASE("archive-damaged: headers and directory disagree") {
  const auto edits = std::vector<std::pair<std::string, std::function<void(ZipImage&)>>>{
      {"several disks", [](ZipImage& z) { z.put(z.end + 4, 1, 2); }},
      {"more entries than fit", [](ZipImage& z) { z.put(z.end + 10, 60000, 2); }},
      {"one entry too many", [](ZipImage& z) { z.put(z.end + 10, 15, 2); }},
      {"no entry signature", [](ZipImage& z) { z.put(z.central[2], 0, 4); }},
      {"name overruns", [](ZipImage& z) { z.put(z.central.back() + 28, 0xffff, 2); }},
      {"sizes differ", [](ZipImage& z) { z.put(z.central[1] + 20, 5, 4); }},
      {"header elsewhere", [](ZipImage& z) { z.put(z.central[1] + 42, 3, 4); }},
      {"header past the end", [](ZipImage& z) { z.put(z.central[1] + 42, 0xfffffff0, 4); }},
      {"header names another", [](ZipImage& z) { z.put(z.local[1] + 36, 'X', 1); }},
      {"header says deflated", [](ZipImage& z) { z.put(z.local[1] + 8, 8, 2); }},
      {"two at one place", [](ZipImage& z) { z.put(z.central[1] + 42, z.local[0], 4); }},
  };
  for (const auto& [what, edit] : edits) {
    CAPTURE(what);
    CHECK(damage(edit) == "archive-damaged");
  }
}

TEST_CASE("archive-damaged: zip64 fields") {
  const auto damage64 = [](const std::function<void(ZipImage&)>& edit) {
    return damage(edit, {.zip64 = true});
  };
  CHECK(damage64([](ZipImage&) {}) == "none");
  CHECK(damage64([](ZipImage& z) { z.put(z.end - 20, 0, 4); }) == "archive-damaged");
  CHECK(damage64([](ZipImage& z) { z.put(z.end - 12, UINT64_MAX, 8); }) == "archive-damaged");
  CHECK(damage64([](ZipImage& z) { z.put(z.end - 20 - 56 + 32, UINT64_MAX, 8); }) ==
        "archive-damaged");
  CHECK(damage64([](ZipImage& z) { z.put(z.end - 20 - 8, UINT64_MAX, 8); }) == "archive-truncated");
  // The extra field of the first entry: its length, its id, the offset in it.
  const std::size_t extra = 46 + std::string("small/data/weights/weight_0").size();
  CHECK(damage64([&](ZipImage& z) { z.put(z.central[0] + extra + 2, 8, 2); }) == "archive-damaged");
  CHECK(damage64([&](ZipImage& z) { z.put(z.central[0] + extra + 2, 200, 2); }) ==
        "archive-damaged");
  CHECK(damage64([&](ZipImage& z) { z.put(z.central[0] + extra, 9, 2); }) == "archive-damaged");
  CHECK(damage64([&](ZipImage& z) { z.put(z.central[0] + extra + 20, UINT64_MAX - 3, 8); }) ==
        "archive-damaged");
}

TEST_CASE("archive-damaged: records that overlap, repeat a name, or fail their checksum") {
  Records twice = small_program();
  twice.push_back({"extra/note.txt", "again"});
  CHECK(read_failure(twice).code == "archive-damaged");

  CHECK(damage([](ZipImage& z) {  // the first record swallows the second's header
          z.put(z.central[0] + 20, 200, 4);
          z.put(z.central[0] + 24, 200, 4);
        }) == "archive-damaged");

  ZipImage image = zip(small_program());
  image.bytes[image.bytes.find("TRAINING")] = 'B';
  const Failure failure = read_failure(image.bytes);
  CHECK(failure.code == "archive-damaged");
  CHECK_THAT(failure.text, contains("the checksum of record 'models/model.json'"));
}

TEST_CASE("weights are not read when a program is opened: their checksums are not compared") {
  Records records = small_program();
  ZipImage image = zip(records);
  image.bytes[image.bytes.find(records[0].bytes)] ^= 1;
  CHECK(read_failure(image.bytes).code == "none");
}

TEST_CASE("archive-compressed: deflated and encrypted records") {
  CHECK(read_failure(zip(small_program(), {.method = 8}).bytes).code == "archive-compressed");
  CHECK(damage([](ZipImage& z) { z.put(z.central[0] + 8, 1, 2); }) == "archive-compressed");
}

TEST_CASE("archive-unsafe-path: names that lead out of the archive") {
  for (const std::string name :
       {"../evil", "a/../../evil", "a//b", "./x", "a/.", "back\\slash", "a\nb", "tail/"}) {
    Records records = small_program();
    records.push_back({name, "x"});
    CAPTURE(name);
    CHECK(read_failure(records).code == "archive-unsafe-path");
  }
  CHECK(read_failure(zip(small_program(), {.root = ""}).bytes).code == "archive-unsafe-path");
  CHECK(read_failure(zip(small_program(), {.root = "/etc"}).bytes).code == "archive-unsafe-path");
  CHECK(damage([](ZipImage& z) {  // one record in another folder than the rest
          z.put(z.central[3] + 46, 'S', 1);
          z.put(z.local[3] + 30, 'S', 1);
        }) == "archive-unsafe-path");
}

TEST_CASE("what the writer writes, the reader reads; data is aligned to 64 bytes") {
  const TempFolder folder;
  const auto path = folder.path() / "out.pt2";
  Records records = small_program();
  for (std::size_t i = 0; i < 70; ++i)
    records.push_back({"extra/" + std::string(i + 1, 'n'), std::string(i, 'd')});
  {
    OutputFile file(path);
    ZipWriter writer(file, "root");
    for (const TestRecord& record : records) writer.add(record.path, record.bytes);
    writer.finish();
    file.commit();
  }
  const ZipReader reader(path);
  REQUIRE(reader.records().size() == records.size());
  for (const TestRecord& record : records) {
    CHECK(text_of(reader, record.path) == record.bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(reader.require(record.path).bytes.data()) % 64 == 0);
  }
  CHECK(folder.file_count() == 1);
}

TEST_CASE("an output that is killed before it is whole leaves nothing behind") {
  const TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    OutputFile file(folder.path() / "out.pt2");
    const std::vector<std::byte> much(3 << 20);
    file.write(much);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(folder.file_count() == 0);
}

TEST_CASE("more records than 16 bits count make the writer use zip64") {
  const TempFolder folder;
  const auto path = folder.path() / "many.pt2";
  {
    OutputFile file(path);
    ZipWriter writer(file, "r");
    for (int i = 0; i < 70000; ++i) writer.add(std::to_string(i), std::string_view("x"));
    writer.finish();
    file.commit();
  }
  const ZipReader reader(path);
  CHECK(reader.records().size() == 70000);
  CHECK(text_of(reader, "69999") == "x");
}
