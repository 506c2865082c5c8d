"""The gate on what ships: no false alarm, whichever verifier looks, and verdicts that say why."""
import json
import os
import pathlib

import pytest
from conftest import ROOT
from models import MODELS

BUILD = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent

PASSES = "repeat: {until: unchanged, limit: 4, passes: [cse, constant_folding, dce]}"


@pytest.fixture
def judged(fettle, pipeline, tmp_path):
    """Runs passes over a model; the report, and what was said."""
    def run(model, passes, verifiers, *options):
        report = tmp_path / "report.json"
        text = f"passes: [{passes}]\nverify: {{after: each, with: [{verifiers}]}}\n"
        done = fettle("run", model, "-p", pipeline(text), "--report-json", report, *options)
        assert done.code == 0, done.stderr
        return json.loads(report.read_text()), done
    return run


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("seed", [1, 17])
def test_what_ships_raises_no_alarm(judged, models, name, seed):
    report, _ = judged(models / f"{name}.pt2", PASSES, "numeric, gradient",
                       "--set", f"numeric.seed={seed}", "--set", f"gradient.seed={seed}")
    assert report["verified"]
    changed = [p for p in report["passes"] if p["changed"]]
    assert changed
    for entry in changed:
        assert [v["verdict"] for v in entry["verification"]] == ["pass", "pass"]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_each_rewrite_of_what_ships_is_right_by_itself(judged, models, name):
    report, _ = judged(models / f"{name}.pt2", "cse, dce, reorder_for_memory", "equivalence")
    for entry in report["passes"]:
        if not entry["changed"]:
            continue
        [verdict] = entry["verification"]
        assert verdict["verdict"] == "pass"
        assert 0 < verdict["comparisons"] <= entry["rewrites"]


@pytest.fixture
def sums_by_index(tmp_path):
    """A program whose float32 sums libtorch adds up by atomic additions, where it has several threads:
    in an order that nobody decides. With a call that cse merges."""
    import torch
    from capture import capture_model
    from capture.source import Source

    class Sums(torch.nn.Module):
        def forward(self, index, x):
            sums = [torch.zeros(64).index_put((index,), x * k, accumulate=True) for k in range(1, 9)]
            return torch.cat(sums).abs() + torch.cat(sums).abs()

    torch.manual_seed(0)
    count = 1 << 18
    path = tmp_path / "sums.pt2"
    capture_model(Source(Sums(), (torch.randint(64, (count,)), torch.randn(count)), {}, "sums", None), path)
    return path


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="threads take turns on one core")
def test_a_program_that_differs_from_run_to_run_blames_no_pass(fettle, pipeline, sums_by_index):
    arguments = ("run", sums_by_index, "-p", pipeline("passes: [cse]\nverify: {with: [numeric]}\n"))
    alone = fettle(*arguments, environment={"OMP_NUM_THREADS": "1"})
    assert alone.code == 0, alone.stderr
    several = fettle(*arguments, environment={"OMP_NUM_THREADS": "4"})
    assert several.code == 1
    assert "cannot judge" in several.stderr
    assert "gives other results when it runs again" in several.stderr
    assert "no pass can be blamed" in several.stderr


def test_the_report_says_which_rule_decided(judged, models):
    report, _ = judged(models / "gpt2.pt2", "cse", "numeric")
    [verdict] = report["passes"][0]["verification"]
    assert verdict["rule"] == "bitwise"


def test_a_budget_is_what_judges_a_pass_that_changes_results(fettle, pipeline, models):
    """... whatever rule a verifier has; what follows is held to its result."""
    text = ("passes: [relu_to_gelu, cse]\nverify: {after: each, with: [numeric]}\n"
            "accept: {max_abs: %s}\n")
    plugins = BUILD / "tests" / "pipeline"
    wide = fettle("run", models / "resnet18.pt2", "-p", pipeline(text % 1e6), "--plugin-dir", plugins)
    narrow = fettle("run", models / "resnet18.pt2", "-p", pipeline(text % 1e-6), "--plugin-dir", plugins)
    assert (wide.code, narrow.code) == (0, 1), (wide.stderr, narrow.stderr)
