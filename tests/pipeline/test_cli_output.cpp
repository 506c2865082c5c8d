// What the command line leaves on disk: all of it or nothing, whatever comes between.
#include "cli_fixture.hpp"

using namespace fettle::test;

TEST_CASE("without -o nothing is written, and that is said") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const Finished done =
      fettle_command({"run", bert, "-p", folder.write("p.yaml", "passes: [dce]\n")});
  CHECK(done.status == 0);
  CHECK_THAT(done.out, contains("No output was written"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what cannot be written is said before the run") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  struct {
    const char *option, *path, *code;
  } const cases[] = {
      {"-o", "/nowhere/out.pt2", "archive-write"},
      {"--report", "/nowhere/r.html", "report-unwritable"},
      {"--report-json", "/", "report-unwritable"},
  };
  for (const auto& wrong : cases) {
    INFO(wrong.option);
    const Finished done = fettle_command({"run", bert, wrong.option, wrong.path});
    CHECK(done.status == 2);
    CHECK_THAT(done.err, contains("error[" + std::string(wrong.code) + "]"));
    CHECK(done.out.empty());  // no pass ran
  }
  // What can be written is only tried.
  const fs::path out = folder / "out.pt2", report = folder / "r.json";
  CHECK(fettle_command({"run", "/nowhere.pt2", "-o", out, "--report-json", report}).status == 2);
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("a disk that fills up takes neither the old report nor the old output") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder.write("out.pt2", "old output");
  const std::string report = folder.write("r.html", "old report");
  const std::string pipeline = folder.write("p.yaml", "passes: [dce]\n");
  const std::string run = "ulimit -f 1; {fettle} run '" + bert + "' -p '" + pipeline + "' ";
  const Finished output = shell(run + "-o '" + out + "' >/dev/null");
  CHECK(output.status == 2);
  CHECK_THAT(output.err, contains("error[archive-write]"));
  CHECK_THAT(output.err, contains("free some space"));
  const Finished html = shell(run + "--report '" + report + "' >/dev/null");
  CHECK(html.status == 2);
  CHECK_THAT(html.err, contains("error[report-unwritable]"));
  CHECK(read_file(out) == "old output");
  CHECK(read_file(report) == "old report");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 3);
}

TEST_CASE("with stdout closed the results go nowhere, and not into the output") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder / "out.pt2";
  const Finished done =
      shell("{fettle} run '" + bert + "' -p '" + folder.write("p.yaml", "passes: []\n").string() +
            "' -o '" + out + "' <&- >&-");
  CHECK(done.status == 2);
  CHECK_THAT(done.err, contains("error[output-unwritable]"));
  CHECK(fettle_command({"inspect", out}).status == 0);
}

TEST_CASE("Ctrl-C stops at a safe point, with nothing written") {
  NEEDS_MODEL(resnet, "resnet18");
  const Folder folder;
  const std::string pipeline =
      folder.write("p.yaml", "passes: [dce]\nbenchmark: [latency: {runs: 1000000}]\n");
  const std::string out = folder / "out.pt2";
  // With job control (set -m) a background job listens to SIGINT. The line that -v prints says that
  // the run is under way; measuring is what then takes for ever.
  const std::string run = "{fettle} run '" + resnet + "' -p '" + pipeline + "' -o '" + out + "' -v";
  const fs::path script = folder.write("run.sh", expanded("set -m\n" + run + R"( 2>"$1" &
until grep -q '^dce:' "$1" || ! kill -0 $!; do sleep 0.1; done
kill -INT $!
wait $!
status=$?
cat "$1" >&2
rm "$1"
exit $status
)"));
  const Finished done =
      shell("bash '" + script.string() + "' '" + (folder / "errors").string() + "'");
  INFO(done.err);
  CHECK(done.status == 130);
  CHECK_THAT(done.err, contains("error[interrupted]"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("a report that finds no room is told, with what was written before it") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string out = folder / "out.pt2";
  const Finished done =
      shell("{fettle} run '" + bert + "' --passes dce -o '" + out + "' --report-json /dev/full");
  CHECK(done.status == 2);
  CHECK_THAT(done.err, contains("error[report-unwritable]"));
  CHECK_THAT(done.err, contains("the output '" + out + "' is whole"));
  CHECK(fettle_command({"diff", "-q", bert, out}).status == 1);
}

TEST_CASE("an output may replace its model") {
  NEEDS_MODEL(bert, "bert");
  const Folder folder;
  const std::string model = folder / "m.pt2";
  fs::copy_file(bert, model);
  CHECK(fettle_command({"run", model, "--passes", "dce", "-o", model}).status == 0);
  CHECK(fettle_command({"verify", bert, model, "--set", "numeric.random_sets=0"}).status == 0);
}
