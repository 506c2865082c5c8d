"""The kinds of refusals to export: for each, why torch.export cannot and what to change.

Every function makes a Problem of one kind; docs/capture.md has a worked example of each.
"""
from __future__ import annotations

from .errors import Problem
from .user_code import Decision, Place

CONTROL_FLOW = "data-dependent-control-flow"
SHAPE = "data-dependent-shape"
PYTHON = "unsupported-python"
GRAPH_BREAK = "graph-break"
SPECIALIZED = "specialized-dimension"
FAKE_KERNEL = "missing-fake-kernel"
MUTATION = "mutation-or-aliasing"
TYPE = "unregistered-type"
SERIALIZE = "not-serializable"
UNKNOWN = "export-failed"


def control_flow(place: Place, decision: Decision, symbolic: bool) -> Problem:
    """A decision in Python on what tensors hold; `symbolic`: on a number drawn from one."""
    test = decision.test
    what = {"if": "Python branches on the values of tensors",
            "while": "Python loops until the values of tensors say so",
            "for": "Python loops as often as the values of a tensor say",
            "assert": "Python asserts something about the values of tensors"}[decision.form]
    return Problem(CONTROL_FLOW, what, str(place),
                   f"'{test}' is known only when the model runs, and the export must decide it now",
                   CHANGES[decision.form](test, symbolic))


def change_if(test: str, symbolic: bool) -> tuple[str, ...]:
    both = (f"torch.cond({test}, if_true, if_false, (x, …)): both functions return tensors of "
            "the same shapes and dtypes",)
    if symbolic:
        return (f"torch._check({test}) before it, if that always holds: the other branch goes",
                *both)
    return (*both, f"torch.where({test}, a, b), where both sides may be computed")


def change_while(test: str, symbolic: bool) -> tuple[str, ...]:
    return (f"torch.while_loop(lambda x: {test}, body, (x,)): body returns what it was given, in "
            "the same shapes and dtypes", "a fixed number of rounds, with torch.where to stop")


def change_for(test: str, symbolic: bool) -> tuple[str, ...]:
    return ("torch.while_loop with a counter among what is carried",
            "a fixed number of rounds, with torch.where to keep what is finished",
            "make the count a Python number: give it to the model as an int, not as a tensor")


def change_assert(test: str, symbolic: bool) -> tuple[str, ...]:
    if symbolic:
        return (f"torch._check({test}): it becomes a check in the program",)
    return (f"torch._assert_async({test}): it becomes a check in the program",
            "remove the assertion, or check before calling the model")


CHANGES = {"if": change_if, "while": change_while, "for": change_for, "assert": change_assert}


def data_dependent_shape(place: Place | None, expression: str) -> Problem:
    """A size or index from what tensors hold, of which more must be known to go on."""
    if "TruncToInt" in expression or "zuf" in expression:
        hints = ("make the tensor an integer before it becomes a number: x.to(torch.int64).item() "
                 "in place of int(x.item())", "keep it a tensor: no .item()")
    else:
        hints = ("say what is known of the size: n = x.item(); torch._check(n >= 0); "
                 "torch._check(n <= limit)",
                 "torch._check(n != 0) or torch._check(n == m) where the line needs it",
                 "compute in a fixed size: a mask (torch.where) in place of x[mask] or nonzero()")
    return Problem(SHAPE, "a size, an index or a number depends on the values of tensors",
                   where(place), "the line needs a value that is known only when the model runs "
                   f"(torch calls it {expression})", hints)


def missing_fake_kernel(place: Place | None, operator: str) -> Problem:
    name = operator.replace("::", ".").removesuffix(".default")
    space, _, short = name.partition(".")
    return Problem(FAKE_KERNEL, f"the operator {space}::{short} does not say what shape its result "
                   "has", where(place), "an export runs on fake tensors, without data, and this "
                   "custom operator has no fake (meta) kernel",
                   (f"@torch.library.register_fake('{space}::{short}') on a function that returns "
                    "an empty tensor of the right shape and dtype, such as torch.empty_like(x)",))


def unregistered(what: str, kind: type) -> Problem:
    """An input or output of a class that torch cannot take apart; `what` says which."""
    import dataclasses
    name = kind.__name__
    if dataclasses.is_dataclass(kind):
        hints = (f"torch.export.register_dataclass({name}, serialized_type_name='{name}') where "
                 "the class is defined",)
    elif issubclass(kind, (set, frozenset)) or kind.__name__ == "generator":
        hints = ("a tuple, a list or a dict",)
    else:
        hints = ("a tensor, a number, a string, or a tuple, list or dict of them",
                 f"torch.utils._pytree.register_pytree_node({name}, flatten, unflatten, "
                 f"serialized_type_name='{name}'), if it holds tensors")
    return Problem(TYPE, f"{what} is of a type that torch.export does not know: {name}",
                   why="a program's inputs and outputs are tensors and numbers in containers "
                   "registered with pytree", hints=hints)


def mutation(place: Place | None, why: str, *hints: str) -> Problem:
    return Problem(MUTATION, "a write or a shared tensor that torch.export does not allow",
                   where(place), why, hints)


def not_serializable(what: str, why: str, *hints: str, place: Place | None = None) -> Problem:
    return Problem(SERIALIZE, what, where(place), why, hints)


def unsupported_python(place: Place | None, says: str, calls: set[str]) -> Problem:
    """Python that leaves torch, so that tracing cannot follow."""
    if calls & NUMPY:
        why = "tracing cannot follow a tensor out of torch (numpy, memory addresses, pickles)"
        hints = ("torch's own functions in place of numpy's (torch.sin for numpy.sin)",
                 "a custom operator with a fake kernel around it: torch.library.custom_op")
    else:
        why = "eager Python runs it, tracing on fake tensors does not"
        hints = ("compute it outside of forward and keep it as a buffer",
                 "a custom operator with a fake kernel around it: torch.library.custom_op")
    return Problem(PYTHON, "Python that an export cannot follow", where(place),
                   f"{why}; torch says: {says}", hints)


NUMPY = {"numpy", "from_numpy", "data_ptr", "asarray", "array", "__array__", "tolist", "save",
         "dumps", "deepcopy"}


def graph_break(place: Place | None, says: str, advice: tuple[str, ...]) -> Problem:
    """What dynamo (--strict) cannot trace: it would break the graph there, and a program is one."""
    return Problem(GRAPH_BREAK, f"strict tracing breaks off: {says}", where(place),
                   "with --strict the whole of forward must be one graph",
                   (*advice, "leave out --strict: then Python itself runs forward, and only "
                    "tensors are traced"))


def specialized(what: str, place: Place | None, why: str, *hints: str) -> Problem:
    return Problem(SPECIALIZED, what, where(place), why, hints)


def unknown(place: Place | None, origin: str, says: str) -> Problem:
    return Problem(UNKNOWN, f"{origin} cannot be exported, and fettle does not know this failure",
                   where(place), f"torch says: {says}", ("--verbose shows all that torch says",))


def where(place: Place | None) -> str:
    return str(place) if place else ""
