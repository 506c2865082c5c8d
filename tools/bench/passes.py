"""Seconds for load, each pass, structural check and save at growing sizes, fettle beside torch.fx.

Rounds alternate between the two, so that a busy minute hits both; medians are shown with their
spread (half the distance between the quartiles), the growth exponent is a least-squares fit of log
time over log size, and a ratio above 1 says how many times longer torch.fx took. torch.export's own
load and save are left out above --torch-limit nodes: they take minutes there.
"""
import argparse
import collections
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

import synthetic
import torch_fx

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSES = ["dce", "cse", "constant_folding"]
STAGES = ["load", *PASSES, "check", "save"]


def fettle_seconds(program, model):
    """{stage: seconds of each repetition but the first, which warms up} of build/fettle-bench."""
    command = [program, model, "--repetitions", "3", *(f"--only={stage}" for stage in STAGES)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench_passes: fettle-bench failed on {model.name}\n{done.stderr}")
    said = json.loads(done.stdout)
    return {stage: cost["seconds"][1:] for stage, cost in (said["stages"] | said["passes"]).items()}


def measure(program, sizes, rounds, torch_limit, folder):
    """{(who, stage, size): [seconds…]}; every round visits every size and both contenders."""
    times = collections.defaultdict(list)
    models = {size: folder / f"synthetic-{size}.pt2" for size in sizes}
    for size, model in models.items():
        synthetic.write_archive(size, model)
    for turn in range(rounds):
        for size, model in models.items():
            progress(f"round {turn + 1} of {rounds}, {size} nodes")
            for stage, samples in fettle_seconds(program, model).items():
                times["fettle", stage, size] += samples
            for stage in STAGES:
                if size <= torch_limit or stage not in ("load", "save"):
                    times["torch", stage, size].append(torch_fx.seconds(stage, size, folder))
    progress("")
    return times


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def spread(samples):
    if len(samples) < 2:
        return 0.0
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return (high - low) / 2


def growth_exponent(medians):
    """The slope of log(seconds) over log(nodes), by least squares; 1 is linear."""
    if len(medians) < 2:
        return math.nan
    return statistics.linear_regression([math.log(size) for size in medians],
                                        [math.log(seconds) for seconds in medians.values()]).slope


def table(times, sizes):
    """One line for each stage and contender, then the ratio between them."""
    lines = [f"{'':26}" + "".join(f"{size:>22}" for size in sizes) + f"{'exponent':>11}"]
    for stage in STAGES:
        medians = {}
        for who in ("fettle", "torch"):
            found = {size: times[who, stage, size] for size in sizes if (who, stage, size) in times}
            medians[who] = {size: statistics.median(samples) for size, samples in found.items()}
            cells = [f"{medians[who][size]:>11.6f} s ±{spread(found[size]):8.6f}"
                     if size in found else f"{'-':>22}" for size in sizes]
            exponent = growth_exponent(medians[who])
            lines.append(f"{stage if who == 'fettle' else '':18}{who:8}" + "".join(cells)
                         + (f"{'-':>11}" if math.isnan(exponent) else f"{exponent:>11.2f}"))
        ratios = [f"{medians['torch'][size] / medians['fettle'][size]:>21.1f}x"
                  if size in medians["torch"] else f"{'-':>22}" for size in sizes]
        lines.append(f"{'':18}{'ratio':8}" + "".join(ratios))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="bench_passes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--torch-limit", type=int, default=1000, metavar="NODES",
                        help="largest size for torch.export.load and save (1000)")
    parser.add_argument("--json", type=pathlib.Path, help="also write every sample there")
    options = parser.parse_args()
    program = ROOT / "build" / "fettle-bench"
    with tempfile.TemporaryDirectory() as folder:
        times = measure(program, options.sizes, options.rounds, options.torch_limit,
                        pathlib.Path(folder))
    print(table(times, options.sizes))
    if options.json:
        options.json.write_text(json.dumps(
            [{"who": who, "stage": stage, "nodes": size, "seconds": samples}
             for (who, stage, size), samples in times.items()], indent=1))


if __name__ == "__main__":
    main()
