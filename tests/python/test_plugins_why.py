"""`fettle plugins why NAME`: every place in order, every refusal with its mend, and an answer that is the
one that a run comes to."""
import os
import pathlib
import shutil

import pytest
from conftest import ROOT

PLUGINS = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent / "tests/plugins"


@pytest.fixture
def folder(tmp_path):
    """A folder for plugins; `put` copies one of the tests' there."""
    class Folder:
        path = tmp_path / "plugins"

        def put(self, name, as_name=None):
            target = self.path / f"{as_name or name}.so"
            target.parent.mkdir(exist_ok=True)
            shutil.copy(PLUGINS / f"{name}.so", target)
            target.chmod(0o755)
            return target
    made = Folder()
    made.path.mkdir()
    return made


@pytest.fixture
def why(fettle, tmp_path):
    """(can it be used, what was said); held against what the other commands come to."""
    def ask(name, *options, **environment):
        environment.setdefault("XDG_DATA_HOME", str(tmp_path / "nobody"))
        said = fettle("plugins", "why", name, *options, environment=environment)
        assert said.code in (0, 1), said.stderr
        used = fettle("plugins", "info", name, *options, environment=environment)
        assert (said.code == 0) == (used.code == 0), f"{said.stdout}\n{used.stderr}"
        assert ("can be used, from" in said.stdout) == (said.code == 0)
        return said.code == 0, said.stdout
    return ask


def in_order(text, *parts):
    at = 0
    for part in parts:
        assert part in text[at:], f"{part!r} is not there, or too early, in\n{text}"
        at = text.index(part, at) + len(part)


def test_places_are_told_in_the_order_of_discovery(why, folder, tmp_path):
    folder.put("count_nodes")
    mine = tmp_path / "home" / "fettle" / "plugins"
    mine.mkdir(parents=True)
    usable, said = why("count_nodes", "--plugin-dir", folder.path,
                       FETTLE_PLUGIN_PATH=f"{tmp_path}/gone:{tmp_path}",
                       XDG_DATA_HOME=str(tmp_path / "home"))
    assert usable
    in_order(said, f"--plugin-dir: {folder.path}", "count_nodes.so", "offers the benchmark 'count_nodes'",
             f"FETTLE_PLUGIN_PATH: {tmp_path}/gone", "does not exist",
             f"FETTLE_PLUGIN_PATH: {tmp_path}\n", "holds no library",
             f"your folder: {mine}", "holds no library", "the system's folder: not searched",
             "the build's folder: ", "of other names", "never in the working directory",
             "'count_nodes' can be used, from")


def test_a_plugin_that_ships_and_one_by_its_id(why):
    assert why("cse")[0]
    usable, said = why("fettle.cse")
    assert usable and "offers the pass 'cse'" in said


def test_nothing_of_the_name_names_the_nearest(why):
    usable, said = why("csee")
    assert not usable
    assert "no plugin that was found offers it" in said and "did you mean 'cse'" in said


@pytest.mark.parametrize("name, refusal, mend", [
    ("other_major", "[plugin-other-major]", "build it against this fettle's sdk"),
    ("needs_newer", "[plugin-needs-newer-host]", "use a newer fettle"),
    ("no_symbol", "[plugin-no-entry]", "FETTLE_EXPORT"),
    ("no_interface", "[plugin-no-interface]", "build it again from source"),
    ("bad_promise", "[plugin-bad-descriptor]", "build it again from source"),
    ("init_fails", "[plugin-init-failed]", "what it needs"),
    ("throws_in_init", "[plugin-threw]", "catches everything at its boundary"),
])
def test_refused_libraries_come_with_their_mend(why, folder, name, refusal, mend):
    folder.put(name)
    usable, said = why(name, FETTLE_PLUGIN_PATH=str(folder.path))
    assert not usable
    in_order(said, f"{name}.so", "refused: ", refusal, "mend: ", mend,
             f"'{name}' cannot be used: ", "was refused")


def test_a_file_that_is_cut_off(why, folder):
    whole = folder.put("count_nodes")
    whole.write_bytes(whole.read_bytes()[:1000])
    usable, said = why("count_nodes", FETTLE_PLUGIN_PATH=str(folder.path))
    assert not usable
    in_order(said, "[plugin-not-loadable]", "mend: build or copy it again")


def test_a_file_that_others_can_write(why, folder):
    plugin = folder.put("count_nodes")
    plugin.chmod(0o777)
    usable, said = why("count_nodes", FETTLE_PLUGIN_PATH=str(folder.path))
    assert not usable
    in_order(said, "[plugin-untrusted]", "world-writable", f"mend: chmod o-w '{plugin}'")
    plugin.chmod(0o755)  # the mend mends
    assert why("count_nodes", FETTLE_PLUGIN_PATH=str(folder.path))[0]


def test_a_folder_that_others_can_write(why, folder):
    folder.put("count_nodes")
    folder.path.chmod(0o777)
    usable, said = why("count_nodes", "--plugin-dir", folder.path)
    assert not usable
    in_order(said, "[plugin-untrusted]", f"mend: chmod o-w '{folder.path}'")


def test_a_plugin_dir_that_is_not_there(why, tmp_path):
    usable, said = why("cse", "--plugin-dir", tmp_path / "gone")
    assert not usable
    in_order(said, "does not exist", "'cse' cannot be used", "every command stops at that")


def test_a_relative_plugin_path(why):
    usable, said = why("count_nodes", FETTLE_PLUGIN_PATH="build/tests/plugins")
    assert not usable
    in_order(said, "FETTLE_PLUGIN_PATH: build/tests/plugins", "[plugin-relative-path]",
             "mend: write the absolute path")


def test_two_plugins_of_one_name(why, folder):
    folder.put("well_behaved")
    folder.put("well_behaved_too")
    usable, said = why("cse", "--plugin-dir", folder.path)  # not even what has nothing to do with it
    assert not usable
    in_order(said, "[plugin-duplicate-name]", "mend: remove one of the files",
             "every command stops at that")


def test_the_same_plugin_twice_is_one(why, folder):
    folder.put("count_nodes")
    folder.put("count_nodes", "same_bytes")
    usable, said = why("count_nodes", "--plugin-dir", folder.path)
    assert usable
    in_order(said, "same_bytes.so", "passed over: the same plugin as")


def test_a_plugin_dir_where_all_is_refused(why, folder):
    folder.put("other_major")
    usable, said = why("cse", "--plugin-dir", folder.path)
    assert not usable
    assert "every command stops at that" in said
