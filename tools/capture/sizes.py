"""Samples at other sizes of the dynamic dimensions, so that there is eager truth for them, too.

The exported program says which sizes of which inputs are free, how they hang together and within
which ranges. A tensor of another size repeats the sample's elements along the dimension: tokens
stay tokens and masks stay masks.
"""
from __future__ import annotations

import dataclasses
from typing import Any

from . import dimensions
from .errors import CaptureError, nearest, refuse
from .source import Source

LARGE = 1 << 31  # a bound beyond this is none


@dataclasses.dataclass
class Dimension:
    """A free size: its name, its range, what the sample has, and where it is used."""

    name: str
    symbol: Any
    low: int
    high: int | None
    size: int
    places: list[str]  # "x:0", or "x:0 = 2*batch"
    asked: bool  # by name, with --dynamic

    def __str__(self) -> str:
        high = "" if self.high is None else self.high
        return f"{self.name}: {self.low}..{high} ({', '.join(self.places)})"


def sizes_of(program: Any, source: Source) -> list[tuple[str, Any, list[Any]]]:
    """(path, tensor, its sizes as numbers and expressions) of each tensor input, flat."""
    import torch
    from torch.export._tree_utils import reorder_kwargs
    from torch.utils import _pytree
    paths = {id(tensor): path for path, tensor in dimensions.tensors_by_path(source).items()}
    kwargs = reorder_kwargs(source.kwargs, program.call_spec.in_spec)
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    leaves = _pytree.tree_leaves((source.args, kwargs))
    found = []
    for name, leaf in zip(program.graph_signature.user_inputs, leaves):
        if isinstance(leaf, torch.Tensor) and isinstance(name, str):
            shape = nodes[name].meta["val"].shape
            found.append((paths[id(leaf)], leaf, [getattr(getattr(size, "node", None), "expr", size)
                                                  for size in shape]))
    return found


def free_dimensions(program: Any, source: Source, requests: list[dimensions.Request]) \
        -> list[Dimension]:
    """The program's dynamic dimensions, in the order of its inputs."""
    asked = {(request.input, request.dim): request.name for request in requests if request.name}
    found: dict[Any, Dimension] = {}
    for path, tensor, sizes in sizes_of(program, source):
        for dim, expression in enumerate(sizes):
            symbols = sorted(getattr(expression, "free_symbols", ()), key=str)
            if len(symbols) != 1:
                continue
            symbol = symbols[0]
            entry = found.get(symbol) or new_dimension(program, symbol, f"{path}:{dim}")
            found[symbol] = entry
            if expression == symbol:
                entry.size = tensor.shape[dim]
                entry.places.append(f"{path}:{dim}")
            else:
                entry.size = entry.size or solve(expression, symbol, tensor.shape[dim])
                entry.places.append(f"{path}:{dim} = {expression}")
            if asked.get((path, dim)):
                entry.name, entry.asked = asked[path, dim], True
    for entry in found.values():
        entry.places = [place.replace(str(entry.symbol), entry.name) for place in entry.places]
    return list(found.values())


def new_dimension(program: Any, symbol: Any, name: str) -> Dimension:
    bounds = program.range_constraints.get(symbol)
    high = None if bounds is None or not bounds.upper.is_Integer or bounds.upper > LARGE \
        else int(bounds.upper)
    return Dimension(name, symbol, int(bounds.lower) if bounds else 0, high, 0, [], False)


def solve(expression: Any, symbol: Any, size: int) -> int:
    import sympy
    roots = [root for root in sympy.solve(expression - size, symbol) if root.is_integer]
    return int(roots[0]) if roots else 0


def inputs_at(program: Any, source: Source, values: dict[Any, int]) -> tuple[Any, Any]:
    """(args, kwargs) with every free size as `values` says, by symbol."""
    import torch
    from torch.utils import _pytree
    sized = {id(leaf): (leaf, sizes) for _, leaf, sizes in sizes_of(program, source)}

    def resized(leaf: Any) -> Any:
        if id(leaf) not in sized:
            return leaf
        for dim, expression in enumerate(sized[id(leaf)][1]):
            if getattr(expression, "free_symbols", None):
                size = int(expression.subs(values))
                if size != leaf.shape[dim]:
                    leaf_size = max(leaf.shape[dim], 1)
                    leaf = leaf.index_select(dim, torch.arange(size) % leaf_size)
        return leaf
    return _pytree.tree_map(resized, (source.args, source.kwargs))


def chosen(free: list[Dimension], written: tuple[str, ...], count: int) -> list[dict[Any, int]]:
    """The sizes of the samples after the first: as written with --sizes, or smaller and larger."""
    if written:
        return [parse_sizes(text, free) for text in written]
    picks = []
    for number in range(count - 1 if free else 0):
        pick = {}
        for position, entry in enumerate(free):
            smaller = max(entry.low, 2, entry.size // 2 - number // 2)
            larger = entry.size * 2 + 1 + number // 2
            larger = larger if entry.high is None else min(larger, entry.high)
            grow = (position + number) % 2 == 0
            first, second = (larger, smaller) if grow else (smaller, larger)
            pick[entry.symbol] = first if first != entry.size else second
        if pick not in picks:
            picks.append(pick)
    return picks


def parse_sizes(text: str, free: list[Dimension]) -> dict[Any, int]:
    """Raises for a name that is no free dimension, and a size out of its range."""
    known, values = {entry.name: entry for entry in free}, {e.symbol: e.size for e in free}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not number.isdigit():
            raise refuse("usage", f"--sizes {text}: '{part}' is not NAME=SIZE",
                         "for example --sizes batch=4,seq=32")
        if name not in known:
            raise refuse("dynamic-shapes", f"--sizes {text}: no dynamic dimension is called "
                         f"'{name}'{nearest(name, known)}", f"there are {', '.join(known)}" if known
                         else "there is none: ask for some with --dynamic")
        entry, size = known[name], int(number)
        if size < entry.low or (entry.high is not None and size > entry.high):
            raise refuse("dynamic-shapes", f"--sizes {text}: {size} is outside of {entry}",
                         "choose a size in the range")
        values[entry.symbol] = size
    return values


def label_of(free: list[Dimension], values: dict[Any, int]) -> str:
    return ", ".join(f"{entry.name}={values[entry.symbol]}" for entry in free)


def explained(error: CaptureError, free: list[Dimension], values: dict[Any, int]) -> CaptureError:
    """An eager failure at another size is a matter of the range that was asked for."""
    inner = error.problems[0]
    return refuse("dynamic-shapes", f"at {label_of(free, values)} the model itself fails: "
                  + inner.what.rpartition("export: ")[2],
                  "give the range that the model can take: --dynamic INPUT:DIM=NAME:MIN..MAX",
                  "choose the sizes yourself (--sizes), or store the given sample alone "
                  "(--samples 1)", where=inner.where, why=inner.why)
