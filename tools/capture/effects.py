"""What the eager call changed besides returning something: parameters, buffers, plain tensors of
the model, and its inputs. fettle holds what a program's runs leave behind against it.
"""
from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass
class Change:
    """A tensor of the model or an input that the call changed, and what it is now."""

    kind: str  # as fettle calls it: parameter, buffer, constant, user_input
    target: str | int  # its name; an input's position among the flat ones
    value: Any
    before: Any


def changes(model: Any, called: Any, inputs: Any, used: Any) -> list[Change]:
    """All of them. `called` and `used` are the copies of model and inputs that took part."""
    from torch.utils import _pytree
    after = dict(state(called))
    found = [Change(kind, name, after[kind, name], old) for (kind, name), old in state(model)
             if differ(old, after.get((kind, name)))]
    pairs = zip(_pytree.tree_leaves(inputs), _pytree.tree_leaves(used))
    return found + [Change("user_input", position, new, old)
                    for position, (old, new) in enumerate(pairs) if differ(old, new)]


def state(model: Any) -> list[tuple[tuple[str, str], Any]]:
    """((kind, name), tensor) of everything that a call may change, under each of its names."""
    import torch
    found = [(("parameter", name), tensor)
             for name, tensor in model.named_parameters(remove_duplicate=False)]
    found += [(("buffer", name), tensor)
              for name, tensor in model.named_buffers(remove_duplicate=False)]
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                found.append((("constant", f"{path}.{name}".lstrip(".")), value))
    return found


def differ(old: Any, new: Any) -> bool:
    """Whether a tensor changed, its form included; NaN counts as a change."""
    import torch
    if not isinstance(old, torch.Tensor) or not isinstance(new, torch.Tensor):
        return False
    if old.layout != torch.strided or new.layout != torch.strided:
        return False
    return old.shape != new.shape or old.dtype != new.dtype or not torch.equal(old, new)


def named(program: Any, found: list[Change]) -> list[Change]:
    """Changes under the names of the program's signature.

    A second name of something that the program knows by another one is left out, as is what has no
    place in a signature.
    """
    signature = program.graph_signature
    known = {"parameter": set(signature.parameters), "buffer": set(signature.buffers),
             "constant": set(signature.lifted_tensor_constants)}
    inputs = signature.user_inputs
    result, objects = [], set()
    for change in found:
        if change.kind == "user_input":
            name = inputs[change.target] if change.target < len(inputs) else None
            if isinstance(name, str):
                result.append(dataclasses.replace(change, target=name))
        elif change.target in known[change.kind]:
            objects.add(id(change.before))
            result.append(change)
    return result + [change for change in found
                     if change.kind in ("parameter", "buffer") and change.target not in
                     known[change.kind] and id(change.before) not in objects]
