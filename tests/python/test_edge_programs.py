"""Programs at the edges of what torch.export gives (edge_programs), run through each pipeline, loaded
by Python and held against what was captured: outputs bit for bit over two calls (state included), what
is written to inputs, and which outputs share storage with an input, the state or one another.
"""
import copy

import edge_programs
import pytest
import torch
from conftest import eager_outputs
from torch.utils import _pytree

PIPELINES = {
    "copy": "passes: []\n",
    "default": "passes:\n  - repeat: {until: unchanged, limit: 8, passes: [cse, constant_folding, dce]}\n",
    "reversed": "passes: [dce, constant_folding, cse]\n",
}
# What Python gives is another each time, or not what eager gives.
UNEQUAL = {"overlapping_inputs", "uninitialised_outputs"}
RUN = sorted(set(edge_programs.CASES) - UNEQUAL)


def bits(value):
    """A value as it can be compared: tensors by form and bytes, every NaN alike."""
    if not isinstance(value, torch.Tensor):
        return type(value), repr(value)
    tensor = value.detach().resolve_conj().resolve_neg().contiguous()
    if tensor.dtype in (torch.float32, torch.float64):
        tensor = torch.where(tensor.isnan(), torch.nan, tensor)
    data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    return value.dtype, value.shape, value.stride(), value.requires_grad, data


def storage(value):
    has_bytes = isinstance(value, torch.Tensor) and value.numel() > 0
    return value.untyped_storage().data_ptr() if has_bytes else None


def sharing(outputs, inputs, state):
    """For each output: the inputs and outputs in its storage, and whether the state is."""
    def among(values, wanted):
        return [k for k, value in enumerate(values) if wanted and storage(value) == wanted]
    return [(among(outputs, storage(value)), among(inputs, storage(value)),
             bool(among(state, storage(value)))) for value in outputs]


def behaviour(path):
    """What two calls in a row give and leave behind."""
    program = torch.export.load(path)
    module, (args, kwargs) = program.module(), copy.deepcopy(program.example_inputs)
    state = [*module.state_dict().values(), *program.constants.values()]
    torch.manual_seed(0)
    seen = []
    for _ in range(2):
        with torch.no_grad():
            outputs, spec = _pytree.tree_flatten(module(*args, **kwargs))
        inputs = _pytree.tree_leaves((args, kwargs))
        seen.append((str(spec), [bits(v) for v in outputs], [bits(v) for v in inputs],
                     sharing(outputs, inputs, state)))
    return seen


@pytest.fixture(scope="session")
def expected(captured):
    known = {}

    def of(name):
        if name not in known:
            known[name] = behaviour(captured(name))
        return known[name]
    return of


@pytest.mark.parametrize("name", RUN)
def test_each_pipeline_keeps_behaviour(fettle, captured, expected, pipeline, tmp_path, name):
    for label, text in PIPELINES.items():
        output = tmp_path / f"{label}.pt2"
        done = fettle("run", captured(name), "-p", pipeline(text), "-o", output)
        assert done.code == 0, (label, done.stderr)
        assert done.stderr == "", label
        assert behaviour(output) == expected(name), label


@pytest.mark.parametrize("name", ["write_to_input", "counter", "buffer_replaced"])
def test_measuring_what_writes_prints_nothing_on_stderr(fettle, captured, pipeline, name):
    done = fettle("run", captured(name), "-p", pipeline("passes: []\nbenchmark: [memory]\n"))
    assert done.code == 0 and done.stderr == ""


def test_an_export_that_differs_from_eager_is_not_blamed_on_a_pass(fettle, captured, pipeline):
    """Inputs that overlap: torch.export takes them for separate tensors, the eager model writes both."""
    done = fettle("run", captured("overlapping_inputs"), "-p", pipeline("passes: [cse]\n"))
    assert done.code == 1
    assert "the program as exported differs from its eager model, before any pass" in done.stderr


def test_lazily_conjugated_outputs_are_stored_as_values(captured):
    stored = eager_outputs(captured("complex_views"))[1]
    assert torch.equal(stored, edge_programs.ramp(3, dtype=torch.complex64) * -1j)
