"""Passes with one realistic bug each (tests/mutants): none gets past the gate with a wrong model."""
import json
import os
import pathlib
import sys

import pytest
from conftest import ROOT

MUTANTS = ROOT / "tests" / "mutants"
sys.path.insert(0, str(MUTANTS))

import hosts  # noqa: E402
from mutants import CAUGHT, PENDING, STRUCTURE, VERIFIERS  # noqa: E402

ALL = {**CAUGHT, **PENDING}


@pytest.fixture(scope="session")
def program(models, tmp_path_factory):
    """The archive of a captured model, or of a host, which is captured once."""
    folder = tmp_path_factory.mktemp("hosts")

    def path_of(name):
        if name not in hosts.HOSTS:
            return models / f"{name}.pt2"
        path = folder / f"{name}.pt2"
        if not path.exists():
            hosts.capture(name, path)
        return path
    return path_of


@pytest.fixture
def run_passes(fettle, program, pipeline, tmp_path):
    """Runs passes on a program under a verifier: how it ended, the output's path, the report."""
    plugins = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent / "tests" / "mutants"

    def run(passes, name, verifier="numeric"):
        output, report = tmp_path / "out.pt2", tmp_path / "report.json"
        text = f"passes: [{', '.join(passes)}]\nverify: {{after: each, with: [{verifier}]}}\n"
        done = fettle("run", program(name), "-p", pipeline(text), "--plugin-dir", plugins,
                      "-o", output, "--report-json", report)
        return done, output, json.loads(report.read_text()) if report.exists() else None
    return run


@pytest.mark.parametrize("name", sorted(CAUGHT))
def test_a_mutant_is_caught_and_leaves_no_output(run_passes, name):
    host, by = CAUGHT[name]
    done, output, _ = run_passes([name], host, VERIFIERS.get(by, "numeric"))
    assert done.code == (3 if by == STRUCTURE else 1), (done.stdout, done.stderr)
    assert f"'{name}'" in done.stderr
    assert by == STRUCTURE or "error[verification-failed]" in done.stderr
    assert not output.exists()


@pytest.mark.parametrize("name", sorted(PENDING))
def test_a_mutant_that_awaits_its_verifier_gets_through(run_passes, name):
    """Fails once the default gate catches the mutant: then it belongs into CAUGHT."""
    host, _ = PENDING[name]
    done, output, report = run_passes([name], host)
    assert done.code == 0, (done.stdout, done.stderr)
    assert output.exists()
    entry, = report["passes"]
    assert entry["changed"] and entry["rewrites"] > 0


def test_mutants_are_silent_where_they_have_no_site(run_passes):
    done, output, report = run_passes(sorted(ALL), "nothing_to_find")
    assert done.code == 0, done.stderr
    assert output.exists()
    assert [entry["name"] for entry in report["passes"]] == sorted(ALL)
    assert not any(entry["changed"] for entry in report["passes"])


@pytest.mark.parametrize("name", sorted({host for host, _ in ALL.values()} & set(hosts.HOSTS)))
def test_a_host_passes_without_its_mutant(run_passes, name):
    done, output, _ = run_passes(["cse", "dce"], name)
    assert done.code == 0, (done.stdout, done.stderr)
    assert output.exists()
