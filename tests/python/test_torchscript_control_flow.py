"""Branches and loops that the data decide: from TorchScript into programs that torch.export.load opens
and that go every way as the module does; or refused by name.
"""
import json

import pytest
import torch
from test_torchscript import COPY, DEFAULT, refusal, same
from torchscript_control_flow import FLOWS, REFUSED


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """NAME -> (module, archive), each made once."""
    folder = tmp_path_factory.mktemp("torchscript")
    made = {}

    def script(name, cls):
        if name not in made:
            torch.manual_seed(0)
            module = torch.jit.script(cls().eval())
            module.save(folder / f"{name}.pt")
            made[name] = module, folder / f"{name}.pt"
        return made[name]
    return script


def higher_order(program):
    graphs = [part.graph for part in program.graph_module.modules()
              if isinstance(part, torch.fx.GraphModule)]
    names = [str(node.target) for graph in graphs for node in graph.nodes]
    return {name: names.count(name) for name in ("cond", "while_loop")}


def clones(inputs):
    return [tensor.clone() for tensor in inputs]


@pytest.mark.parametrize("text", [COPY, DEFAULT], ids=["copy", "default"])
@pytest.mark.parametrize("name", sorted(FLOWS))
def test_every_way_is_the_modules(fettle, scripted, pipeline, tmp_path, name, text):
    cls, options, operators, ways = FLOWS[name]
    module, archive = scripted(name, cls)
    out = tmp_path / "out.pt2"
    done = fettle("run", archive, "-p", pipeline(text), "-o", out, *options)
    assert done.code == 0, done.stderr
    program = torch.export.load(out)
    if text == COPY:
        assert higher_order(program) == operators
    run = program.module()
    with torch.no_grad():
        for inputs in ways:
            same(run(*clones(inputs)), module(*clones(inputs)))
    again = fettle("run", out, "-p", pipeline(DEFAULT))
    assert again.code == 0, again.stderr


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_is_named(fettle, scripted, name):
    cls, options, words = REFUSED[name]
    _, archive = scripted(name, cls)
    message = refusal(fettle, archive, *options)
    assert "torchscript-unsupported" in message
    for word in words:
        assert word in message, message


def test_a_branch_that_no_example_takes_is_noted(fettle, tmp_path):
    class Rare(torch.nn.Module):
        def forward(self, x):
            if x.sum() > 1e9:
                x = x * 2
            return x + 1

    torch.jit.script(Rare()).save(tmp_path / "rare.pt")
    done = fettle("inspect", tmp_path / "rare.pt", "--input-shape", "x=3,4")
    assert done.code == 0, done.stderr
    assert "'true_graph_0' was not compared with the TorchScript module" in done.stderr


def test_reports_name_the_module_as_the_reference(fettle, pipeline, tmp_path):
    class Twice(torch.nn.Module):
        def forward(self, x):
            return x.sin() + x.sin()

    archive = tmp_path / "twice.pt"
    torch.jit.script(Twice()).save(archive)
    report = tmp_path / "report.json"
    out = tmp_path / "out.pt2"
    done = fettle("run", archive, "-p", pipeline(DEFAULT), "-o", out, "--report-json", report,
                  "--input-shape", "x=3,4")
    assert done.code == 0, done.stderr
    assert "reference: TorchScript outputs" in done.stdout
    written = json.loads(report.read_text())
    assert written["reference"] == "TorchScript outputs"
    verdicts = [each["reference"] for step in written["passes"] for each in step["verification"]]
    assert "TorchScript outputs and original program" in verdicts
    assert not any("eager" in text for text in verdicts)
    # What is written still knows whose outputs it holds.
    again = fettle("verify", out, out)
    assert "TorchScript outputs" in again.stdout and "eager" not in again.stdout
    assert "TorchScript model's outputs" in fettle("inspect", out).stdout


def test_a_loop_that_never_ends_does_not_hang_the_import(fettle, tmp_path):
    class Endless(torch.nn.Module):
        def forward(self, x):
            while x.abs().sum() >= 0:
                x = x * 0.5
            return x

    torch.jit.script(Endless()).save(tmp_path / "endless.pt")
    message = refusal(fettle, tmp_path / "endless.pt", "--input-shape", "x=3,4")
    assert "torchscript-failed" in message and "does not end" in message
    assert "a loop had not ended after 200000 operators" in message
