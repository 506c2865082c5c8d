"""What the gate costs: verifying after each pass against verifying the final result once.

tools/bench_gate [--rounds N] [MODEL.pt2...]     without models: the tests' captured ones

Each round runs the default passes four ways, in turns: without verification, verified once at the end,
verified after each pass, and the last with gradient and equivalence besides. Printed are the seconds
that verification added, by the processor's clock, the medians over the rounds, and their ratio.
"""
import argparse
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "python")]

PASSES = "passes: [repeat: {until: unchanged, limit: 8, passes: [cse, constant_folding, dce]}]\n"
WAYS = {
    "never": "verify: {after: never}\n",
    "end": "verify: {after: end, with: [numeric]}\n",
    "each": "verify: {after: each, with: [numeric]}\n",
    "all": "verify: {after: each, with: [numeric, gradient, equivalence], unable: pass}\n",
}


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    models = arguments.models
    if not models:
        import zoo
        models = sorted(zoo.ensure_models().glob("*.pt2"))
    print("| model | once at the end | after each | ratio | with gradient and equivalence |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for way, text in WAYS.items():
            pathlib.Path(folder, f"{way}.yaml").write_text(PASSES + text)
        for model in models:
            seconds = {way: [] for way in WAYS}
            for _ in range(arguments.rounds):
                for way in WAYS:
                    seconds[way].append(processor_seconds(
                        [ROOT / "build" / "fettle", "run", model, "-p", f"{folder}/{way}.yaml"]))
            added = {way: [a - b for a, b in zip(seconds[way], seconds["never"])] for way in WAYS}
            end, each, whole = (statistics.median(added[way]) for way in ("end", "each", "all"))
            ratios = sorted(a / b for a, b in zip(added["each"], added["end"]) if b > 0)
            spread = f"{ratios[0]:.2f} .. {ratios[-1]:.2f}" if ratios else "?"
            print(f"| {model.stem} | {end:.3f} s | {each:.3f} s | {each / end:.2f} ({spread}) | "
                  f"{whole:.3f} s |", flush=True)


if __name__ == "__main__":
    main()
