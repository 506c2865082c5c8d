"""What the gate costs: verifying after each pass against verifying the final result once.

tools/bench_gate [--rounds N] [--large] [MODEL.pt2...]     without models: the tests' captured ones;
                                                           --large: models of the sizes people have

Each round runs the default passes four ways, in turns: without verification, verified once at the end,
verified after each pass, and the last with gradient and equivalence besides. Printed are the seconds
that verification added, by the processor's clock: medians over the rounds, and the ratio of each round
(each pass over once), median and extremes. `passes`: how many changed the program, and were verified.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "python")]

# As published, with random weights: 110, 25 and 86 million parameters.
LARGE = {
    "bert_base": {"hf": "BertModel", "sequence": 128, "config": {}},
    "resnet50": {"hf": "ResNetForImageClassification", "init": "kaiming", "image_size": 224, "config": {}},
    "vit_base": {"hf": "ViTForImageClassification", "image_size": 224, "config": {}},
}
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


def verified_passes(model, pipeline, folder):
    report = pathlib.Path(folder, "report.json")
    subprocess.run([ROOT / "build" / "fettle", "run", model, "-p", pipeline, "--report-json", report],
                   capture_output=True, check=True)
    return sum(1 for entry in json.loads(report.read_text())["passes"] if entry["verification"])


def spread(numbers):
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f} .. {max(numbers):.2f})"


def measure(model, rounds, folder):
    """One line of the table."""
    seconds = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            seconds[way].append(processor_seconds(
                [ROOT / "build" / "fettle", "run", model, "-p", f"{folder}/{way}.yaml"]))
    added = {way: [a - b for a, b in zip(seconds[way], seconds["never"])] for way in WAYS}
    ratios = [a / b for a, b in zip(added["each"], added["end"]) if b > 0]
    passes = verified_passes(model, f"{folder}/each.yaml", folder)
    return (f"| {model.stem} | {passes} | {statistics.median(added['end']):.2f} s | "
            f"{statistics.median(added['each']):.2f} s | {spread(ratios) if ratios else '?'} | "
            f"{statistics.median(added['all']):.2f} s |")


def chosen_models(arguments):
    if arguments.models:
        return arguments.models
    if arguments.large:
        from captured import captured
        return sorted(captured(LARGE, ROOT / "build" / "models-large").glob("*.pt2"))
    import zoo
    return sorted(zoo.ensure_models().glob("*.pt2"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--large", action="store_true", help=", ".join(LARGE) + "; captured once")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("| model | passes | once at the end | after each | ratio | with gradient and equivalence |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for way, text in WAYS.items():
            pathlib.Path(folder, f"{way}.yaml").write_text(PASSES + text)
        for model in chosen_models(arguments):
            print(measure(model, arguments.rounds, folder), flush=True)


if __name__ == "__main__":
    main()
