// What the loader refuses, one bad plugin for each reason, and what a refusal means for a search.
#include <sys/stat.h>

#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// The refusal of a plugin that is alone in a folder that the user asked for.
Diagnostic refusal_of(const std::string& plugin) {
  TemporaryFolder folder;
  folder.add(plugin);
  const Diagnostic refusal = error_of([&] { Host host(only(folder.path())); });
  CHECK_THAT(refusal.where, contains(plugin + ".so"));
  return refusal;
}
std::string code_for(const std::string& plugin) {
  return std::string(code_name(refusal_of(plugin).code));
}

}  // namespace

TEST_CASE("a file that is no library is refused") {
  TemporaryFolder folder;
  folder.write("text.so", "this is not a library");
  const Diagnostic refusal = error_of([&] { Host host(only(folder.path())); });
  CHECK(code_name(refusal.code) == "plugin-not-loadable");
  CHECK_THAT(refusal.where, contains("text.so"));
  CHECK_FALSE(refusal.why.empty());
}

TEST_CASE("a pipe named like a plugin is refused, not waited for") {
  TemporaryFolder folder;
  REQUIRE(mkfifo((folder.path() / "pipe.so").c_str(), 0600) == 0);
  const Diagnostic refusal = error_of([&] { Host host(only(folder.path())); });
  CHECK(code_name(refusal.code) == "plugin-not-loadable");
  CHECK_THAT(refusal.why, contains("pipe"));
}

TEST_CASE("a truncated plugin is refused, not loaded") {
  TemporaryFolder folder;
  const fs::path file = folder.add("well_behaved");
  fs::resize_file(file, 600);
  CHECK(code_of([&] { Host host(only(folder.path())); }) == "plugin-not-loadable");
}

TEST_CASE("a library without the entry point is refused") {
  CHECK(code_for("no_symbol") == "plugin-no-entry");
}

TEST_CASE("a plugin of another major version is refused, by its symbol and by its descriptor") {
  CHECK(code_for("symbol_of_version_2") == "plugin-other-major");
  const Diagnostic refusal = refusal_of("other_major");
  CHECK(code_name(refusal.code) == "plugin-other-major");
  CHECK_THAT(refusal.what, contains("version 2"));
  CHECK_THAT(refusal.why, contains("version 1"));
}

TEST_CASE("a plugin that needs a newer host is refused") {
  const Diagnostic refusal = refusal_of("needs_newer");
  CHECK(code_name(refusal.code) == "plugin-needs-newer-host");
  CHECK_THAT(refusal.what, contains("1.999"));
}

TEST_CASE("a wrong descriptor is refused, and the reason says in what") {
  const std::pair<const char*, const char*> cases[] = {
      {"null_descriptor", "null"},
      {"small_size", "size"},
      {"no_id", "id"},
      {"no_components", "no component"},
      {"small_component", "smaller"},
      {"no_create", "create"},
      {"bad_name", "snake_case"},
      {"two_of_one_name", "two components"},
      {"small_interface", "smaller"},
      {"no_transform", "transform"},
      {"bad_promise", "promise"},
      {"option_duplicate", "'size' twice"},
      {"option_default", "range"},
      {"option_type", "type"},
      {"analysis_without_compute", "lacks compute or release"},
      {"analysis_without_id", "no answer_id"},
  };
  for (const auto& [plugin, reason] : cases) {
    INFO(plugin);
    const Diagnostic refusal = refusal_of(plugin);
    CHECK(code_name(refusal.code) == "plugin-bad-descriptor");
    CHECK_THAT(refusal.why, contains(reason));
  }
}

TEST_CASE("a component is of exactly one kind") {
  CHECK(code_for("no_interface") == "plugin-no-interface");
  CHECK(code_for("two_kinds") == "plugin-no-interface");
}

TEST_CASE("a plugin whose init fails is refused with its own words") {
  const Diagnostic refusal = refusal_of("init_fails");
  CHECK(code_name(refusal.code) == "plugin-init-failed");
  CHECK_THAT(refusal.why, contains("the licence has run out"));
}

TEST_CASE("an exception that leaves init is caught and refused") {
  const Diagnostic refusal = refusal_of("throws_in_init");
  CHECK(code_name(refusal.code) == "plugin-threw");
  CHECK_THAT(refusal.why, contains("thrown in init"));
}

TEST_CASE("two plugins with a component of one name are an error that names both files") {
  TemporaryFolder folder;
  folder.add("well_behaved");
  folder.add("well_behaved_too");
  const Diagnostic error = error_of([&] { Host host(only(folder.path())); });
  CHECK(code_name(error.code) == "plugin-duplicate-name");
  CHECK_THAT(error.what, contains("'well_behaved'"));
  CHECK_THAT(error.where + error.why, contains("well_behaved.so"));
  CHECK_THAT(error.where + error.why, contains("well_behaved_too.so"));
}

TEST_CASE("the same plugin met twice, by a link or as a copy, is loaded once") {
  TemporaryFolder first, second;
  first.add("well_behaved");
  second.add("well_behaved");
  fs::create_symlink(first.path() / "well_behaved.so", first.path() / "zz_link.so");
  Search search;
  search.plugin_dirs = {first.path(), second.path(), first.path()};
  const Host host(search);
  CHECK(host.plugins().size() == 1);
  CHECK(host.names(ComponentKind::pass) == std::vector<std::string>{"well_behaved"});
}

TEST_CASE("beside a good plugin a bad one is only remembered, until somebody asks for it") {
  TemporaryFolder folder;
  folder.add("well_behaved");
  folder.add("init_fails");
  folder.write("notes.txt", "not a plugin, and not looked at");
  const Host host(only(folder.path()));
  CHECK(host.plugins().size() == 1);
  REQUIRE(host.refusals().size() == 1);
  CHECK(code_name(host.refusals()[0].reason.code) == "plugin-init-failed");

  const Diagnostic unknown = error_of([&] { host.component(ComponentKind::pass, "init_fails"); });
  CHECK(code_name(unknown.code) == "component-unknown");
  CHECK_THAT(unknown.why, contains("init_fails.so"));
}

TEST_CASE("a name that nobody offers is answered with the nearest one, or with its kind") {
  const LoadedPlugins plugins({"well_behaved"});
  const Diagnostic unknown = error_of([&] { plugins.host().create_pass("wel_behaved", {}); });
  CHECK(code_name(unknown.code) == "component-unknown");
  CHECK_THAT(unknown.hint, contains("'well_behaved'"));
  const Diagnostic kind =
      error_of([&] { plugins.host().component(ComponentKind::verifier, "well_behaved"); });
  CHECK(code_name(kind.code) == "component-unknown");
  CHECK_THAT(kind.why, contains("is a pass"));
}

TEST_CASE("a folder that was asked for must exist; others need not") {
  Search search;
  search.plugin_dirs = {"/nonexistent/plugins"};
  CHECK(code_of([&] { Host host(search); }) == "plugin-not-found");
  search.plugin_dirs.clear();
  search.plugin_path = "/nonexistent/a:/nonexistent/b";
  search.user_dir = "/nonexistent/c";
  CHECK(Host(search).refusals().empty());
}

TEST_CASE(
    "FETTLE_PLUGIN_PATH is searched; relative and empty entries are not the working directory") {
  TemporaryFolder folder;
  folder.add("well_behaved");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  Search search;
  search.plugin_path = ":.:relative";
  const Host here(search);
  const Diagnostic unknown = error_of([&] { here.component(ComponentKind::pass, "well_behaved"); });
  CHECK_THAT(unknown.why, contains("relative path"));  // why it was not found
  search.plugin_path = folder.path().string() + ":";
  const Host there(search);
  fs::current_path(before);
  CHECK(here.plugins().empty());
  REQUIRE(here.refusals().size() == 2);
  CHECK(code_name(here.refusals()[0].reason.code) == "plugin-relative-path");
  CHECK(there.plugins().size() == 1);
}

TEST_CASE("the standard search: the user's folder, and the build's own or else the system's") {
  TemporaryFolder tree;
  fs::create_directories(tree.path() / "build" / "plugins");
  setenv("FETTLE_PLUGIN_PATH", "/some/plugins", 1);
  setenv("XDG_DATA_HOME", "/home/somebody/data", 1);
  const Search built = Search::standard(tree.path() / "build" / "fettle");
  unsetenv("FETTLE_PLUGIN_PATH");
  setenv("XDG_DATA_HOME", "relative", 1);
  const char* home = getenv("HOME");
  const std::string home_before = home ? home : "";
  setenv("HOME", "/home/somebody", 1);
  const Search installed = Search::standard(tree.path() / "bin" / "fettle");
  unsetenv("XDG_DATA_HOME");
  setenv("HOME", home_before.c_str(), 1);

  CHECK(built.plugin_path == "/some/plugins");
  CHECK(built.user_dir == "/home/somebody/data/fettle/plugins");
  CHECK(built.build_dir == tree.path() / "build" / "plugins");
  CHECK(built.system_dir == std::nullopt);
  CHECK(built.plugin_dirs.empty());
  CHECK(installed.plugin_path.empty());
  CHECK(installed.user_dir == "/home/somebody/.local/share/fettle/plugins");
  CHECK(installed.build_dir == std::nullopt);
  CHECK(installed.system_dir->is_absolute());
}
