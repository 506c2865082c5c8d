"""Types computed from those of the inputs alone, beside what torch.export recorded: on every captured
model and the programs of exports.py, and dynamic ones at five sizes beside what Python really makes.
"""
import re

import control_flow  # noqa: F401  (registers its programs among the cases)
import exports
import pytest
import torch
from conftest import load_program
from torch.utils import _pytree

# Programs where more than 2 % of the calls have no rule, and why. The others have fewer or none.
WITHOUT_RULE = {
    "sizes_of_data": "only data tell",
    "size_arithmetic": "arithmetic on floats that sizes become",
    "autocast": "autocast decides the dtypes",
    "while_loop_over_integers": "the loop's numbers differ from what it is given",
}
SIZES = {  # five sizes each, in the order of the inputs' dynamic dimensions
    "convnext": [(2,), (3,), (5,), (7,), (8,)],
    "t5_encoder": [(2,), (3,), (17,), (31,), (64,)],
    "distilbert": [(2, 3), (3, 2), (5, 17), (11, 64), (16, 41)],
    "dynamic_image": [(2, 32, 48), (3, 17, 40), (5, 33, 21), (2, 64, 16), (7, 19, 23)],
    "size_arithmetic": [(2, 2), (3, 4), (7, 9), (11, 30), (40, 29)],
}


def counts(done):
    calls, unruled = re.match(r"([\d,]+) calls, ([\d,]+) without a rule", done.stdout).groups()
    return int(calls.replace(",", "")), int(unruled.replace(",", ""))


def test_types_of_a_captured_model_follow_from_its_inputs(fettle, model):
    done = fettle("inspect", model, "--types")
    assert done.code == 0, done.stdout + done.stderr
    calls, unruled = counts(done)
    assert calls > 60 and unruled == 0, done.stdout


@pytest.mark.parametrize("name", sorted(exports.CASES))
def test_types_of_a_program_follow_from_its_inputs(fettle, exported, name):
    done = fettle("inspect", exported(name), "--types")
    assert done.code == 0, done.stdout + done.stderr
    calls, unruled = counts(done)
    assert unruled <= 0.02 * calls or name in WITHOUT_RULE, done.stdout


def at_sizes(name, sizes):
    """Inputs of the case at these sizes."""
    if name == "convnext":
        return (torch.randn(*sizes, 3, 32, 32),)
    if name == "t5_encoder":
        return (torch.randint(0, 100, (1, *sizes)),)
    if name == "distilbert":
        return torch.randint(0, 100, sizes), torch.ones(sizes, dtype=torch.int64)
    if name == "dynamic_image":
        return (torch.randn(sizes[0], 3, *sizes[1:]),)
    rows, half = sizes
    return (torch.randn(rows, 2 * half, 5), torch.randn(2 * rows, 2 * half, 5),
            torch.randn(rows + 1))


class Shapes(torch.fx.Interpreter):
    """Holds every tensor against the expressions recorded for it, at these inputs' symbols."""
    checked = 0

    def run_node(self, node):
        result = super().run_node(node)
        recorded = _pytree.tree_leaves(node.meta.get("val"))
        for real, kept in zip(_pytree.tree_leaves(result), recorded):
            if not isinstance(real, torch.Tensor) or not isinstance(kept, torch.Tensor):
                continue
            sizes = [self.value(size) for size in kept.shape]
            strides = [self.value(stride) for stride in kept.stride()]
            assert list(real.shape) == sizes, node
            for size, mine, theirs in zip(sizes, real.stride(), strides):
                assert size == 1 or mine == theirs, node
            self.checked += any(hasattr(size, "node") for size in kept.shape)
        return result

    def value(self, size):
        expression = getattr(getattr(size, "node", None), "expr", size)
        return int(expression.subs(self.symbols)) if hasattr(expression, "subs") else size


@pytest.mark.parametrize("name", sorted(SIZES))
def test_recorded_expressions_are_what_five_runs_make(exported, name):
    # The expressions that rules compute equal the recorded ones, as the test above has it.
    program = torch.export.load(exported(name))
    placeholders = [n for n in program.graph.nodes if n.op == "placeholder"]
    state = {**program.state_dict, **program.constants}
    for sizes in SIZES[name]:
        inputs = iter(at_sizes(name, sizes))
        flat = [state[spec.target] if spec.target else next(inputs)
                for spec in program.graph_signature.input_specs]
        shapes = Shapes(program.graph_module)
        shapes.symbols = {}
        for node, tensor in zip(placeholders, flat):
            for kept, real in zip(node.meta["val"].shape, tensor.shape):
                if hasattr(kept, "node") and kept.node.expr.is_symbol:
                    shapes.symbols[kept.node.expr] = real
        if name == "size_arithmetic":  # no input has the size of `half` itself
            for node in placeholders:
                for kept in node.meta["val"].shape:
                    for symbol in getattr(getattr(kept, "node", None), "expr", kept).free_symbols \
                            if hasattr(kept, "node") else ():
                        shapes.symbols.setdefault(symbol, sizes[1])
        # With gradients, as export ran it: attention picks its kernel by them, and so its layout.
        with torch.enable_grad():
            shapes.run(*flat)
        assert shapes.checked > 3


def test_a_wrongly_recorded_type_is_named_and_ends_with_1(fettle, exported, tmp_path):
    program = torch.export.load(exported("tied_weights"))
    tanh = next(n for n in program.graph.nodes if n.target == torch.ops.aten.tanh.default)
    tanh.meta["val"] = tanh.meta["val"].unsqueeze(0)
    torch.export.save(program, tmp_path / "wrong.pt2")
    done = fettle("inspect", tmp_path / "wrong.pt2", "--types")
    assert done.code == 1
    assert ("mismatch: 'tanh' (aten.tanh.default) is recorded as f32[1, 2, 3, 8], and rule 'meta "
            "kernel' computes f32[2, 3, 8]") in done.stdout
    assert "1 not as recorded" in done.stdout  # what follows from it is right again
