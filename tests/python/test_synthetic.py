"""The bench's programs: what the archive, the fx graph and the description say is the same."""
import sys

import pytest
import torch
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools" / "bench"))
import synthetic  # noqa: E402

CALLS = 1000


def computed(program, x, constants):
    """The outputs, as the description says."""
    values = {"x": x} | {f"c{k}": constant for k, constant in enumerate(constants)}
    for index, (operator, operands) in enumerate(program.calls):
        given = [values[operand] for operand in operands]
        if operator == synthetic.NESTED:
            for name in synthetic.NESTED_BODY:
                given = [getattr(torch, name)(*given)]
            values[index] = given[0]
        else:
            values[index] = getattr(torch, operator)(*given)
    return [values[output] for output in program.outputs]


@pytest.mark.parametrize("shape", synthetic.SHAPES)
def test_python_loads_what_was_described(tmp_path, shape):
    path = synthetic.write_archive(CALLS, tmp_path / "synthetic.pt2", shape)
    loaded = torch.export.load(path)
    program = synthetic.SHAPES[shape](CALLS)
    constants = [loaded.state_dict[f"c{k}"] for k in range(program.constants)]
    x = torch.rand(synthetic.WIDTH)
    expected = computed(program, x, constants)
    found = loaded.module()(x)
    assert len(found) == len(expected) and all(map(torch.equal, found, expected))


def test_archive_and_fx_graph_are_the_same_program(tmp_path):
    loaded = torch.export.load(synthetic.write_archive(CALLS, tmp_path / "synthetic.pt2"))
    calls = [node.target for node in loaded.graph.nodes if node.op == "call_function"]
    module = synthetic.fx_graph_module(CALLS)
    assert calls == [node.target for node in module.graph.nodes if node.op == "call_function"]
    assert len(calls) == CALLS
    x = torch.rand(synthetic.WIDTH)
    ours, theirs = loaded.module()(x), module(x)
    assert len(ours) == len(theirs) and all(map(torch.equal, ours, theirs))


def test_there_is_work_for_each_pass():
    program = synthetic.mixed(5000)
    alive, constant, stack = set(), {"c0"}, list(program.outputs)
    while stack:
        value = stack.pop()
        if value not in alive and value not in ("x", "c0"):
            alive.add(value)
            stack.extend(program.calls[value][1])
    for index, (_, operands) in enumerate(program.calls):
        if all(operand in constant for operand in operands):
            constant.add(index)
    dead = len(program.calls) - len(alive)
    duplicates = len(program.calls) - len(set(program.calls))
    assert 0.08 < dead / len(program.calls) < 0.35
    assert 0.2 < duplicates / len(program.calls) < 0.5
    assert 0.08 < len(constant) / len(program.calls) < 0.25
