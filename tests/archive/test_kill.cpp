// Whoever kills a writer finds the old file or the new one, never half of one, and nothing beside
// it that the next write does not remove. FETTLE_KILLS sets how often.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "archive/program.hpp"
#include "catch.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

Records several_megabytes(char filling) {
  Records records = small_program();
  for (int i = 0; i < 6; ++i)
    records.push_back({"extra/large" + std::to_string(i) + ".txt", std::string(1 << 20, filling)});
  return records;
}

int kills() {
  const char* given = std::getenv("FETTLE_KILLS");
  return given ? std::atoi(given) : 40;
}

// A process that writes the two in turn, for ever.
pid_t start_writing(const Program& first, const Program& second,
                    const std::filesystem::path& target) {
  const pid_t writer = ::fork();
  if (writer != 0) return writer;
  try {
    for (;;) {
      write_program(first, target);
      write_program(second, target);
    }
  } catch (...) {
  }
  ::_exit(1);  // not killed: the test says so
}

}  // namespace

TEST_CASE("a writer killed at any moment leaves the old file or the new") {
  const TempFolder folder, inputs;
  const Program one = read_program(inputs.write("one.pt2", zip(several_megabytes('1')).bytes));
  const Program two = read_program(inputs.write("two.pt2", zip(several_megabytes('2')).bytes));
  const auto target = folder.path() / "out.pt2";
  write_program(one, target);
  const std::string first = read_file(target);
  const auto begin = std::chrono::steady_clock::now();
  write_program(two, target);
  const std::chrono::duration<double, std::micro> one_write =
      std::chrono::steady_clock::now() - begin;
  const std::string second = read_file(target);
  std::mt19937_64 random(1);
  const auto latest = static_cast<std::uint64_t>(one_write.count() * 2.5) + 1;
  int left = 0, changed = 0;
  for (int i = 0; i < kills(); ++i) {
    const std::string before = read_file(target);
    const pid_t writer = start_writing(one, two, target);
    REQUIRE(writer > 0);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % latest));
    REQUIRE(::kill(writer, SIGKILL) == 0);
    int status = 0;
    ::waitpid(writer, &status, 0);
    REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    const std::string after = read_file(target);
    REQUIRE((after == first || after == second));
    changed += after != before;
    left += folder.file_count() > 1;
    REQUIRE(folder.file_count() <= 2);  // what one writer left, the next removes
  }
  write_program(one, target);
  CHECK(folder.file_count() == 1);
  WARN(kills() << " kills: " << changed << " changed the file, " << left
               << " left a temporary one for the next write to remove");
}

TEST_CASE("abandoned temporary files of a target are removed, others and foreign ones stay") {
  const TempFolder folder;
  const Program program = read_program(folder.write("in.pt2", zip(small_program()).bytes));
  folder.write(".out.pt2.0123abcd.tmp", "abandoned");
  folder.write(".other.pt2.0123abcd.tmp", "another target's");
  folder.write(".out.pt2.tmp", "somebody's");
  write_program(program, folder.path() / "out.pt2");
  CHECK_FALSE(std::filesystem::exists(folder.path() / ".out.pt2.0123abcd.tmp"));
  CHECK(folder.file_count() == 4);
}
