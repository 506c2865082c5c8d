#!/usr/bin/env python3
"""Prints the table of mutants and verifiers: table.py [MUTANT…] runs each mutant (all of them) on its
program under the host's checks alone and under each verifier alone, and prints who caught it, as Markdown.

`caught`: the run failed (exit code 1 or 3); `–`: the mutant got through; `unable`: the verifier could not judge, which
fails a run, too; empty: the host's own checks had caught it before. A verifier that this build does not have is
left out, and named below the table. With --fuzz SECONDS: how long `fettle fuzz` takes to find each, on programs of
its own (PROGRAMS: how many it made).
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "python"), str(ROOT / "tools")]
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hosts  # noqa: E402
from mutants import MUTANTS, STRUCTURE, VERIFIERS  # noqa: E402

NO_VERIFIER = "verify: {after: never}\n"


class Runs:
    """Runs one pass on a program; programs that are not captured models are captured on first use."""

    def __init__(self, build, models, folder):
        self.executable, self.plugins = build / "fettle", build / "tests" / "mutants"
        self.models, self.folder = models, folder

    def program(self, name):
        if name not in hosts.HOSTS:
            return self.models / f"{name}.pt2"
        path = self.folder / f"{name}.pt2"
        if not path.exists():
            hosts.capture(name, path)
        return path

    def outcome(self, mutant, program, verify):
        """One word; None: this build has no such verifier."""
        pipeline = self.folder / "pipeline.yaml"
        pipeline.write_text(f"passes: [{mutant}]\n{verify}")
        done = subprocess.run([self.executable, "run", self.program(program), "-p", pipeline,
                               "--plugin-dir", self.plugins], capture_output=True, text=True)
        if "there is no verifier" in done.stderr or "error[option-unknown]" in done.stderr:
            return None
        if done.returncode not in (0, 1, 3):
            raise SystemExit(f"{mutant} on {program} ended with {done.returncode}:\n{done.stderr}")
        if "cannot judge" in done.stderr:
            return "unable"
        return "caught" if done.returncode else "–"


def verify_with(verifier):
    return f"verify: {{after: each, with: [{verifier}]}}\n"


def available(runs):
    """Ways to judge, by name; and the names of those that this build does not have."""
    ways = {STRUCTURE: NO_VERIFIER}
    for name, verifier in VERIFIERS.items():
        if verify_with(verifier) not in ways.values():
            ways[name] = verify_with(verifier)
    some = next(iter(MUTANTS))
    absent = [name for name, verify in ways.items()
              if runs.outcome(some, "nothing_to_find", verify) is None]
    return {name: verify for name, verify in ways.items() if name not in absent}, absent


def table(runs, mutants):
    """Lines of Markdown."""
    ways, absent = available(runs)
    yield f"| mutant | program | {' | '.join(ways)} |"
    yield "|---" * (2 + len(ways)) + "|"
    caught = 0
    for mutant in mutants:
        program, _ = MUTANTS[mutant]
        cells = [runs.outcome(mutant, program, ways[STRUCTURE])]
        for verify in list(ways.values())[1:]:
            cells.append("" if cells[0] == "caught" else runs.outcome(mutant, program, verify))
        caught += "caught" in cells
        yield f"| `{mutant}` | {program} | {' | '.join(cells)} |"
    yield f"\n{caught} of {len(mutants)} mutants are caught."
    if absent:
        yield f"Not in this build: {', '.join(absent)}."


def fuzzed(runs, mutants, seconds):
    """Lines of Markdown: each mutant as if it were a pass of ours."""
    yield "| mutant | found | programs | seconds | calls left |"
    yield "|---|---|---|---|---|"
    found = 0
    for mutant in mutants:
        done = subprocess.run([runs.executable, "fuzz", "--passes", mutant, "--plugin-dir", runs.plugins,
                               "--seed=1", f"--seconds={seconds}", "-o", runs.folder / mutant],
                              capture_output=True, text=True)
        said = re.search(r"(\d+) programs of \d+ calls in ([\d.]+ \w+)", done.stdout)
        if not said:
            raise SystemExit(f"{mutant} ended with {done.returncode}:\n{done.stderr}")
        mine = done.returncode == 1 and f"'{mutant}'" in done.stdout
        found += mine
        left = re.search(r"reproducer: .*?, (\d+) of (\d+) calls", done.stdout)
        yield (f"| `{mutant}` | {'yes' if mine else 'no'} | {said[1]} | {said[2]} | "
               f"{f'{left[1]} of {left[2]}' if left else ''} |")
    yield f"\n{found} of {len(mutants)} mutants are found."


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="table.py", description=__doc__.partition(":")[0])
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="of mutants.py (all)")
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build", help="(build)")
    parser.add_argument("--fuzz", type=int, metavar="SECONDS", help="find each by fuzzing")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.mutants) - set(MUTANTS))
    if unknown:
        parser.error(f"no mutant is named {', '.join(unknown)}")
    mutants = options.mutants or sorted(MUTANTS)
    if options.fuzz:
        with tempfile.TemporaryDirectory() as folder:
            for line in fuzzed(Runs(options.build_dir, None, pathlib.Path(folder)), mutants, options.fuzz):
                print(line, flush=True)
        return
    import zoo
    from models import MODELS
    models = zoo.ensure_models({MUTANTS[mutant][0] for mutant in mutants} & set(MODELS))
    with tempfile.TemporaryDirectory() as folder:
        for line in table(Runs(options.build_dir, models, pathlib.Path(folder)), mutants):
            print(line, flush=True)


if __name__ == "__main__":
    main()
