"""TorchScript archives become programs that torch.export.load opens and that compute the same."""
import pytest
import torch
from conftest import run_program
from torchscript_models import MODELS
from torch.utils import _pytree as pytree

COPY = "passes: []\n"
DEFAULT = "passes: [cse, constant_folding, dce]\nverify: {after: each, with: [numeric]}\n"


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """NAME -> (archive, options), each made once."""
    folder = tmp_path_factory.mktemp("torchscript")
    made = {}

    def archive(name):
        if name not in made:
            torch.manual_seed(0)
            module, options = MODELS[name]()
            made[name] = folder / f"{name}.pt"
            module.save(made[name])
            made[name] = made[name], options
        return made[name]
    return archive


def same(got, wanted):
    got, got_spec = pytree.tree_flatten(got)
    wanted, wanted_spec = pytree.tree_flatten(wanted)
    assert got_spec == wanted_spec
    for a, b in zip(got, wanted, strict=True):
        if isinstance(b, torch.Tensor):
            torch.testing.assert_close(a, b)
        else:
            assert a == b


@pytest.mark.parametrize("text", [COPY, DEFAULT], ids=["copy", "default"])
@pytest.mark.parametrize("name", sorted(MODELS))
def test_program_computes_what_the_module_computes(fettle, archives, pipeline, tmp_path, name, text):
    archive, options = archives(name)
    out = tmp_path / "out.pt2"
    done = fettle("run", archive, "-p", pipeline(text), "-o", out, *options)
    assert done.code == 0, done.stderr
    program = torch.export.load(out)
    args, kwargs = program.example_inputs
    with torch.no_grad():
        same(program.module()(*args, **kwargs), torch.jit.load(archive).eval()(*args))
    again = fettle("run", out, "-p", pipeline(DEFAULT))
    assert again.code == 0, again.stderr


def test_names_and_ties_survive(fettle, archives, pipeline, tmp_path):
    archive, options = archives("tied")
    out = tmp_path / "out.pt2"
    assert fettle("run", archive, "-p", pipeline(COPY), "-o", out, *options).code == 0
    program = torch.export.load(out)
    state = program.state_dict
    assert set(state) == {"embedding.weight", "head.weight"}
    assert state["embedding.weight"].data_ptr() == state["head.weight"].data_ptr()
    assert len(program.graph_signature.parameters) == 1


def test_nodes_know_their_python(fettle, archives, pipeline, tmp_path):
    archive, options = archives("traced_cnn")
    out = tmp_path / "out.pt2"
    assert fettle("run", archive, "-p", pipeline(COPY), "-o", out, *options).code == 0
    nodes = [node for node in torch.export.load(out).graph.nodes if node.op == "call_function"]
    lines = [node.meta["stack_trace"] for node in nodes]  # a trace knows the innermost line alone
    assert all('File "' in line for line in lines)
    assert any("torchscript_models.py" in line for line in lines)
    paths = {path for node in nodes for path, _ in node.meta["nn_module_stack"].values()}
    assert {"stem", "body.2", "head"} <= paths


def refusal(fettle, *arguments):
    done = fettle("inspect", *arguments)
    assert done.code == 2, done.stdout
    return done.stderr


def test_other_files_of_torch_are_told_apart(fettle, tmp_path):
    model = torch.nn.Linear(2, 2)
    torch.save(model.state_dict(), tmp_path / "state.pt")
    torch.save(model, tmp_path / "module.pt")
    torch.save({"model": model.state_dict(), "epoch": 3}, tmp_path / "checkpoint.pt")
    assert "a pickled state dict" in refusal(fettle, tmp_path / "state.pt")
    assert "class torch.nn.modules.linear.Linear" in refusal(fettle, tmp_path / "module.pt")
    assert "a pickled dictionary" in refusal(fettle, tmp_path / "checkpoint.pt")


def test_a_format_is_known_by_content(fettle, archives, tmp_path):
    archive, options = archives("traced_cnn")
    renamed = tmp_path / "named_like_a_program.pt2"
    renamed.write_bytes(archive.read_bytes())
    assert fettle("inspect", renamed, *options).code == 0


def test_refusals_name_operator_line_and_remedy(fettle, archives):
    archive, _ = archives("scripted_cnn")
    message = refusal(fettle, archive)
    assert "torchscript-inputs" in message and "--input-shape x=" in message
    message = refusal(fettle, archive, "--input-shape", "x=2,4,8,8")
    assert "torchscript-failed" in message and "aten::conv2d" in message and "conv.py" in message
    message = refusal(fettle, archive, "--input-shape", "x:2,4")
    assert "usage-bad-argument" in message


def test_custom_classes_are_refused(fettle, tmp_path):
    class Quantized(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.ao.nn.quantized.dynamic.Linear(4, 4)

        def forward(self, x):
            return self.linear(x)

    torch.jit.script(Quantized()).save(tmp_path / "quantized.pt")
    message = refusal(fettle, tmp_path / "quantized.pt", "--input-shape", "x=2,4")
    assert "torchscript-unsupported" in message and "linear_dynamic" in message
