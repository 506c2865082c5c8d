"""Effect tokens, which order the calls with side effects of a decomposed program: a signature that has
them survives. The calls themselves (with_effects) fettle refuses by name, which test_exports.py
tests, so that they are taken out of the file here; what hands the token on stays.
"""
import json
import warnings

import pytest
import torch
from conftest import records
from same_program import assert_same_program
from test_messages import write_archive


class Printing(torch.nn.Module):
    def forward(self, x):
        torch._higher_order_ops.print("{n}", n=3)
        return x.cos() * x.cos() + 1


def without_effects(model):
    """The token that goes in comes out; nothing is called with it."""
    graph, signature = (model["graph_module"][part] for part in ("graph", "signature"))
    effects = [node for node in graph["nodes"] if node["target"].endswith(".with_effects")]
    assert effects
    graph["nodes"] = [node for node in graph["nodes"] if node not in effects]
    token = signature["input_specs"][0]["token"]["arg"]["name"]
    graph["outputs"][0]["as_tensor"]["name"] = token
    signature["output_specs"][0]["token"]["arg"]["name"] = token


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "exported.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(Printing(), (torch.randn(3),)).run_decompositions()
        torch.export.save(program, path)
    content = records(path)
    model = json.loads(content["models/model.json"])
    without_effects(model)
    content["models/model.json"] = json.dumps(model).encode()
    return write_archive(path.with_name("tokens.pt2"), content)


def outputs(program):
    """Node by node: program.module() wants a call for each token."""
    (x,), _ = program.example_inputs
    return torch.fx.Interpreter(program.graph_module).run(torch.zeros(0), x)


def test_a_copy_keeps_tokens(fettle, tokens, pipeline, tmp_path):
    output = tmp_path / "copy.pt2"
    done = fettle("run", tokens, "-p", pipeline("passes: []\n"), "-o", output)
    assert done.code == 0 and done.stderr == "", done.stderr
    ours, original = torch.export.load(output), torch.export.load(tokens)
    assert original.graph_signature.input_tokens == ("token",)
    assert_same_program(ours, original)


def test_the_default_pipeline_keeps_tokens(fettle, tokens, tmp_path):
    output = tmp_path / "out.pt2"
    done = fettle("run", tokens, "-o", output)
    assert done.code == 0 and "Every change was verified" in done.stdout, done.stderr
    ours, original = torch.export.load(output), torch.export.load(tokens)
    assert ours.graph_signature == original.graph_signature
    assert len(ours.graph.nodes) < len(original.graph.nodes)
    assert all(torch.equal(a, b) for a, b in zip(outputs(ours), outputs(original), strict=True))
    assert fettle("verify", tokens, output, "--promise", "exact").code == 0
