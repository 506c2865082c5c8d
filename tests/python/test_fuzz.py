"""`fettle fuzz`: random programs through passes. What holds for shipped passes holds in Python, too, and
passes that are wrong on purpose are found."""
import os
import pathlib
import re
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "mutants"))

import fuzzed_programs  # noqa: E402
from mutants import MUTANTS  # noqa: E402

BUILD = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
COUNTS = re.compile(r"(\d+) programs of \d+ calls in .*: (\d+) rewrites, (\d+) verdicts "
                    r"\((\d+) without a judgement\), (\d+) finding")


def counts(done):
    found = COUNTS.search(done.stdout)
    assert found, (done.stdout, done.stderr)
    return [int(n) for n in found.groups()]


def test_shipped_passes_and_the_default_pipeline_come_through(fettle, tmp_path):
    done = fettle("fuzz", "--seed", 1, "--programs", 60, "--keep-going", "-o", tmp_path / "found")
    programs, rewrites, verdicts, unable, findings = counts(done)
    assert (done.code, findings) == (0, 0), done.stdout
    assert programs == 60 and rewrites > 200 and verdicts > 200
    assert unable < verdicts / 5
    assert not (tmp_path / "found").exists()


def test_python_loads_programs_and_results_and_computes_the_same_bits(fettle, tmp_path):
    done = fettle("fuzz", "--seed", 1000, "--programs", 40, "--keep-programs", tmp_path)
    assert done.code == 0, done.stdout
    looked_at, found = fuzzed_programs.disagreements(tmp_path)
    assert looked_at > 30
    assert not found
    # Dynamic sizes among them, with the ranges that they were made with.
    ranges = [fuzzed_programs.load(path).range_constraints for path in tmp_path.glob("10[01]?.pt2")]
    assert {str(r) for each in ranges for r in each.values()} & {"VR[1, 12]", "VR[2, 12]"}


def test_a_kept_program_that_was_changed_is_not_the_same_in_python(fettle, tmp_path):
    assert fettle("fuzz", "--seed", 7, "--programs", 2, "--keep-programs", tmp_path).code == 0
    (tmp_path / "8.optimized.pt2").replace(tmp_path / "7.optimized.pt2")
    (tmp_path / "8.pt2").unlink()
    looked_at, found = fuzzed_programs.disagreements(tmp_path)
    assert looked_at == 1 and len(found) == 1


# One or two of each theme; tests/mutants/table.py --fuzz tries all.
@pytest.mark.parametrize("name", [
    "cancelling_variance", "composed_permutations", "cond_of_not", "cse_of_random", "dead_write",
    "detached", "dropped_mask", "folded_buffer", "negative_slice", "plus_zero", "reassociated",
    "removed_clone", "softmax_without_max", "sunk_cast", "swapped_sub", "tanh_gelu"])
def test_a_mutant_is_found_and_made_small(fettle, tmp_path, name):
    name = f"mutant_{name}"
    assert name in MUTANTS
    plugins = BUILD / "tests" / "mutants"
    found = tmp_path / "found"
    done = fettle("fuzz", "--passes", name, "--plugin-dir", plugins, "--seed", 1, "--programs", 600,
                  "-o", found)
    assert done.code == 1 and counts(done)[4] == 1, (done.stdout, done.stderr)
    assert f"'{name}'" in done.stdout
    seed = re.search(r"^seed (\d+), the pipeline:", done.stdout, re.M)[1]
    assert (found / f"seed-{seed}" / "program.pt2").exists()
    assert int(re.search(r"reproducer: .*, (\d+) of \d+ calls", done.stdout)[1]) <= 10
    repro = found / f"seed-{seed}" / "repro"
    shown = fettle("run", repro / "repro.pt2", "-p", repro / "pipeline.yaml", "--plugin-dir", plugins)
    assert shown.code in (1, 3) and f"'{name}'" in shown.stderr


def test_the_line_to_type_finds_it_again(fettle, tmp_path):
    options = ("--passes", "mutant_relu6", "--plugin-dir", BUILD / "tests" / "mutants")
    first = fettle("fuzz", "--seed", 1, "--programs", 100, "-o", tmp_path / "a", *options)
    line = re.search(r"again: fettle (fuzz .*)", first.stdout)[1]
    again = fettle(*line.split(), "-o", tmp_path / "b")
    said = re.compile(r"^seed \d+, .*?(?=program:)", re.M | re.S)
    assert first.code == again.code == 1
    assert said.search(first.stdout)[0] == said.search(again.stdout)[0]


def test_the_same_seed_is_the_same_program_whatever_ran_before(fettle, tmp_path):
    for folder, seed, programs in (("a", 30, 5), ("b", 34, 1)):
        (tmp_path / folder).mkdir()
        assert fettle("fuzz", "--seed", seed, "--programs", programs,
                      "--keep-programs", tmp_path / folder).code == 0
    texts = [fettle("inspect", tmp_path / folder / "34.pt2", "--format", "text").stdout
             for folder in "ab"]
    assert texts[0] == texts[1] and "return" in texts[0]


def test_a_pass_that_takes_the_process_down_is_a_finding_and_fuzzing_goes_on(fettle, tmp_path):
    done = fettle("fuzz", "--passes", "faulty_pass{how=segv}", "--plugin-dir",
                  BUILD / "tests" / "isolation", "--seed", 1, "--programs", 2, "--keep-going",
                  "-o", tmp_path / "found")
    assert done.code == 1 and counts(done)[4] == 2, (done.stdout, done.stderr)
    assert "seed 1, the process that ran it:\nit crashed: SIGSEGV" in done.stdout
    assert (tmp_path / "found" / "seed-2" / "program.pt2").exists()


@pytest.mark.parametrize("options, code, status", [
    (["--passes", "cs"], "component-unknown", 2),
    (["--passes", "cse", "-p", "p.yaml"], "usage-bad-argument", 2),
    (["-p", "-"], "usage-bad-argument", 2),
    (["--programs", "0"], "usage-bad-argument", 2),
    (["--calls", "many"], "usage-bad-argument", 2),
    (["--programs", "1", "--keep-programs", "nowhere"], "usage-bad-argument", 2),
])
def test_mistakes_are_told_before_anything_runs(fettle, tmp_path, options, code, status):
    done = fettle("fuzz", *options, cwd=tmp_path)
    assert done.code == status, (done.stdout, done.stderr)
    assert f"error[{code}]" in done.stderr
    assert list(tmp_path.iterdir()) == []
