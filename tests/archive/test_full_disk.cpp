// A full disk: one clear error, what was there before is still there, and nothing else is.
#include "archive/program.hpp"
#include "catch.hpp"
#include "small_archive.hpp"
#include "small_disk.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::size_t kDisk = 1 << 20;

Records with_text_of(std::size_t bytes) {
  Records records = small_program();
  records.push_back({"extra/large.txt", std::string(bytes, 'x')});
  return records;
}

// Fills what is left of the disk.
void fill(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  const std::string page(4096, 'x');
  while (out.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
  }
}

std::string files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += " " + name;
  return all;
}

// What writing a program with that much text to a full or nearly full disk comes to.
struct Attempt {
  bool old_file;
  std::size_t text;  // bytes
  bool filled;       // before the attempt, to the last page
};
std::string attempt(const Attempt& how, const std::filesystem::path& disk,
                    const std::filesystem::path& input) {
  const Program program = read_program(input);
  const auto target = disk / "out.pt2";
  const std::string old = zip(small_program()).bytes;
  if (how.old_file) std::ofstream(target, std::ios::binary) << old;
  if (how.filled) fill(disk / "filling");
  const Failure failure = failure_of([&] { write_program(program, target); });
  const bool intact = how.old_file ? read_file(target) == old : !std::filesystem::exists(target);
  return failure.code + (intact ? ", as before:" : ", changed:") + files_in(disk) + "\n" +
         failure.text;
}

}  // namespace

TEST_CASE("a full disk is an error that leaves the old file and no temporary one") {
  const Attempt how = GENERATE(Attempt{true, 4 << 20, false},   // larger than the whole disk
                               Attempt{false, 4 << 20, false},  // the same with nothing to replace
                               Attempt{true, 100, true},        // not a page is free
                               Attempt{false, 100, true});
  const TempFolder disk, aside;
  const auto input = aside.write("in.pt2", zip(with_text_of(how.text)).bytes);
  const OnSmallDisk ran = on_small_disk(disk.path(), kDisk, aside.path(),
                                        [&] { return attempt(how, disk.path(), input); });
  if (!ran.mounted) {
    WARN("skipped: this process may not mount a small disk: " << ran.said);
    return;
  }
  const std::string files =
      std::string(how.filled ? " filling" : "") + (how.old_file ? " out.pt2" : "");
  INFO(ran.said);
  CHECK(ran.said.starts_with("archive-write, as before:" + files + "\n"));
  CHECK_THAT(ran.said, contains("free some space"));
  CHECK(disk.file_count() == 0);  // nobody else saw it
}
