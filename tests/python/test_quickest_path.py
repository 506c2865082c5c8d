"""From nothing to a checked plugin by sdk/GUIDE.md's own commands: all of them green, and what they say
the pass does is what Python finds in the program that it wrote."""
import os
import pathlib

from bench import quickest_path
from conftest import ROOT, load_program, run_program

FETTLE = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle"))
LONGEST_HELLO = 30  # lines: a first pass fits on a screen


def test_the_guides_commands_are_green_and_the_pass_does_its_work(tmp_path, models):
    model = models / "bert.pt2"
    said = {}
    for command, _, done in quickest_path.walk(tmp_path, FETTLE, model):
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    words = [command.split()[:3] for command in said]
    for needed in (["fettle", "plugins", "new"], ["meson", "setup", "build"], ["meson", "test", "-C"],
                   ["fettle", "plugins", "check"]):
        assert needed in words
    run = next(text for command, text in said.items() if command.startswith("fettle run"))
    assert "Every change was verified" in run and "drop_dropouts" in run

    before, after = load_program(model), load_program(tmp_path / "smaller.pt2")
    assert "dropout" in str(before.graph) and "dropout" not in str(after.graph)
    for expected, actual in zip(run_program(before), run_program(after), strict=True):
        assert expected.equal(actual)


def test_the_guide_shows_the_pass_that_is_written(tmp_path, fettle):
    done = fettle("plugins", "new", "drop_dropouts", cwd=tmp_path)
    assert done.code == 0, done.stderr
    [shown] = quickest_path.blocks("cpp")
    written = (tmp_path / "drop_dropouts" / "drop_dropouts.cpp").read_text()
    assert shown == written
    assert len(written.splitlines()) <= LONGEST_HELLO
