"""The bench's programs: archive and fx graph are the same program, and Python loads it."""
import sys

import torch
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools" / "bench"))
import synthetic  # noqa: E402


def test_archive_and_fx_graph_compute_the_same(tmp_path):
    path = tmp_path / "synthetic.pt2"
    synthetic.write_archive(1000, path)
    program = torch.export.load(path)
    calls = [node.target for node in program.graph.nodes if node.op == "call_function"]
    module = synthetic.fx_graph_module(1000)
    assert calls == [node.target for node in module.graph.nodes if node.op == "call_function"]
    assert len(calls) == 1000
    x = torch.rand(synthetic.WIDTH)
    ours, theirs = program.module()(x), module(x)
    assert len(ours) == len(theirs) and all(map(torch.equal, ours, theirs))


def test_there_is_work_for_each_pass():
    program, outputs = synthetic.generate(5000)
    alive, constant, stack = set(), {"c0"}, list(outputs)
    while stack:
        value = stack.pop()
        if value not in alive and value not in ("x", "c0"):
            alive.add(value)
            stack.extend(program[value][1])
    for index, (_, operands) in enumerate(program):
        if all(operand in constant for operand in operands):
            constant.add(index)
    dead = len(program) - len(alive)
    duplicates = len(program) - len(set(program))
    assert 0.08 < dead / len(program) < 0.35
    assert 0.2 < duplicates / len(program) < 0.5
    assert 0.08 < len(constant) / len(program) < 0.25
