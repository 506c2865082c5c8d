"""tools/bench_runtime measures both sides; what it measures is not judged here."""
import subprocess
import sys

from conftest import ROOT

BENCH = ROOT / "tools" / "bench" / "runtime.py"


def run(*arguments):
    return subprocess.run([sys.executable, "-W", "ignore", BENCH, *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


def test_each_model_gets_a_line_with_both_medians(models):
    done = run(models / "bert.pt2", models / "vit.pt2", "--runs=2", "--rounds=2")
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.split()[:5] == ["model", "python", "ms", "fettle", "ms"]
    assert [line.split()[0] for line in lines] == ["bert", "vit"]
    assert all(float(number) > 0 for line in lines for number in line.split()[1:4])


def test_a_program_without_inputs_is_refused(tmp_path):
    import torch
    path = tmp_path / "bare.pt2"
    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    program._example_inputs = None
    torch.export.save(program, path)
    done = run(path)
    assert done.returncode == 1 and "has no stored inputs" in done.stderr
