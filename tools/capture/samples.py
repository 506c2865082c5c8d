"""The eager model's answers: each sample runs on a copy, so that no state leaks into the capture.

The copy shares the bytes of parameters and buffers until one side writes (copy on write), so that
running a large model costs no second set of weights.
"""
from __future__ import annotations

import copy
import dataclasses
from typing import Any

from . import effects, user_code
from .errors import CaptureError, Problem, first_line, refuse
from .source import Source

SEED = 0  # of the eager run: a model that draws random numbers draws the same ones each time


@dataclasses.dataclass
class Sample:
    """Inputs, and what eager made of them: flat outputs, the tree they came from, and what the call
    changed besides."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[Any]
    spec: Any
    changes: list[effects.Change] = dataclasses.field(default_factory=list)


def run_eager(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Sample:
    """Runs a copy of the model on copies of the inputs.

    Raises CaptureError with the line of the user's that failed.
    """
    import torch
    from torch.utils import _pytree
    ours, (own_args, own_kwargs) = model_copy(model), copy.deepcopy((args, kwargs))
    torch.manual_seed(SEED)
    try:
        with torch.no_grad():
            outputs, spec = _pytree.tree_flatten(ours(*own_args, **own_kwargs))
    except Exception as error:
        raise eager_failure(model, args, kwargs, error) from error
    return Sample(args, kwargs, outputs, spec,
                  effects.changes(model, ours, (args, kwargs), (own_args, own_kwargs)))


def model_copy(model: Any) -> Any:
    """A copy whose tensors are copied when first written to; views stay views of one another."""
    import itertools
    import torch
    storages, copies = {}, {}
    for tensor in itertools.chain(model.parameters(), model.buffers()):
        if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or \
                tensor.device.type != "cpu" or tensor.layout != torch.strided:
            continue
        key = tensor.untyped_storage()._cdata
        if key not in storages:
            storages[key] = tensor.detach()._lazy_clone().untyped_storage()
        if isinstance(tensor, torch.nn.Parameter):  # deepcopy would copy its bytes, not its storage
            own = torch.empty(0, dtype=tensor.dtype).set_(
                storages[key], tensor.storage_offset(), tensor.size(), tensor.stride())
            copies[id(tensor)] = torch.nn.Parameter(own, tensor.requires_grad)
    return copy.deepcopy(model, {"torch": storages, **copies})


def check_call(source: Source) -> None:
    """Raises where the model has no forward, or its arguments are not those of the sample."""
    import torch
    model = source.model
    if getattr(type(model), "forward", None) is torch.nn.Module.forward or \
            "forward" not in dir(type(model)):
        raise refuse("model-source", f"{type(model).__name__} has no forward",
                     "write forward(self, …): it is what is exported")
    mismatch = user_code.call_mismatch(model, source.args, source.kwargs)
    if mismatch:
        raise refuse("model-inputs", f"the sample inputs do not fit the model: {mismatch}",
                     "give one input for each argument without a default",
                     why=f"its call is {user_code.signature_of(model)}")


def eager_failure(model: Any, args: Any, kwargs: Any, error: Exception) -> CaptureError:
    place = user_code.of_exception(error, model)
    return CaptureError(Problem(
        "model-fails", "the model itself fails, without any export: "
        f"{type(error).__name__}: {first_line(error)}", str(place) if place else "",
        user_code.inputs_of(args, kwargs),
        ("call the model with these inputs in Python and mend that first",)), torch_says=error)
