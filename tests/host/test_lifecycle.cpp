// The life of a plugin, as fettle.h promises it.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

class Log {
 public:
  Log() { setenv("FETTLE_TEST_LOG", (folder_.path() / "log").c_str(), 1); }
  ~Log() { unsetenv("FETTLE_TEST_LOG"); }
  std::vector<std::string> steps() const {
    std::ifstream file(folder_.path() / "log");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  TemporaryFolder folder_;
};

using Steps = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "init, create, calls, destroy, fini, each once and in order; an instance keeps its plugin") {
  const Log log;
  std::unique_ptr<Pass> pass;
  {
    const LoadedPlugins plugins({"lifecycle"});
    CHECK(log.steps() == Steps{"init"});
    pass = plugins.host().create_pass("lifecycle", {});
    CHECK(pass->info().promise == Promise::tolerant);
  }
  // The host is gone; the instance is not, and so its plugin is not finished.
  Graph graph;
  Journal journal(graph);
  AnalysisManager analyses(graph);
  Outcome outcome;
  pass->transform(journal, analyses, outcome);
  CHECK(pass->analyze(analyses, outcome) == std::nullopt);
  pass->verify(analyses, outcome);
  pass.reset();
  CHECK(log.steps() == Steps{"init", "create", "transform", "destroy", "fini"});
}

TEST_CASE("an instance that could not be created is not destroyed") {
  const Log log;
  {
    const LoadedPlugins plugins({"lifecycle"});
    const Diagnostic error = error_of([&] {
      plugins.host().create_pass("lifecycle", {{"fail", "true", ""}});
    });
    CHECK(code_name(error.code) == "plugin-failed");
    CHECK_THAT(error.what, contains("pass 'lifecycle': create"));
  }
  CHECK(log.steps() == Steps{"init", "create", "fini"});
}

TEST_CASE("two hosts in one process each have their own life of a plugin") {
  const Log log;
  {
    const LoadedPlugins first({"lifecycle"});
    const LoadedPlugins second({"lifecycle"});
  }
  CHECK(log.steps() == Steps{"init", "init", "fini", "fini"});
}
