"""What kind of failure an exception of torch.export is, and which line of the model it is about.

Kinds come from the type of the exception and the data it carries (the operator, the expression,
dynamo's gb_type, UserErrorType), and from what the user's line is made of; only where torch raises
a bare RuntimeError is its text looked at. What is not known is said to be so.
"""
from __future__ import annotations

import re
from typing import Any

from . import kinds, user_code
from .errors import Problem, first_line
from .source import Source

# dynamo's names of graph breaks that are one of our other kinds.
GB_MUTATION = {"Encountered aliasing during higher order op tracing",
               "Encountered input mutation during higher order op tracing",
               "HOP: Unsafe side effect", "Inplace op on input tensor"}
GB_PREDICATES = {"Data-dependent branching", "Data dependent operator",
                 "Data-dependent branching with non-constant __bool__",
                 "Data-dependent assertion failed (cannot compile partial graph)"}
GB_SHAPES = {"Dynamic shape operator", "Dynamic shape operator (no meta kernel)",
             "Dynamic slicing with Tensor arguments"}


def diagnose(error: BaseException, source: Source) -> Problem:
    """The problem that an exception of torch.export.export is about."""
    place = user_code.of_exception(error, source.model)
    for link in user_code.chain(error):
        problem = of_link(link, place)
        if problem:
            return problem
    return of_message(error, place, source)


def of_link(error: BaseException, place: user_code.Place | None) -> Problem | None:
    """The problem of one exception in the chain, from its type and data; None: it says nothing."""
    from torch._dynamo import exc
    from torch._subclasses import fake_tensor
    from torch.fx.experimental import symbolic_shapes
    if isinstance(error, symbolic_shapes.GuardOnDataDependentSymNode):
        return undecided(place, str(error.cond))
    if isinstance(error, fake_tensor.DataDependentOutputException):
        return undecided(place, f"the result of {error.func}")
    if isinstance(error, fake_tensor.DynamicOutputShapeException):
        return kinds.data_dependent_shape(place, f"the size of the result of {error.func}")
    if isinstance(error, fake_tensor.UnsupportedOperatorException):
        return kinds.missing_fake_kernel(place, str(error.func))
    if isinstance(error, fake_tensor.UnsupportedMutationAliasingException):
        return kinds.mutation(place, first_line(error), "write to a clone()")
    if isinstance(error, exc.UncapturedHigherOrderOpError):
        return of_higher_order(error, place)
    if isinstance(error, exc.UserError):
        return of_user_error(error, place)
    if isinstance(error, exc.Unsupported):
        return of_graph_break(error, place)
    return None


def undecided(place: user_code.Place | None, expression: str) -> Problem:
    """A value of a tensor that the export would have to know: a decision, or a size."""
    decision = user_code.decision_at(place) if place else None
    if not decision:
        return kinds.data_dependent_shape(place, expression)
    of_tensor = re.fullmatch(r"Eq\(u\d+, 1\)", expression) or "aten." in expression
    return kinds.control_flow(place, decision, symbolic=not of_tensor)


def of_user_error(error: Any, place: user_code.Place | None) -> Problem | None:
    from torch._dynamo.exc import UserErrorType as Kind
    if error.error_type in (Kind.ANTI_PATTERN, Kind.DYNAMIC_CONTROL_FLOW):
        asked = re.search(r"data-dependent expression (.*?) \(", error.msg)
        return undecided(place, asked.group(1) if asked else first_line(error))
    if error.error_type == Kind.UNSUPPORTED_ALIASED_MUTATED_DYNAMIC_INPUTS:
        return kinds.mutation(place, first_line(error), "give it inputs that share no memory")
    return None  # constraint violations have their own page: dimensions.py


def of_graph_break(error: Any, place: user_code.Place | None) -> Problem | None:
    name = error.gb_type or first_line(error)
    if name in GB_PREDICATES and place and user_code.decision_at(place):
        return kinds.control_flow(place, user_code.decision_at(place), symbolic=False)
    if name in GB_SHAPES:
        return kinds.data_dependent_shape(place, name.lower())
    if name in GB_MUTATION:
        return of_higher_order(error, place)
    if error.__cause__ is not None and of_link(error.__cause__, place):
        return None  # what caused it says it better
    return kinds.graph_break(place, name, dynamo_advice(error))


def dynamo_advice(error: Any) -> tuple[str, ...]:
    """dynamo's own hints, without those that are about reporting it or torch.compile."""
    hints = re.findall(r"^  Hint: (.*)$", error.msg, re.MULTILINE)
    useless = ("Please", "see http", "If it is", "It may be possible", "This graph break", "Your "
               "code may", "Consider using the debug", "Apply `@torch", "If you are attempting")
    return tuple(hint for hint in hints if not hint.startswith(useless))[:2]


def of_higher_order(error: Any, place: user_code.Place | None) -> Problem:
    """torch.cond and its like: their functions must be pure, and fresh in what they return."""
    text = str(error)
    if "aliasing" in text:
        return kinds.mutation(place, "a branch returns one of its operands, or a view of one, and "
                              "the results of a branch must be new tensors",
                              "return x.clone() from that branch")
    if "mutation" in text or "side effect" in text:
        return kinds.mutation(place, "a branch writes to one of its operands or to state outside, "
                              "and branches must be pure",
                              "x = x.clone() first in that branch, or x + 1 in place of x.add_(1)")
    lines = text.strip().splitlines()
    says = lines[1] if len(lines) > 1 else lines[0]
    explained = re.search(r"Explanation: (.*)", text)
    return kinds.graph_break(place, says + (f" ({explained.group(1)})" if explained else ""),
                             dynamo_advice(error))


def of_message(error: BaseException, place: user_code.Place | None, source: Source) -> Problem:
    """The last resort: bare errors, by their text and by where they were raised."""
    says = first_line(error)
    custom = re.search(r"no fake impl registered for <CustomOpDef\((\S+)\)>", str(error))
    if custom:
        return kinds.missing_fake_kernel(place, custom.group(1))
    if "fake tensor in the exported program constant" in says:
        place = place or user_code.write_to_data(source.model)
        return kinds.mutation(place, "a tensor of the tracing itself was kept: the model writes "
                              "behind torch's back (.data, another thread, a global or a list)",
                              "write to a registered buffer by its methods: self.b.add_(1), "
                              "self.b.copy_(x), under torch.no_grad() for a parameter")
    if place and isinstance(error, (RuntimeError, TypeError, ValueError, AttributeError,
                                    NotImplementedError)) and raised_by_torch(error):
        return kinds.unsupported_python(place, says, user_code.called_at(place))
    return kinds.unknown(place, source.origin, f"{type(error).__name__}: {says}")


def raised_by_torch(error: BaseException) -> bool:
    """Whether the user's line called into torch and that refused, as eager had not."""
    frames = [frame.f_code.co_filename for frame, _ in user_code.traceback_frames(error)]
    return any(map(user_code.is_user_file, frames[-6:]))


def of_saving(error: BaseException, program: Any) -> Problem:
    """What torch.export.save cannot write: the node it names, or a tensor without plain memory."""
    import torch
    nodes = {node.name: node for node in program.graph.nodes}
    named = re.search(r"Failed serializing node (\w+) in graph", str(error))
    node = nodes.get(named.group(1)) if named else None
    if node is not None:
        stack = re.findall(r'File "(.*)", line (\d+), in (\w+)', node.meta.get("stack_trace") or "")
        places = [user_code.Place(file, int(line), name) for file, line, name in stack
                  if user_code.is_user_file(file)]
        return kinds.not_serializable(
            f"the call of {node.target} exports and cannot be saved",
            f"torch says: {first_line(error)}", "write that line with other operators",
            place=places[-1] if places else None)
    for name, value in {**program.constants, **program.state_dict}.items():
        if isinstance(value, torch.Tensor) and not has_memory(value):
            return kinds.not_serializable(
                f"the constant '{name}' exports and cannot be saved",
                f"it is a tensor that wraps another ({type(value).__name__}), left over from a "
                "transform such as torch.func.grad or vmap", "compute it with plain operators, or "
                "with torch.autograd.grad")
    return kinds.not_serializable("the program exports and cannot be saved",
                                  f"torch says: {type(error).__name__}: {first_line(error)}",
                                  "--verbose shows all that torch says")


def has_memory(tensor: Any) -> bool:
    try:
        tensor.untyped_storage()
        return True
    except (NotImplementedError, RuntimeError):
        return False
