"""Flops beside torch's own FlopCounterMode, parameters beside the program's, and what
`fettle inspect` says of both and of the time that calls take.
"""
import json

import exports
import pytest
import torch
from conftest import load_program
from torch.utils import _pytree, flop_counter

# FlopCounterMode follows the branch or the iterations that run; the text is what we count.
# What contracts vectors (mv, dot) it does not count at all; none of these programs has them.
DATA_DECIDE = ("cond", "nested_cond", "while_loop")
PROGRAMS = sorted(name for name, make in exports.CASES.items()
                  if make.__module__ == "exports" and name not in DATA_DECIDE)

# It does not know the CPU's attention kernel, and counts it as nothing: here by its own formulas.
ATTENTION = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu:
        lambda q, k, v, *_, out_shape, **__: flop_counter.sdpa_flop_count(q, k, v),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward:
        lambda g, q, k, v, *_, out_shape, **__: flop_counter.sdpa_backward_flop_count(g, q, k, v),
}


def counted_by_torch(program):
    """Flops of a run, node by node; without oneDNN, whose recurrent layers it counts as nothing."""
    state = {**program.state_dict, **program.constants}
    inputs = iter(_pytree.tree_leaves(program.example_inputs))
    flat = [state[spec.target] if spec.target else next(inputs)
            for spec in program.graph_signature.input_specs]
    counter = flop_counter.FlopCounterMode(display=False, custom_mapping=ATTENTION)
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False), counter:
        torch.fx.Interpreter(program.graph_module).run(*flat)
    return counter.get_total_flops()


def inspected(fettle, path, *options):
    done = fettle("inspect", path, "--format", "json", *options)
    assert done.code == 0, done.stderr
    return json.loads(done.stdout)


def test_flops_of_a_captured_model_are_torchs(fettle, model):
    cost = inspected(fettle, model)["cost"]
    assert cost["flops"] == counted_by_torch(load_program(model)) > 0
    assert cost["unknown_calls"] == 0
    assert cost["calls_by_kind"]["unknown"] == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_flops_of_a_program_are_torchs(fettle, exported, name):
    path = exported(name)
    expected = counted_by_torch(torch.export.load(path))
    assert inspected(fettle, path)["cost"]["flops"] == expected


def test_parameters_of_one_storage_count_once(fettle, model):
    program = load_program(model)
    distinct = {p.untyped_storage().data_ptr(): p for _, p in program.named_parameters()}
    counted = inspected(fettle, model)["cost"]["parameters"]
    assert counted["count"] == len(distinct)
    assert counted["tied"] == len(list(program.named_parameters())) - len(distinct)
    assert counted["elements"] == sum(p.numel() for p in distinct.values())
    assert counted["bytes"] == sum(p.numel() * p.element_size() for p in distinct.values())


def test_a_tied_weight_is_told(fettle, models):
    assert "1 more of the same by another name" in fettle("inspect", models / "gpt2.pt2").stdout


def test_totals_are_those_of_nodes_and_of_operators(fettle, model):
    shown = inspected(fettle, model)
    for key in ("flops", "element_ops", "bytes_read", "bytes_written"):
        total = shown["cost"][key]
        assert total == sum(node["cost"][key] for node in shown["nodes"] if "cost" in node)
        assert total == sum(op[key] for op in shown["cost"]["operators"])
    views = [node for node in shown["nodes"] if node.get("cost", {}).get("kind") == "view"]
    assert views and all(node["cost"]["bytes_read"] == 0 for node in views)


def test_the_summary_has_counts_by_kind(fettle, models):
    lines = fettle("inspect", models / "bert.pt2").stdout.splitlines()
    assert any(line.startswith("  calls: ") and " flops in products, " in line for line in lines)
    linear = next(line for line in lines if "aten.linear.default" in line)
    assert " product " in linear


def test_the_slowest_calls(fettle, models):
    shown = inspected(fettle, models / "gpt2.pt2", "--top", "5", "--runs", "3")
    profile, nodes = shown["profile"], {node["name"]: node for node in shown["nodes"]}
    assert profile["runs"] == 3 and len(profile["top"]) == 5
    assert profile["machine"]["flops_per_second"] > 0 < profile["machine"]["bytes_per_second"]
    times = [call["seconds"] for call in profile["top"]]
    assert times == sorted(times, reverse=True)
    for call in profile["top"]:
        assert nodes[call["node"]]["target"] == call["target"]
        assert call["quartiles"][0] <= call["seconds"] <= call["quartiles"][1]
        assert call["share"] == pytest.approx(call["seconds"] / profile["total_seconds"])
        assert call["flops"] == nodes[call["node"]]["cost"]["flops"] * call["calls"]
        if call["seconds"] > 0:
            work = call["flops"] + call["element_ops"]
            assert call["flops_per_second"] == pytest.approx(work / call["seconds"])
        assert ".py:" in call["source"] and " in forward" in call["source"]


def test_the_table_of_the_slowest_calls(fettle, models):
    done = fettle("inspect", models / "gpt2.pt2", "--top", "2", "--runs", "3")
    assert done.code == 0, done.stderr
    assert "3 runs on cpu" in done.stdout and "this machine: " in done.stdout
    assert "2 of 126 calls, " in done.stdout and "GFLOP/s" in done.stdout


def test_calls_in_loops_are_told_as_often_as_they_ran(fettle, exported):
    shown = inspected(fettle, exported("while_loop"), "--top", "1000", "--runs", "2")
    calls = {call["node"]: call for call in shown["profile"]["top"]}
    assert max(call["calls"] for call in calls.values()) > 1
    loop = next(call for call in calls.values() if call["target"] == "higher_order.while_loop")
    assert loop["kind"] == "nested" and loop["calls"] == 1


def test_sizes_are_those_of_the_stored_inputs(fettle, exported):
    path = exported("dynamic_image")
    shown = inspected(fettle, path, "--top", "1000", "--runs", "1")
    measured = sum(call["flops"] for call in shown["profile"]["top"])
    assert measured == counted_by_torch(torch.export.load(path))


def test_a_program_without_inputs_to_run_on_is_refused(fettle, tmp_path):
    class Double(torch.nn.Module):
        def forward(self, x):
            return x * 2
    program = torch.export.export(Double(), (torch.ones(2),))
    program._example_inputs = None
    torch.export.save(program, tmp_path / "bare.pt2")
    done = fettle("inspect", tmp_path / "bare.pt2", "--top", "5")
    assert done.code == 2 and "sample-inputs-unreadable" in done.stderr
    assert "saved without sample inputs" in done.stderr
    assert fettle("inspect", tmp_path / "bare.pt2").code == 0


@pytest.mark.parametrize("options, said", [
    (["--top", "0"], "--top must be a whole number"),
    (["--top", "5", "--runs", "0"], "--runs must be a whole number"),
    (["--runs", "5"], "nothing is measured"),
    (["--top", "5", "--format", "dot"], "--top has no format 'dot'"),
    (["--top", "5", "--device", "abacus"], "abacus"),
])
def test_mistakes_are_told(fettle, models, options, said):
    done = fettle("inspect", models / "gpt2.pt2", *options)
    assert done.code == 2 and said in done.stderr
