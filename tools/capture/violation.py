"""A dynamic dimension that the model fixes or restricts: which line does, and what would do.

torch.export lists the conditions that do not hold over the whole range; the draft knows which line
of the model each of its guards came from. A guard is to blame when some size in range breaks it.
"""
from __future__ import annotations

import operator
import re
from typing import Any

from . import kinds, user_code
from .draft import Findings, Guard, dimension_of
from .errors import Problem, first_line
from .source import Source


def of_exception(error: BaseException, source: Source, found: Findings) -> list[Problem]:
    """The problems of a constraint violation, one for each line; none if it is no such error."""
    from torch._dynamo.exc import UserError, UserErrorType
    from torch.fx.experimental.symbolic_shapes import ConstraintViolationError
    violated = [link for link in user_code.chain(error)
                if isinstance(link, ConstraintViolationError) or isinstance(link, UserError)
                and link.error_type == UserErrorType.CONSTRAINT_VIOLATION]
    if not violated:
        return []
    fixes = suggested(str(violated[0]))
    ranges = ranges_of(source.dynamic_shapes)
    problems: dict[tuple, Problem] = {}
    for guard in found.guards:
        if broken(guard, ranges):
            problem = of_guard(guard, fixes)
            problems.setdefault((problem.where, problem.what), problem)
    if problems:
        return list(problems.values())
    if "not in range" in first_line(violated[0]):
        return [kinds.specialized("the sample lies outside of a dynamic dimension's range", None,
                                  first_line(violated[0]), "widen the range, or give a sample "
                                  "inside it")]
    listed = re.findall(r"^  - (.*)$", str(violated[0]), re.MULTILINE)
    return [kinds.specialized("a dynamic dimension is not free in this model", None,
                              "\n".join(listed) or first_line(violated[0]), *hints_of(fixes, ""))]


def suggested(text: str) -> dict[str, str]:
    """torch's "Suggested fixes": NAME = what it would have to be."""
    fixes = text.partition("Suggested fixes:")[2].strip()
    return dict(re.findall(r"^\s*(\w+) = (.+?)\s*$", fixes, re.MULTILINE))


def ranges_of(shapes: Any) -> tuple[int, int]:
    """Sizes to try: the widest of the ranges asked for, cut to what is quick to try."""
    import torch
    from torch.utils import _pytree
    dims = [leaf for leaf in _pytree.tree_leaves(shapes) if isinstance(leaf, torch.export.Dim)]
    low = min((int(dim.min) for dim in dims), default=2)
    high = max((int(min(dim.max, 1 << 20)) for dim in dims), default=64)
    return max(low, 2), high


# What tracing writes its conditions in, as Python that computes them.
NAMES = {"Eq": operator.eq, "Ne": operator.ne, "Mod": operator.mod, "Max": max, "Min": min,
         "FloorDiv": operator.floordiv, "PythonMod": operator.mod,
         "And": lambda *all_of: all(all_of), "Or": lambda *any_of: any(any_of),
         "Not": operator.not_, "CleanDiv": operator.floordiv, "Abs": abs}


def broken(guard: Guard, sizes: tuple[int, int]) -> bool:
    """Whether some size in range does not meet the condition."""
    low, high = sizes
    symbols = [symbol for symbol, _ in guard.names]
    trials = [*range(low, min(high, low + 40) + 1), *(s for s in (64, 100, 1000, high) if s >= low)]
    for number, size in enumerate(trials):
        values = {symbol: size + 3 * k if number % 2 else size for k, symbol in enumerate(symbols)}
        try:
            if not eval(guard.expression, {"__builtins__": {}, **NAMES}, values):
                return True
        except Exception:  # a function unknown here: torch said that something is violated
            return True
    return False


def of_guard(guard: Guard, fixes: dict[str, str]) -> Problem:
    shown, places = guard.expression, []
    for symbol, source in guard.names:
        dimension = dimension_of(source)
        places.append(f"{dimension[0]}:{dimension[1]}" if dimension else source)
        size = f"{dimension[0]}.shape[{dimension[1]}]" if dimension else source
        shown = re.sub(rf"\b{symbol}\b", size, shown)
    fixed = re.fullmatch(r"Eq\((s\d+), (\d+)\)", guard.expression)
    what = f"the model fixes {places[0]} to {fixed.group(2)}" if fixed else \
        f"the model does not take every size of {', '.join(places)}"
    why = "this line works for that size alone" if fixed else \
        f"this line needs {readable(shown)}"
    return kinds.specialized(what, guard.place, why, *hints_of(fixes, places[0]))


def readable(condition: str) -> str:
    """Eq(a, b) as a == b, Ne(a, b) as a != b, and no doubled parentheses."""
    condition = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", condition)
    pair = re.fullmatch(r"(Eq|Ne)\((.*), ([^,]*)\)", condition)
    return f"{pair.group(2)} {'==' if pair.group(1) == 'Eq' else '!='} {pair.group(3)}" \
        if pair else condition


def hints_of(fixes: dict[str, str], place: str) -> tuple[str, ...]:
    hints = []
    for name, fix in fixes.items():
        numbers = re.fullmatch(r"Dim\('\w+'(?:, min=(\d+))?(?:, max=(\d+|oo))?\)", fix)
        if name.startswith("_"):
            continue  # the root that a derived size brings with it
        if fix.isdigit():
            hints.append(f"leave {name} out of the dynamic sizes: it stays {fix}")
        elif numbers:
            low, high = numbers.group(1) or "", (numbers.group(2) or "").replace("oo", "")
            hints.append(f"the range {low}..{high}: --dynamic {place or 'INPUT:DIM'}={name}:"
                         f"{low}..{high}")
        else:
            hints.append(f"say how it follows: --dynamic {place or 'INPUT:DIM'}={fix}")
    hints.append("or write the line for every size: x.shape[0] in place of the number, reshape(-1, "
                 "…), torch.ones_like")
    return tuple(hint.removeprefix("or ") for hint in hints)
