"""What calls leave behind (buffers, parameters, inputs), seen from the command line: compared after
each pass, named when it is wrong; and what depends on uninitialised memory, which raises no alarm.
test_edge_programs.py and test_exports.py hold the state that Python's module has after a call.
"""
import json
import os
import pathlib

import pytest
from conftest import ROOT


@pytest.fixture
def wrong_edit(fettle, captured, pipeline):
    """Runs the tests' wrong pass on a case."""
    program = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle"))
    plugins = program.parent / "tests" / "passes" / "plugins"

    def run(name, edit, node, other="", verify="each", arguments=()):
        text = (f"passes: [wrong_edit: {{edit: {edit}, node: {node}, other: {other!r}}}]\n"
                f"verify: {{after: {verify}}}\n")
        return fettle("run", captured(name), "-p", pipeline(text), "--plugin-dir", plugins,
                      *arguments)
    return run


@pytest.mark.parametrize("name, edit, says", [
    ("counter", ("drop", "add_"), "output 0"),
    ("unused_counter", ("drop", "add_"), "buffer 'count' after the run"),
    ("batch_norm_dead", ("drop", "batch_norm"), "buffer 'var' after the run"),
    ("training_batch_norm", ("drop", "add_"), "buffer '1.num_batches_tracked' after the run"),
    ("write_through_overlapping_views", ("move", "copy__1", "copy_"),
     "buffer 'table' after the run"),
    ("write_to_input_view", ("drop", "fill_"), ""),
])
def test_a_pass_that_breaks_an_effect_is_caught(wrong_edit, name, edit, says):
    done = wrong_edit(name, *edit)
    assert done.code == 1, (done.stdout, done.stderr)
    assert "error[verification-failed]: 'wrong_edit'" in done.stderr and says in done.stderr


def test_verify_names_the_effect_that_is_wrong(fettle, wrong_edit, captured, tmp_path):
    output = tmp_path / "wrong.pt2"
    done = wrong_edit("unused_counter", "drop", "add_", verify="never", arguments=("-o", output))
    assert done.code == 0, done.stderr
    verdict = fettle("verify", captured("unused_counter"), output)
    assert verdict.code == 1
    row, = (line for line in verdict.stdout.splitlines() if " fail " in line)
    assert "buffer 'count' after the run" in row


def test_uninitialised_memory_raises_no_alarm_and_is_said(fettle, captured, tmp_path):
    report = tmp_path / "report.json"
    done = fettle("run", captured("uninitialised_outputs"), "--report-json", report)
    assert done.code == 0, done.stderr
    verdicts = [verdict for entry in json.loads(report.read_text())["passes"]
                for verdict in entry["verification"]]
    assert verdicts and all("depend on memory that nobody initialized" in verdict["detail"]
                            for verdict in verdicts)
    assert "eager outputs" in verdicts[0]["reference"]
