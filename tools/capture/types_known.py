"""Whether torch.export knows what goes into a model and comes out of it, asked before it is run.

torch meets an unknown class deep in tracing and only names it; here the input or output is named,
too. A class may be known and still have no name to be saved under.
"""
from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from . import dimensions, kinds
from .errors import Problem
from .samples import Sample
from .source import Source

PLAIN = (int, float, bool, str, type(None))


def problems(source: Source, sample: Sample) -> list[Problem]:
    """What is wrong with the types of the inputs, and of what eager returned for them."""
    from torch.utils import _pytree
    returned = _pytree.tree_unflatten(sample.outputs, sample.spec)
    found = [problem for name, value in dimensions.bound_inputs(source).items()
             for problem in unknown_leaves(value, f"the input {name}")]
    return found + unknown_leaves(returned, "the output") + \
        unsaved((source.args, source.kwargs), "inputs") + unsaved(returned, "outputs") + \
        scripted(source.model)


def unknown_leaves(value: Any, role: str) -> list[Problem]:
    import torch
    from torch.utils import _pytree
    known, found = (*PLAIN, torch.Tensor, torch.ScriptObject), []
    for path, leaf in _pytree.tree_leaves_with_path(value):
        where = role + _pytree.keystr(path)
        if not isinstance(leaf, known) and not _pytree.is_constant_class(type(leaf)):
            found.append(kinds.unregistered(where, type(leaf)))
        elif isinstance(leaf, torch.Tensor) and leaf.layout != torch.strided:
            found.append(kinds.not_serializable(
                f"{where} is a tensor of layout {str(leaf.layout).removeprefix('torch.')}",
                "fettle stores and compares dense tensors", "x.to_dense()",
                "its values and indices, as two outputs"))
    return found


def scripted(model: Any) -> list[Problem]:
    """TorchScript inside of a Python model: tracing cannot look into it."""
    import torch
    names = [name for name, module in model.named_modules()
             if isinstance(module, torch.jit.ScriptModule)]
    return [] if not names else [Problem(
        kinds.PYTHON, f"the model holds TorchScript: {names[0] or 'it is a ScriptModule itself'}",
        why="torch.export traces Python, and TorchScript is none",
        hints=("the Python module that it was compiled from, in its place",))]


def unsaved(value: Any, role: str) -> list[Problem]:
    """Classes that pytree can take apart and torch.export.save cannot name."""
    from torch.utils import _pytree
    found = {}
    for node in nodes(_pytree.tree_structure(value)):
        kind = node.context if node.type is namedtuple else node.type
        if kind is not None and not is_named(kind):
            found[kind.__name__] = (
                f"torch.utils._pytree._register_namedtuple({kind.__name__}, "
                f"serialized_type_name='{kind.__name__}')" if node.type is namedtuple else
                f"serialized_type_name='{kind.__name__}' where it is registered with pytree")
    return [kinds.not_serializable(
        f"the {role} hold a class that cannot be saved: {name}",
        "it is registered with pytree without a name to save it under",
        hint, "a plain tuple, list or dict in its place") for name, hint in found.items()]


def nodes(spec: Any) -> Iterator[Any]:
    yield spec
    for child in spec.children():
        yield from nodes(child)


def is_named(kind: type) -> bool:
    from torch.utils import _pytree
    record = _pytree.SUPPORTED_SERIALIZED_TYPES.get(kind)
    return record is not None and \
        record.serialized_type_name != _pytree.NO_SERIALIZED_TYPE_NAME_FOUND
