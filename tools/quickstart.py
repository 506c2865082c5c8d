"""What tools/quickstart does after the build: capture, optimize, show, and prove what was shown."""
import json
import pathlib
import subprocess
import sys

from captured import captured

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "quickstart"
PYTHON_LINES = "Load and run it in Python:\n"  # what `fettle run` prints before them

# Real layer structure, and large enough that times mean something; weights are random.
MODELS = {
    "bert": {"hf": "BertModel", "sequence": 128,
             "config": {"num_hidden_layers": 4, "hidden_size": 512, "intermediate_size": 2048,
                        "num_attention_heads": 8, "vocab_size": 8000}},
    "resnet18": {"hf": "ResNetForImageClassification", "init": "kaiming", "image_size": 224,
                 "config": {"depths": [2, 2, 2, 2], "hidden_sizes": [64, 128, 256, 512],
                            "embedding_size": 64, "layer_type": "basic"}},
}


def optimize(name, model):
    """Runs the default pipeline; returns (what fettle printed, its report)."""
    report = FOLDER / f"{name}.json"
    command = [ROOT / "build" / "fettle", "run", model, "-o", FOLDER / f"{name}.pt2",
               "--report", FOLDER / f"{name}.html", "--report-json", report]
    print("$", *(shown(part) for part in command), flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode:
        sys.exit(f"quickstart: fettle ended with exit code {done.returncode}")
    return done.stdout, json.loads(report.read_text())


def prove(printed):
    """Runs the Python lines that fettle printed, exactly as they were printed."""
    lines = printed.partition(PYTHON_LINES)[2].splitlines()
    code = "\n".join(line[2:] for line in lines if line.startswith("  "))
    if not code:
        sys.exit("quickstart: fettle printed no Python lines")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE)
    if done.returncode or not done.stdout:
        sys.exit("quickstart: the Python lines above do not run")
    print("These lines were just run: they load the output and compute with it.\n")


def metrics(report, name):
    """The metric called `name`, by program: original, optimized."""
    return {metric["program"]: metric for benchmark in report["benchmarks"]
            for metric in benchmark["metrics"] if metric["name"] == name}


def medians(report, name, scale=1.0):
    found = metrics(report, name)
    pair = (found[program]["median"] / scale for program in ("original", "optimized"))
    return " → ".join(f"{value:.2f}" for value in pair)


def summary(reports):
    """One line for each model. A ratio whose interval holds 1 is no difference, and says so."""
    lines = [f"{'model':10}{'nodes':>12}{'verified':>10}{'latency, ms':>20}{'ratio':>8}"
             f"{'95 % interval':>16}{'peak memory, MiB':>20}"]
    for name, report in reports.items():
        ratio = metrics(report, "latency_ratio")["optimized"]
        interval = f"{ratio['low']:.3f} .. {ratio['high']:.3f}"
        verdict = "" if not ratio["low"] <= 1 <= ratio["high"] else "  (no difference measured)"
        lines.append(f"{name:10}{report['nodes_before']:>5} → {report['nodes_after']:<4}"
                     f"{'yes' if report['verified'] else 'NO':>10}{medians(report, 'latency'):>20}"
                     f"{ratio['median']:>8.3f}{interval:>16}"
                     f"{medians(report, 'peak_memory', 2**20):>20}{verdict}")
    return "\n".join(lines)


def shown(path):
    """A path as short as it can be from here."""
    try:
        return str(pathlib.Path(path).relative_to(pathlib.Path.cwd()))
    except ValueError:
        return str(path)


def main():
    print("capturing BERT and ResNet-18 (cached from then on)", flush=True)
    models = captured(MODELS, FOLDER / "models")
    reports = {}
    for name in MODELS:
        printed, reports[name] = optimize(name, models / f"{name}.pt2")
        prove(printed)
    print(summary(reports))
    print(f"\noutputs and reports: {shown(FOLDER)}/NAME.pt2, NAME.html, NAME.json")


if __name__ == "__main__":
    main()
