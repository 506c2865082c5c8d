"""The shipped passes on the six real models: verified by fettle, and again here, by Python."""
import json
import operator

import pytest
import torch
from conftest import ROOT, eager_outputs, load_program, run_program


@pytest.fixture
def optimize(fettle, tmp_path):
    """Runs a pipeline (the default one without a file); returns (output, report)."""
    def run(model, *arguments):
        output, report = tmp_path / "out.pt2", tmp_path / "report.json"
        done = fettle("run", model, "-o", output, "--report-json", report, *arguments)
        assert done.code == 0, done.stderr
        return output, json.loads(report.read_text())
    return run


def node_count(module):
    """Nodes as the archive has them: subgraphs included, without Python's getitem and get_attr."""
    own = sum(node.op != "get_attr" and node.target is not operator.getitem
              for node in module.graph.nodes)
    return own + sum(node_count(child) for child in module.children()
                     if isinstance(child, torch.fx.GraphModule))


def test_default_pipeline_verifies_and_python_agrees(optimize, model):
    output, report = optimize(model)
    assert report["verified"] is True
    assert [entry["name"] for entry in report["passes"]]
    assert all(entry["verification"] for entry in report["passes"] if entry["changed"])
    for ours, eager in zip(run_program(load_program(output)), eager_outputs(model), strict=True):
        torch.testing.assert_close(ours, eager, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["llama", "bert"])
@pytest.mark.parametrize("pass_name", ["dce", "cse", "constant_folding"])
def test_each_pass_alone_removes_nodes(optimize, models, pipeline, name, pass_name):
    model = models / f"{name}.pt2"
    output, report = optimize(model, "-p", pipeline(f"passes: [{pass_name}]\n"))
    entry, = report["passes"]
    assert entry["name"] == pass_name and entry["changed"] and entry["rewrites"] > 0
    removed = entry["nodes_before"] - entry["nodes_after"]
    assert removed > 0 and report["verified"] is True
    # The report counts what Python counts.
    before, after = (node_count(load_program(path).graph_module) for path in (model, output))
    assert (before, after) == (entry["nodes_before"], entry["nodes_after"])


@pytest.mark.parametrize("pass_name", ["dce", "cse", "constant_folding"])
def test_a_second_run_finds_nothing(optimize, models, pipeline, tmp_path, pass_name):
    path = pipeline(f"passes: [{pass_name}]\n")
    output, _ = optimize(models / "llama.pt2", "-p", path)
    first = output.rename(tmp_path / "first.pt2")
    _, report = optimize(first, "-p", path)
    entry, = report["passes"]
    assert not entry["changed"] and entry["nodes_before"] == entry["nodes_after"]


def test_exact_pipeline_is_bitwise_equal(optimize, models):
    model = models / "bert.pt2"
    output, _ = optimize(model, "-p", ROOT / "configs" / "exact.yaml")
    before, after = run_program(load_program(model)), run_program(load_program(output))
    assert all(map(torch.equal, after, before))


def test_memory_pipeline_needs_no_more_memory_and_is_bitwise_equal(optimize, model, fettle, tmp_path):
    def peak(path):
        return json.loads(fettle("inspect", path, "--format", "json").stdout)["memory"]["peak_bytes"]

    folded = optimize(model)[0].rename(tmp_path / "folded.pt2")
    ordered, report = optimize(model, "-p", ROOT / "configs" / "memory.yaml")
    assert report["verified"] and peak(ordered) <= peak(folded)
    before, after = run_program(load_program(folded)), run_program(load_program(ordered))
    assert all(map(torch.equal, after, before))


def test_report_has_what_tools_rely_on(optimize, models):
    model = models / "vit.pt2"
    _, report = optimize(model)
    assert {"fettle_version", "model", "pipeline", "passes", "nodes_before", "nodes_after",
            "verified", "benchmarks", "seconds_total"} <= set(report)
    for entry in report["passes"]:
        assert {"name", "changed", "rewrites", "nodes_before", "nodes_after", "seconds",
                "verification"} <= set(entry)
    assert report["nodes_after"] == report["passes"][-1]["nodes_after"]
