// `fettle plugins check` as people call it: its lines, its exit status, its JSON.
#include "../pipeline/process.hpp"
#include "catch.hpp"

namespace fettle::test {
namespace {

std::string bad(const std::string& name) {
  return (fs::path(FETTLE_BAD_PLUGINS) / (name + ".so")).string();
}

Finished check(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"plugins", "check"});
  return fettle_command(arguments);
}

}  // namespace

TEST_CASE("plugins check: a line for each check, and how many there were") {
  const Finished good = check({bad("keeps_all_rules"), "--only", "descriptor"});
  CHECK(good.status == 0);
  CHECK_THAT(good.out, contains("pass  descriptor"));
  CHECK_THAT(good.out, contains("test.bad_pass 1.0, 1 component"));
  CHECK_THAT(good.out, contains("1 passed, 0 failed, 0 skipped (seed 1)"));

  const Finished wrong = check({bad("default_refused"), "--only", "options-default"});
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.out, contains("FAIL  options-default"));
  CHECK_THAT(wrong.out, contains("[bad_pass]"));
  CHECK_THAT(wrong.out, contains("this default will not do"));
  CHECK_THAT(wrong.out, contains("; create must take the defaults"));
}

TEST_CASE("plugins check: the seed of a random program is on its line") {
  const Finished told =
      check({bad("random_program_refused"), "--only", "random-programs", "--seed", "7"});
  CHECK(told.status == 1);
  CHECK_THAT(told.out, contains("of seed 7: pass 'bad_pass': transform answered -10"));
}

TEST_CASE("plugins check: JSON for programs") {
  const Finished told = check({bad("undocumented"), "--only", "documented", "--format", "json"});
  CHECK(told.status == 1);
  CHECK_THAT(told.out, contains(R"("plugin":"test.bad_pass","version":"1.0","seed":1)"));
  CHECK_THAT(told.out, contains(R"("name":"documented","result":"fail","holds":")"));
  CHECK_THAT(told.out, contains(R"("passed":0,"failed":1,"skipped":0)"));
}

TEST_CASE("plugins check: what cannot be checked") {
  CHECK(check({"/nowhere/at_all.so"}).status == 2);
  CHECK(check({"/"}).status == 2);
  CHECK(check({}).status == 2);
  CHECK(check({bad("keeps_all_rules"), "--format", "names"}).status == 2);

  const Finished unknown = check({bad("keeps_all_rules"), "--only", "numeric"});
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.err, contains("did you mean 'numerics'?"));

  const Folder folder;
  const Finished no_library = check({folder.write("plugin.so", "not a library").string()});
  CHECK(no_library.status == 2);
  CHECK_THAT(no_library.out, contains("FAIL  whole-library"));
  CHECK_THAT(no_library.out, contains("skip  large-program"));
}

}  // namespace fettle::test
