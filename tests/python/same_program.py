"""Whether two exported programs are the same, as far as Python can see: graph, metadata, signature,
ranges, weights and which of them share memory."""
import torch
from torch.utils import _pytree


def describe_value(value):
    """What of a node's `val` must survive; fake tensors compare by identity otherwise."""
    if isinstance(value, torch.Tensor):
        return (value.dtype, str(value.device), repr(value.shape), repr(value.stride()),
                value.requires_grad, value.layout)
    return repr(value)


def describe_metadata(meta):
    described = {key: repr(value) for key, value in meta.items() if key != "val"}
    if "val" in meta:
        described["val"] = _pytree.tree_map(describe_value, meta["val"])
    return described


def describe_graph(module):
    """Every node in order, subgraphs included, as plain data."""
    lines = []
    for node in module.graph.nodes:
        arguments = torch.fx.node.map_arg((node.args, dict(node.kwargs)), lambda n: f"%{n.name}")
        lines.append((node.op, node.name, str(node.target), repr(arguments),
                      describe_metadata(node.meta)))
    for name, child in module.named_children():
        if isinstance(child, torch.fx.GraphModule):
            lines.append((name, describe_graph(child)))
    return lines


def shared_storage(state):
    """Which entries of a state dict share memory."""
    groups = {}
    for name, tensor in state.items():
        groups.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    return sorted(names for names in groups.values() if len(names) > 1)


def assert_same_tensors(ours, original):
    assert list(ours) == list(original)
    for name, tensor in original.items():
        assert type(ours[name]) is type(tensor), name
        assert describe_value(ours[name]) == describe_value(tensor), name
        assert torch.equal(ours[name], tensor), name
    assert shared_storage(ours) == shared_storage(original)


def assert_same_program(ours, original):
    for before, after in zip(describe_graph(original.graph_module),
                             describe_graph(ours.graph_module), strict=True):
        assert after == before
    assert ours.graph_signature == original.graph_signature
    assert ours.range_constraints == original.range_constraints
    assert ours.module_call_graph == original.module_call_graph
    assert ours.verifiers == original.verifiers and ours._guards_code == original._guards_code
    assert_same_tensors(ours.state_dict, original.state_dict)
    assert_same_tensors(ours.constants, original.constants)
