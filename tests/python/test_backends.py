"""Backends on captured models: the head-to-head, its leaderboard, and backends named in a pipeline."""
import json
import os
import pathlib
import shutil

import pytest
from conftest import ROOT

FAST = ("--set", "latency.runs=2", "--set", "latency.warmup=0", "--set", "memory.runs=1")


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    """A folder with the third party's backend and the one whose numbers are wrong."""
    built = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).resolve().parent
    folder = tmp_path_factory.mktemp("backends")
    for name in ("relu_add", "wrong_values"):
        shutil.copy(built / "tests" / "backends" / "plugins" / f"{name}.so", folder)
    return folder


@pytest.fixture
def bench(fettle, plugins, tmp_path):
    """Runs `fettle bench MODEL --backend …`; returns (finished, report)."""
    def run(model, *backends, more=()):
        report = tmp_path / "bench.json"
        arguments = [part for name in backends for part in ("--backend", name)]
        done = fettle("bench", model, *arguments, "--report-json", report, "--plugin-dir", plugins,
                      *FAST, *more)
        return done, json.loads(report.read_text()) if report.exists() else None
    return run


def test_every_model_runs_on_the_reference_backend(bench, model):
    done, report = bench(model, "reference", "aten")
    assert done.code == 0, done.stderr + done.stdout
    by_name = {entry["name"]: entry for entry in report["backends"]}
    assert all(entry["verified"] for entry in by_name.values())
    calls = by_name["reference"]["calls"]
    ours = sum(entry["calls"] for entry in calls["claimed"])
    assert ours > calls["aten_calls"], calls["fallback"]  # what falls back: integers, masks
    assert "fell back to aten" in done.stdout or calls["aten_calls"] == 0
    assert len(report["benchmarks"]) == 2


def test_a_wrong_backend_is_listed_as_wrong_and_not_timed(bench, models, tmp_path):
    board = tmp_path / "board.json"
    done, report = bench(models / "resnet18.pt2", "wrong_values", "aten", "relu_add",
                         more=("--leaderboard", board))
    assert done.code == 1, done.stderr
    assert [entry["verified"] for entry in report["backends"]] == [True, True, False]
    assert report["backends"][-1]["name"] == "wrong_values"
    metrics = [metric for entry in report["benchmarks"] for metric in entry["metrics"]]
    assert {metric["program"] for metric in metrics} == {"aten", "relu_add"}
    lines = [line for line in done.stdout.splitlines() if "wrong_values" in line]
    assert "WRONG" in lines[0] and " ms" not in lines[0]

    entries = json.loads(board.read_text())["entries"]
    assert [entry["backend"]["name"] for entry in entries] == ["wrong_values", "aten", "relu_add"]
    assert entries[0]["verified"] is False and entries[0]["latency_ms"]["median"] is None
    assert entries[1]["latency_ms"]["median"] > 0 and entries[1]["peak_bytes"] > 0
    assert entries[1]["model"]["name"] == "resnet18.pt2" and len(entries[1]["model"]["sha256"]) == 64
    assert entries[1]["machine"]["cores"] > 0

    done, _ = bench(models / "resnet18.pt2", "aten", more=("--leaderboard", board))
    assert done.code == 0
    assert len(json.loads(board.read_text())["entries"]) == 4


def test_a_damaged_leaderboard_is_refused_before_anything_runs(bench, models, tmp_path):
    board = tmp_path / "board.json"
    board.write_text("{")
    done, _ = bench(models / "resnet18.pt2", "aten", more=("--leaderboard", board))
    assert done.code == 2 and "leaderboard-unreadable" in done.stderr
    assert board.read_text() == "{"


def test_mistakes_are_told(fettle, models):
    model = models / "resnet18.pt2"
    done = fettle("bench", model, "--backend", "refrence")
    assert done.code == 2 and "did you mean 'reference'" in done.stderr
    done = fettle("bench", model, model, "--backend", "aten")
    assert done.code == 2 and "several programs" in done.stderr
    done = fettle("bench", model, "--leaderboard", "l.json")
    assert done.code == 2 and "no backend" in done.stderr


def pipeline(tmp_path, text):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    return path


def test_a_pipeline_names_backends(fettle, models, tmp_path):
    report = tmp_path / "r.json"
    path = pipeline(tmp_path, """
passes: [dce, cse]
verify: {with: [numeric]}
backends:
  default: aten
  operators: {aten.conv2d.default: reference, aten.linear.default: reference}
  nodes: {conv2d_1: aten}
""")
    done = fettle("run", models / "resnet18.pt2", "-p", path, "--report-json", report)
    assert done.code == 0, done.stderr
    told = json.loads(report.read_text())
    assert told["verified"] is True
    claimed = told["backends"]["claimed"]
    assert [entry["backend"] for entry in claimed] == ["reference"] and claimed[0]["calls"] > 5
    assert told["pipeline"]["backends"]["nodes"] == {"conv2d_1": "aten"}
    assert "reference runs" in done.stdout
    assert any(plugin["id"] == "fettle.reference" for plugin in told["plugins"])


def test_a_wrong_backend_fails_a_pipeline_in_which_no_pass_changes_anything(fettle, models, plugins,
                                                                           tmp_path):
    path = pipeline(tmp_path, "passes: []\nverify: {with: [numeric]}\nbackend: wrong_values\n")
    done = fettle("run", models / "resnet18.pt2", "-p", path, "--plugin-dir", plugins)
    assert done.code == 1 and "verification-failed" in done.stderr


@pytest.mark.parametrize("text, code, place, word", [
    ("backend: refrence", "component-unknown", "2:10", "reference"),
    ("backends: {nodes: {conv2d_999: aten}}", "pipeline-bad-value", "2:20", "no call 'conv2d_999'"),
    ("backends: {operators: {aten.linea.default: aten}}", "operator-unknown", "2:24", "aten.linear"),
    ("backends: {defalt: aten}", "pipeline-unknown-key", "2:12", "default"),
    ("backend: aten\nbackends: {default: aten}", "pipeline-duplicate-key", "3:1", "both"),
    ("backend: {aten: {threads: 2}}", "option-unknown", "2:11", "aten"),
])
def test_mistakes_in_a_pipeline_have_their_place(fettle, models, tmp_path, text, code, place, word):
    path = pipeline(tmp_path, f"passes: []\n{text}\n")
    done = fettle("run", models / "resnet18.pt2", "-p", path)
    assert done.code == 2 and code in done.stderr, done.stderr
    assert f"p.yaml:{place}" in done.stderr and word in done.stderr
