"""Seconds a run takes: fettle's runtime beside torch.export.load(…).module() in Python eager.

Both run the program on its stored inputs, under inference mode and with one thread, as small models
run best. Rounds alternate between the two, so that a busy minute hits both: each round takes the
median of --runs runs on either side, and the ratio of a round is Python's over fettle's. Shown are
the medians over rounds and the smallest and largest ratio; above 1, fettle is faster. Without
MODEL.pt2 the captured models of the tests are taken.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"  # fettle's process inherits it
os.environ.setdefault("HF_HUB_OFFLINE", "1")

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import torch  # noqa: E402
from capture import archive  # noqa: E402

WARM_UP = 10


def load(path):
    """(module, args, kwargs), the inputs as stored."""
    program = archive.load(path)
    if program.example_inputs is None:
        sys.exit(f"bench_runtime: {path} has no stored inputs\n"
                 "  try: capture it with tools/capture.py")
    return program.module(), *program.example_inputs


def python_milliseconds(module, args, kwargs, runs):
    taken = []
    with torch.inference_mode():
        for run in range(WARM_UP + runs):
            start = time.perf_counter()
            module(*args, **kwargs)
            taken.append(time.perf_counter() - start)
    return statistics.median(taken[WARM_UP:]) * 1e3


def fettle_milliseconds(path, runs):
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [ROOT / "build" / "fettle", "bench", path, "--with", "latency", "--set",
                   f"latency.runs={runs}", "--report-json", report.name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"bench_runtime: fettle failed on {path}\n{done.stderr}")
        metric = json.loads(pathlib.Path(report.name).read_text())["benchmarks"][0]["metrics"][0]
    assert metric["unit"] == "ms"
    return metric["median"]


def compare(path, options):
    loaded = load(path)
    rounds = [(python_milliseconds(*loaded, options.runs), fettle_milliseconds(path, options.runs))
              for _ in range(options.rounds)]
    ratios = [python / fettle for python, fettle in rounds]
    python, fettle = map(statistics.median, zip(*rounds))
    print(f"{path.stem:<20} {python:10.3f} {fettle:10.3f} {statistics.median(ratios):8.2f}  "
          f"[{min(ratios):.2f} .. {max(ratios):.2f}]", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench_runtime", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path, metavar="MODEL.pt2")
    parser.add_argument("--runs", type=int, default=60, help="of each side in a round (60)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not options.models:
        sys.path.insert(0, str(ROOT / "tests" / "python"))
        import zoo
        options.models = sorted(zoo.ensure_models().glob("*.pt2"))
    torch.set_num_threads(1)
    print(f"{'model':<20} {'python ms':>10} {'fettle ms':>10} {'ratio':>8}  [smallest .. largest]")
    for path in options.models:
        compare(path, options)


if __name__ == "__main__":
    main()
