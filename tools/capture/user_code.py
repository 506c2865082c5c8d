"""Where in the user's own code something happened: the innermost frame that is neither Python's,
torch's nor ours, and the module of the model that was running.

transformers and other libraries of models count as the user's: their lines are the model's.
"""
from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import linecache
import os
import pathlib
import sysconfig
import types
from collections.abc import Iterable, Iterator
from typing import Any

OURS = str(pathlib.Path(__file__).resolve().parent)


@dataclasses.dataclass(frozen=True)
class Place:
    """A line of the model; `module` is the path in the model ("encoder.layer.0"), where known."""

    file: str
    line: int
    function: str
    module: str = ""

    @property
    def source(self) -> str:
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        inside = f"\nin {self.module}" if self.module else ""
        return f"{shortened(self.file)}:{self.line}: {self.source}{inside}"


def shortened(file: str) -> str:
    """The path as people type it: from the current folder, or from site-packages."""
    inside = file.rpartition(f"site-packages{os.sep}")
    if inside[1]:
        return inside[2]
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


@functools.cache
def foreign_folders() -> tuple[str, ...]:
    import torch
    return (str(pathlib.Path(torch.__file__).parent), OURS)


def is_user_file(file: str) -> bool:
    if file.startswith("<") or file.startswith(foreign_folders()):
        return False
    return "site-packages" in file or not file.startswith(sysconfig.get_path("stdlib"))


def module_names(model: Any) -> dict[int, str]:
    """What a module of the model is called in it; the model itself by its class."""
    return {id(module): f"{name} ({type(module).__name__})" if name else
            f"the model ({type(module).__name__})"
            for name, module in model.named_modules()} if model is not None else {}


def place_in(frames: Iterable[tuple[types.FrameType | types.CodeType, int]],
             model: Any = None) -> Place | None:
    """The innermost place of the user's among (frame, line) pairs, outermost first."""
    names, found, module = module_names(model), None, ""
    for frame, line in frames:
        module = names.get(id(frame.f_locals.get("self")), module) if names else ""
        file = frame.f_code.co_filename
        if is_user_file(file):
            found = Place(file, line, frame.f_code.co_name)
    return dataclasses.replace(found, module=module) if found else None


def of_exception(error: BaseException, model: Any = None) -> Place | None:
    """Where in the user's code an exception came from, its causes included."""
    for link in chain(error):
        stack = getattr(link, "real_stack", None)  # dynamo traces bytecode: no frame ever ran
        place = of_summary(stack, model) if stack else None
        if place:
            return place
    for link in chain(error):
        place = place_in(traceback_frames(link), model)
        if place:
            return place
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what caused it, as Python would print them."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def traceback_frames(error: BaseException) -> Iterator[tuple[types.FrameType, int]]:
    step = error.__traceback__
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def running_frames(frame: types.FrameType) -> list[tuple[types.FrameType, int]]:
    """The stack up to `frame`, outermost first."""
    found = []
    while frame is not None:
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


def of_summary(stack: Iterable[Any], model: Any = None) -> Place | None:
    """The innermost place of the user's in a traceback's summary, which knows no objects."""
    for summary in reversed(list(stack)):
        if is_user_file(summary.filename):
            return Place(summary.filename, summary.lineno, summary.name,
                         module_by_line(model, summary.filename, summary.lineno))
    return None


def module_by_line(model: Any, file: str, line: int) -> str:
    """Which modules have this line in their forward: one, or the first and how many more."""
    if model is None:
        return ""
    found = []
    for identity, module in ((id(m), m) for m in model.modules()):
        code = getattr(type(module).forward, "__code__", None)
        if code and code.co_filename == file and covers(code, line):
            found.append(identity)
    names = module_names(model)
    if not found:
        return ""
    more = f" and {len(found) - 1} more of its class" if len(found) > 1 else ""
    return names[found[0]] + more


def covers(code: types.CodeType, line: int) -> bool:
    return any(line == of for _, _, of in code.co_lines())


@functools.lru_cache(64)
def statements(file: str) -> ast.AST | None:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return None


@dataclasses.dataclass(frozen=True)
class Decision:
    """What Python must know the value of at a place: form is if, while, assert or for."""

    form: str
    test: str


def decision_at(place: Place) -> Decision | None:
    """The innermost test (or range of a loop) that the line is part of."""
    tree, found = statements(place.file), None
    for node in ast.walk(tree) if tree else ():
        for form, test in tests_of(node):
            if test.lineno <= place.line <= test.end_lineno:
                found = Decision(form, ast.unparse(test))
    return found


def tests_of(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """What Python must know to go on from a node."""
    match node:
        case ast.If() | ast.IfExp():
            return [("if", node.test)]
        case ast.While():
            return [("while", node.test)]
        case ast.Assert():
            return [("assert", node.test)]
        case ast.For():
            return [("for", node.iter)]
        case ast.comprehension():
            return [("for", node.iter), *(("if", test) for test in node.ifs)]
    return []


def called_at(place: Place) -> set[str]:
    """Names of the methods and functions that the line calls."""
    tree = statements(place.file)
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call)
             and node.lineno <= place.line <= node.end_lineno) if tree else ()
    return {ast.unparse(call) if isinstance(call, ast.Name) else getattr(call, "attr", "")
            for call in calls}


def write_to_data(model: Any) -> Place | None:
    """The first line of a forward that assigns to, or calls a method of, some tensor's .data."""
    for module in model.modules():
        code = getattr(type(module).forward, "__code__", None)
        tree = statements(code.co_filename) if code and is_user_file(code.co_filename) else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)) and \
                    covers(code, node.lineno) and writes_data(node):
                return Place(code.co_filename, node.lineno, code.co_name,
                             module_names(model)[id(module)])
    return None


def writes_data(statement: ast.stmt) -> bool:
    targets = getattr(statement, "targets", None) or [getattr(statement, "target",
                                                              statement.value)]
    return any(isinstance(node, ast.Attribute) and node.attr == "data"
               for target in targets for node in ast.walk(target))


def signature_of(model: Any) -> str:
    return f"{type(model).__name__}.forward{inspect.signature(model.forward)}"


def call_mismatch(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Why the inputs cannot be bound to the model's signature, or nothing."""
    try:
        inspect.signature(model.forward).bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return ""


def inputs_of(args: Any, kwargs: Any) -> str:
    """The inputs by type and size, for messages."""
    parts = [form(value) for value in args]
    parts += [f"{name}={form(value)}" for name, value in kwargs.items()]
    return f"it was called with ({', '.join(parts)})"


def form(value: Any) -> str:
    import torch
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of {len(value)}"
    return repr(value) if isinstance(value, (int, float, bool, str, type(None))) \
        else type(value).__name__
