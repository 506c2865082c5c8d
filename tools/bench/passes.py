"""What load, each pass, check, analysis, text and save cost at growing sizes, beside torch.fx.

Each round visits every size and both contenders, so that a busy minute hits all; medians are shown
with their spread (half the distance between the quartiles). A ratio above 1 says how many times
longer torch took. The growth exponent is the slope of a least-squares fit of log cost over log size
from --fit-from nodes on, after the stage's cost on a program of one node is subtracted; 1 is linear.
torch is left out where it takes minutes: see --torch-limit and --torch-pass-limit.
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
PROGRAM = ROOT / "build" / "fettle-bench"
STAGES = ["load", "dce", "cse", "constant_folding", "check", "dominators", "liveness", "cost",
          "shapes", "print", "parse", "save"]
BOTH = "cse + dce"
IN_HOST = "cse in the host"  # the plugin's algorithm without the ABI between: what the boundary costs
SLOW_IN_TORCH = ["load", "save"]
NOT_IN_TORCH = ["liveness", "cost", "print", "parse"]


def fettle_costs(model, rounds_within=2):
    """{stage: cost} of one process; of its repetitions the last counts, the others warm up."""
    command = [PROGRAM, model, f"--repetitions={rounds_within}", *(f"--only={s}" for s in [*STAGES, "boundary"])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench_passes: fettle-bench failed on {model.name}\n{done.stderr}")
    said = json.loads(done.stdout)
    costs = {}
    for stage, cost in (said["stages"] | said["passes"]).items():
        costs[stage] = (cost["seconds"][-1], cost["processor_seconds"][-1])
    through, inside = said["boundary"]["plugin"], said["boundary"]["host"]  # taken in turns
    costs[IN_HOST] = (inside["seconds"][-1], inside["processor_seconds"][-1])
    costs["boundary"] = tuple(through[clock][-1] / inside[clock][-1]
                              for clock in ("seconds", "processor_seconds"))
    costs["peak"] = (said["stages"]["load"]["peak_bytes"],) * 2
    return costs


def with_both(costs):
    if "cse" in costs and "dce" in costs:
        costs[BOTH] = tuple(map(sum, zip(costs["cse"], costs["dce"])))
    return costs


def torch_costs(size, folder, options):
    found = {}
    for stage in STAGES:
        limit = options.torch_limit if stage in SLOW_IN_TORCH else options.torch_pass_limit
        if stage not in NOT_IN_TORCH and size <= limit:
            found[stage] = torch_fx.cost(stage, size, folder)
    return found


def measure(shape, folder, options):
    """{(who, stage, size): [(wall, processor)…]}"""
    samples = collections.defaultdict(list)
    sizes = [1, *options.sizes]
    models = {size: synthetic.write_archive(size, folder / f"{shape}-{size}.pt2", shape)
              for size in sizes}
    for turn in range(options.rounds):
        for size, model in models.items():
            progress(f"{shape}: round {turn + 1} of {options.rounds}, {size} nodes")
            contenders = {"fettle": fettle_costs(model)}
            if shape == "mixed" and size > 1:
                contenders["torch"] = torch_costs(size, folder, options)
            for who, costs in contenders.items():
                for stage, cost in with_both(costs).items():
                    samples[who, stage, size].append(cost)
    for model in models.values():
        model.unlink()
    progress("")
    return samples


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def spread(samples):
    if len(samples) < 2:
        return 0.0
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return (high - low) / 2


def growth_exponent(medians, fixed, fit_from):
    """See the head of this file; nan where there are not two sizes to fit."""
    points = {size: cost - fixed for size, cost in medians.items() if size >= fit_from}
    points = {size: cost for size, cost in points.items() if cost > 0}
    if len(points) < 2:
        return math.nan
    return statistics.linear_regression([math.log(size) for size in points],
                                        [math.log(cost) for cost in points.values()]).slope


def table(samples, options):
    """One line for each stage and contender, then the ratio between them."""
    clock = 1 if options.clock == "processor" else 0
    cost = {key: [sample[clock] for sample in found] for key, found in samples.items()}
    lines = [f"{'':26}" + "".join(f"{size:>22}" for size in options.sizes) + f"{'exponent':>11}"]
    for stage in [*STAGES, BOTH, IN_HOST]:
        medians = {}
        for who in ("fettle", "torch"):
            found = {size: cost[who, stage, size] for size in options.sizes
                     if (who, stage, size) in cost}
            medians[who] = {size: statistics.median(values) for size, values in found.items()}
            if not found:
                continue
            cells = [f"{medians[who][size]:>11.6f} s ±{spread(found[size]):8.6f}"
                     if size in found else f"{'-':>22}" for size in options.sizes]
            fixed = statistics.median(cost[who, stage, 1]) if (who, stage, 1) in cost else 0.0
            exponent = growth_exponent(medians[who], fixed, options.fit_from)
            lines.append(f"{stage if who == 'fettle' else '':18}{who:8}" + "".join(cells)
                         + (f"{'-':>11}" if math.isnan(exponent) else f"{exponent:>11.2f}"))
        if medians["torch"]:
            ratios = [f"{medians['torch'][size] / medians['fettle'][size]:>21.1f}x"
                      if size in medians["torch"] else f"{'-':>22}" for size in options.sizes]
            lines.append(f"{'':18}{'ratio':8}" + "".join(ratios))
    through = [f"{statistics.median(cost['fettle', 'boundary', size]):>21.2f}x"
               for size in options.sizes]
    lines.append(f"{'cse: through the ABI':26}" + "".join(through))
    bytes_a_node = [statistics.median(cost["fettle", "peak", size]) / size
                    for size in options.sizes]
    lines.append(f"{'peak of load':26}" + "".join(f"{b:>15.0f} B/node" for b in bytes_a_node))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="bench_passes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--shapes", nargs="+", default=["mixed"], choices=synthetic.SHAPES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fit-from", type=int, default=10000, metavar="NODES")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall",
                        help="which time is shown (wall); processor time is steadier when others "
                             "use the machine")
    parser.add_argument("--torch-limit", type=int, default=1000, metavar="NODES",
                        help="largest size for torch.export.load and save (1000)")
    parser.add_argument("--torch-pass-limit", type=int, default=100000, metavar="NODES",
                        help="largest size for torch.fx's passes (100000)")
    parser.add_argument("--json", type=pathlib.Path, help="also write every sample there")
    options = parser.parse_args()
    everything = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            samples = measure(shape, pathlib.Path(folder), options)
            print(f"-- {shape} ({synthetic.SHAPES[shape].__doc__ or 'work for every pass'})")
            print(table(samples, options), flush=True)
            everything += [{"shape": shape, "who": who, "stage": stage, "nodes": size,
                            "wall": [s[0] for s in found], "processor": [s[1] for s in found]}
                           for (who, stage, size), found in samples.items()]
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
