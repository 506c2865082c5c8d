// Files that others could have changed are not loaded.
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

Diagnostic refusal_of(const fs::path& folder) {
  return error_of([&] { Host host(only(folder)); });
}

}  // namespace

TEST_CASE("a world-writable plugin is refused") {
  TemporaryFolder folder;
  const fs::path file = folder.add("well_behaved");
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  const Diagnostic refusal = refusal_of(folder.path());
  CHECK(code_name(refusal.code) == "plugin-untrusted");
  CHECK_THAT(refusal.why, contains("world-writable"));
  CHECK_THAT(refusal.hint, contains("chmod o-w"));
}

TEST_CASE("a plugin below a world-writable folder is refused, however deep") {
  TemporaryFolder folder;
  const fs::path inner = folder.path() / "open" / "inner";
  fs::create_directories(inner);
  fs::copy_file(built_plugin("well_behaved"), inner / "well_behaved.so");
  CHECK(Host(only(inner)).plugins().size() == 1);
  const fs::path open = folder.path() / "open";
  fs::permissions(open, fs::perms::others_write, fs::perm_options::add);
  const Diagnostic refusal = refusal_of(inner);
  CHECK(code_name(refusal.code) == "plugin-untrusted");
  CHECK_THAT(refusal.why, contains(open.string()));
  // With the sticky bit, as /tmp has it, others cannot replace what is ours.
  fs::permissions(open, fs::perms::sticky_bit, fs::perm_options::add);
  CHECK(Host(only(inner)).plugins().size() == 1);
}

TEST_CASE("it is the real file that must be trusted, not the link to it") {
  TemporaryFolder shown, hidden;
  const fs::path file = hidden.add("well_behaved");
  fs::create_symlink(file, shown.path() / "well_behaved.so");
  CHECK(Host(only(shown.path())).plugins()[0].path == file);
  fs::permissions(hidden.path(), fs::perms::others_write, fs::perm_options::add);
  CHECK(code_name(refusal_of(shown.path()).code) == "plugin-untrusted");
}

TEST_CASE("a link to nothing is refused by name") {
  TemporaryFolder folder;
  fs::create_symlink(folder.path() / "gone", folder.path() / "dangling.so");
  const Diagnostic refusal = refusal_of(folder.path());
  CHECK(code_name(refusal.code) == "plugin-not-found");
  CHECK_THAT(refusal.where, contains("dangling.so"));
}

TEST_CASE("another user's plugin is refused") {
  if (::geteuid() != 0) return;  // only root can give a file away
  TemporaryFolder folder;
  const fs::path file = folder.add("well_behaved");
  REQUIRE(::chown(file.c_str(), 12345, static_cast<gid_t>(-1)) == 0);
  const Diagnostic refusal = refusal_of(folder.path());
  CHECK(code_name(refusal.code) == "plugin-untrusted");
  CHECK_THAT(refusal.why, contains("12345"));
}
