"""Dynamic dimensions: what --dynamic asks for, and what a program came to have.

    --dynamic INPUT:DIM=NAME[:MIN..MAX]     a size that may change; one NAME ties sizes together
    --dynamic INPUT:DIM=2*NAME+1            a size that follows another
    --dynamic INPUT:DIM=auto                dynamic if the model lets it be (also INPUT=auto, auto)

INPUT is an argument of forward; a tensor inside it is named by its path: `extra.mask`, `layers.0`.
Raises CaptureError for an input, dimension, range or size that cannot be, with the nearest name.
"""
from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from .errors import nearest, refuse
from .source import Source

CODE = "dynamic-shapes"
SPEC = re.compile(r"(?P<input>[^:=]+?)(?::(?P<dim>-?\w+))?=(?P<size>[^:]+)(?::(?P<range>.*))?")
SIZE = re.compile(r"(?:(?P<times>\d+)\s*\*\s*)?(?P<name>[A-Za-z_]\w*)"
                  r"(?:\s*(?P<sign>[+-])\s*(?P<plus>\d+))?")
GRAMMAR = "write INPUT:DIM=NAME:MIN..MAX, such as input_ids:0=batch:1..64, or auto"


@dataclasses.dataclass(frozen=True)
class Request:
    """One --dynamic: `name` is None for auto; the size is times * name + plus."""

    text: str
    input: str
    dim: int | None
    name: str | None = None
    times: int = 1
    plus: int = 0
    low: int | None = None
    high: int | None = None


def parse(text: str) -> Request:
    """Raises for what is not of the grammar above."""
    if text.strip() == "auto":
        return Request(text, "", None)
    match = SPEC.fullmatch(text.strip())
    if not match:
        raise refuse("usage", f"--dynamic {text}: this is not INPUT:DIM=NAME", GRAMMAR)
    if match["dim"] is not None and not re.fullmatch(r"\d+", match["dim"]):
        raise refuse("usage", f"--dynamic {text}: '{match['dim']}' is no number of a dimension",
                     "count dimensions from 0")
    dim = None if match["dim"] is None else int(match["dim"])
    if match["size"].strip() == "auto":
        return Request(text, match["input"], dim)
    if dim is None:
        raise refuse("usage", f"--dynamic {text}: which dimension of {match['input']}?", GRAMMAR)
    size = SIZE.fullmatch(match["size"].strip())
    if not size:
        raise refuse("usage", f"--dynamic {text}: '{match['size']}' is no name and no "
                     "NUMBER*NAME+NUMBER", "torch.export takes sizes that grow linearly with one "
                     "other size")
    plus = int(size["plus"] or 0) * (-1 if size["sign"] == "-" else 1)
    low, high = parse_range(text, match["range"])
    return Request(text, match["input"], dim, size["name"], int(size["times"] or 1), plus, low,
                   high)


def parse_range(text: str, written: str | None) -> tuple[int | None, int | None]:
    if written is None:
        return None, None
    match = re.fullmatch(r"(\d*)\.\.(\d*)", written.strip())
    if not match:
        raise refuse("usage", f"--dynamic {text}: '{written}' is no range",
                     "write MIN..MAX, MIN.. or ..MAX")
    low, high = (int(end) if end else None for end in match.groups())
    if low is not None and high is not None and low >= high:
        raise refuse(CODE, f"--dynamic {text}: the range {low}..{high} has no two sizes",
                     "a dimension of one size is static: leave it out")
    return low, high


def bound_inputs(source: Source) -> dict[str, Any]:
    """The inputs by the names of forward's arguments; those of **kwargs by their own."""
    signature = inspect.signature(source.model.forward)
    bound = dict(signature.bind(*source.args, **source.kwargs).arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            bound.update(bound.pop(name, {}))
    return bound


def tensors_by_path(source: Source) -> dict[str, Any]:
    """The tensors among the inputs by the names that --dynamic uses, in the signature's order."""
    import torch
    from torch.utils import _pytree
    return {".".join([argument, *map(key_text, path)]): leaf
            for argument, value in bound_inputs(source).items()
            for path, leaf in _pytree.tree_leaves_with_path(value)
            if isinstance(leaf, torch.Tensor)}


def key_text(key: Any) -> str:
    return next(str(getattr(key, field)) for field in ("key", "idx", "name")
                if hasattr(key, field))


def dynamic_shapes(requests: list[Request], source: Source) -> Any:
    """What torch.export takes for these --dynamic options."""
    import torch
    tensors = tensors_by_path(source)
    check_spread(source)
    shapes, dims = torch.export.ShapesCollection(), named_dims(requests, tensors)
    chosen: dict[str, dict[int, Any]] = {}
    for request in requests:
        for path in [request.input] if request.input else tensors:
            tensor = tensors.get(path)
            check_input(request, path, tensors)
            for dim in [request.dim] if request.dim is not None else range(tensor.dim()):
                check_dim(request, path, tensor, dim)
                explicit = request.name is not None or request.dim is not None
                if explicit or dim not in chosen.get(path, {}):
                    chosen.setdefault(path, {})[dim] = dim_of(request, dims)
    for path, dims_of_input in chosen.items():
        shapes[tensors[path]] = dims_of_input
    return shapes.dynamic_shapes(source.model, source.args, source.kwargs)


def check_spread(source: Source) -> None:
    """torch.export (2.13) has no dynamic sizes where inputs come through **kwargs."""
    signature = inspect.signature(source.model.forward)
    for name, parameter in signature.parameters.items():
        given = [key for key in source.kwargs if key not in signature.parameters]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD and given:
            raise refuse(CODE, f"torch.export has no dynamic sizes where inputs come through "
                         f"**{name}: here {', '.join(given)}",
                         f"name them in forward's signature: def forward(self, …, {given[0]}=None)")


def dim_of(request: Request, dims: dict[str, Any]) -> Any:
    import torch
    if request.name is None:
        return torch.export.Dim.AUTO
    size = dims[request.name]
    size = request.times * size if request.times != 1 else size
    return size + request.plus if request.plus else size


def named_dims(requests: list[Request], tensors: dict[str, Any]) -> dict[str, Any]:
    """A torch.export.Dim for each name; its range may be written at any one of its uses."""
    import torch
    ranges: dict[str, tuple[Any, Any]] = {}
    for request in requests:
        if request.name is None:
            continue
        written, known = (request.low, request.high), ranges.get(request.name, (None, None))
        if known != (None, None) and written not in ((None, None), known):
            raise refuse(CODE, f"--dynamic {request.text}: {request.name} has another range "
                         "elsewhere", "write its range once")
        ranges[request.name] = known if written == (None, None) else written
    for request in requests:
        if request.name is not None:
            check_size(request, *ranges[request.name], tensors)
    check_ties(requests, tensors)
    return {name: torch.export.Dim(name, min=low, max=high)
            for name, (low, high) in ranges.items()}


def check_input(request: Request, path: str, tensors: dict[str, Any]) -> None:
    if path not in tensors:
        raise refuse(CODE, f"--dynamic {request.text}: the model has no input tensor '{path}'"
                     + nearest(path, tensors), f"its input tensors are {', '.join(tensors)}"
                     if tensors else "its sample inputs hold no tensor")


def check_dim(request: Request, path: str, tensor: Any, dim: int) -> None:
    if dim >= tensor.dim():
        raise refuse(CODE, f"--dynamic {request.text}: {path} has {tensor.dim()} dimensions, "
                     f"numbered from 0 to {tensor.dim() - 1}" if tensor.dim() else
                     f"--dynamic {request.text}: {path} is a scalar and has no dimension",
                     f"the sample's sizes are {list(tensor.shape)}")


def check_size(request: Request, low: Any, high: Any, tensors: dict[str, Any]) -> None:
    """The sample must lie in the range, and be of a size that tracing does not fix."""
    check_input(request, request.input, tensors)
    tensor = tensors[request.input]
    check_dim(request, request.input, tensor, request.dim)
    size = tensor.shape[request.dim]
    root, rest = divmod(size - request.plus, request.times)
    what = f"--dynamic {request.text}: the sample has {size} there"
    if rest or root < 0:
        raise refuse(CODE, f"{what}, which is not {request.times}*{request.name}"
                     f"{request.plus:+d}", "give a sample of such a size")
    if size in (0, 1):
        raise refuse(CODE, f"{what}, and torch.export takes the sizes 0 and 1 for fixed (they "
                     "broadcast)", "make the sample with at least 2 (--batch 2 with --hf, --text); "
                     "a range may still begin at 1")
    if (low is not None and root < low) or (high is not None and root > high):
        shown = f"{'' if low is None else low}..{'' if high is None else high}"
        derived = f", so {request.name} is {root}" if root != size else ""
        raise refuse(CODE, f"{what}{derived}, outside of the range {shown}",
                     "widen the range, or give a sample inside it")


def check_ties(requests: list[Request], tensors: dict[str, Any]) -> None:
    """Sizes of one name must agree in the sample."""
    seen: dict[str, tuple[int, Request]] = {}
    for request in requests:
        if request.name is None:
            continue
        size = tensors[request.input].shape[request.dim]
        root = (size - request.plus) // request.times
        first = seen.setdefault(request.name, (root, request))
        if first[0] != root:
            raise refuse(CODE, f"--dynamic {request.text}: the sample has {request.name} = {root} "
                         f"here and {first[0]} at {first[1].input}:{first[1].dim}",
                         "one name ties sizes that are always equal: use two names")
