"""The programs of exports.py: copied without passes they are the same program to Python; the
default pipeline verifies; and Python gets the same results from what it wrote, at other sizes and
on other branches too, with the same state left behind.
"""
import copy
import json
import warnings

import control_flow
import exports
import pytest
import torch
from conftest import records
from same_program import assert_same_program
from torch.utils import _pytree

SUPPORTED = sorted(exports.CASES)
TWENTY_SETS = "numeric.random_sets=20"


def call(program, args, kwargs):
    """(flat outputs, state afterwards) of a call; of a joint graph, run node by node."""
    torch.manual_seed(0)
    args, kwargs = copy.deepcopy((args, kwargs))
    if program.graph_signature.backward_signature:
        state = {**program.state_dict, **program.constants}
        inputs = iter(_pytree.tree_leaves((args, kwargs)))
        flat = [state[spec.target] if spec.target else next(inputs)
                for spec in program.graph_signature.input_specs]
        return torch.fx.Interpreter(program.graph_module).run(*flat), {}
    module = program.module()
    with torch.no_grad():
        outputs = _pytree.tree_leaves(module(*args, **kwargs))
    return outputs, {**module.state_dict(), **dict(module.named_buffers())}


def assert_same_results(ours, original, calls):
    for args, kwargs in [original.example_inputs, *calls]:
        outputs, state = call(ours, args, kwargs)
        expected_outputs, expected_state = call(original, args, kwargs)
        torch.testing.assert_close(outputs, expected_outputs, rtol=1e-4, atol=1e-5)
        for name, value in state.items():  # folding leaves weights out that nothing reads
            torch.testing.assert_close(value, expected_state[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_copy_is_the_same_program(fettle, exported, pipeline, tmp_path, name):
    output = tmp_path / "copy.pt2"
    done = fettle("run", exported(name), "-p", pipeline("passes: []\n"), "-o", output)
    assert done.code == 0 and done.stderr == "", done.stderr
    assert_same_program(torch.export.load(output), torch.export.load(exported(name)))
    before, after = records(exported(name)), records(output)
    for record in before:
        if record.endswith(".json"):
            assert json.loads(after[record]) == json.loads(before[record]), record


@pytest.mark.parametrize("name", SUPPORTED)
def test_the_default_pipeline_keeps_results(fettle, exported, tmp_path, name):
    output, report = tmp_path / "out.pt2", tmp_path / "report.json"
    done = fettle("run", exported(name), "-o", output, "--report-json", report,
                  "--set", TWENTY_SETS)
    assert done.code == 0 and done.stderr == "", done.stderr
    assert json.loads(report.read_text())["verified"] is True
    assert_same_results(torch.export.load(output), torch.export.load(exported(name)),
                        exports.build(name).calls)


@pytest.mark.parametrize("name, operands", [("cond_with_an_unused_operand", 1),
                                            ("while_loop_with_an_unused_operand", 0)])
def test_operands_that_no_graph_uses_go(fettle, exported, pipeline, tmp_path, name, operands):
    """And with them what computed them: here all weights."""
    output = tmp_path / "out.pt2"
    done = fettle("run", exported(name), "-p", pipeline("passes: [dce]\n"), "-o", output)
    assert done.code == 0 and "operands_removed 1" in done.stdout, done.stdout + done.stderr
    ours, original = torch.export.load(output), torch.export.load(exported(name))
    call, = (node for node in ours.graph.nodes
             if isinstance(node.target, torch._ops.HigherOrderOperator))
    assert len(call.args[3]) == operands and not ours.state_dict and original.state_dict
    assert_same_results(ours, original, exports.build(name).calls)


@pytest.mark.parametrize("build", control_flow.REFUSED, ids=lambda build: build.__name__)
def test_refused_with_one_message(fettle, tmp_path, build):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(build().program, tmp_path / "in.pt2")
    done = fettle("run", tmp_path / "in.pt2", "-o", tmp_path / "out.pt2")
    assert done.code == 2 and done.stderr.startswith("error[operator-unknown]")
    operator, advice = control_flow.REFUSED[build]
    assert operator in done.stderr and advice in done.stderr
