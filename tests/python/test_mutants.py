"""Passes with one realistic bug each (tests/mutants): none gets past the gate with a wrong model."""
import json
import os
import pathlib
import re
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "mutants"))

import hosts  # noqa: E402
import table  # noqa: E402
from mutants import MUTANTS, STRUCTURE, VERIFIERS  # noqa: E402

BUILD = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
PLUGINS = BUILD / "tests" / "mutants"


@pytest.fixture
def run_passes(fettle, mutant_program, pipeline, tmp_path):
    """Runs passes on a program under a verifier: how it ended, the output's path, the report."""
    def run(passes, name, verifier="numeric"):
        output, report = tmp_path / "out.pt2", tmp_path / "report.json"
        text = f"passes: [{', '.join(passes)}]\nverify: {{after: each, with: [{verifier}]}}\n"
        done = fettle("run", mutant_program(name), "-p", pipeline(text), "--plugin-dir", PLUGINS,
                      "-o", output, "--report-json", report)
        return done, output, json.loads(report.read_text()) if report.exists() else None
    return run


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_is_caught_and_leaves_no_output(run_passes, name):
    host, by = MUTANTS[name]
    done, output, _ = run_passes([name], host, VERIFIERS.get(by, "numeric"))
    assert done.code == (3 if by == STRUCTURE else 1), (done.stdout, done.stderr)
    assert f"'{name}'" in done.stderr
    assert by == STRUCTURE or "error[verification-failed]" in done.stderr
    assert "cannot judge" not in done.stderr
    assert not output.exists()


@pytest.mark.parametrize("model, names", {
    "bert": "swapped_sub narrow_positions plus_zero cse_across_write dead_write dropped_mask dropped_scale",
    "gpt2": "swapped_sub narrow_positions plus_zero cse_across_write dead_write negative_dim sunk_read",
}.items())
def test_mutants_are_right_at_most_sites(run_passes, model, names):
    names = [f"mutant_{name}" for name in names.split()]
    done, _, report = run_passes(names, model)
    assert done.code == 0, done.stderr
    assert all(entry["changed"] and entry["rewrites"] > 0 for entry in report["passes"])


def test_mutants_are_silent_where_they_have_no_site(run_passes):
    done, output, report = run_passes(sorted(MUTANTS), "nothing_to_find")
    assert done.code == 0, done.stderr
    assert output.exists()
    assert [entry["name"] for entry in report["passes"]] == sorted(MUTANTS)
    assert not any(entry["changed"] for entry in report["passes"])


@pytest.mark.parametrize("name", sorted({host for host, _ in MUTANTS.values()} & set(hosts.HOSTS)))
def test_a_host_passes_without_its_mutant(run_passes, name):
    done, output, _ = run_passes(["cse", "dce"], name)
    assert done.code == 0, (done.stdout, done.stderr)
    assert output.exists()


def test_the_table_has_every_mutant_that_is_built(fettle):
    listed = fettle("plugins", "list", "--plugin-dir", PLUGINS)
    assert listed.code == 0, listed.stderr
    assert sorted(set(re.findall(r"\bmutant_\w+", listed.stdout))) == sorted(MUTANTS)


def test_the_table_says_who_caught_what(models, tmp_path):
    names = ["mutant_aliased_output", "mutant_swapped_sub"]
    lines = list(table.table(table.Runs(BUILD, models, tmp_path), names))
    columns, _, aliased, swapped = ([cell.strip() for cell in line.split("|")[1:-1]]
                                    for line in lines[:4])
    assert columns[:4] == ["mutant", "program", "structure", "numeric"]
    assert aliased[:4] == ["`mutant_aliased_output`", "product_with_one", "caught", ""]
    assert swapped[:4] == ["`mutant_swapped_sub`", "differences", "–", "caught"]
    assert "2 of 2 mutants are caught" in lines[4]
