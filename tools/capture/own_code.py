"""Models of the user's own code, FILE.py:NAME or MODULE:NAME.

NAME is a function that returns (model, args), (model, args, kwargs) or (model, args, kwargs,
dynamic_shapes); or a class, an instance or a function that gives only the model, and then
--inputs names the function that returns its sample inputs.

Raises CaptureError for a file, module or name that is not there, for code that fails (with the
line of the user's that failed), and for anything else than a model and inputs.
"""
from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import pathlib
import sys
import types
from typing import Any

from . import user_code
from .errors import CaptureError, Problem, first_line, nearest, refuse
from .source import Source

RETURNS = "return (model, args), (model, args, kwargs) or (model, args, kwargs, dynamic_shapes)"


def load(options: argparse.Namespace) -> Source:
    """The model and sample inputs that --call and --inputs name."""
    import torch
    module, name = find(options.call, options.path, "--call")
    made = call(module, name, options.call)
    if isinstance(made, torch.nn.Module):
        made = (made, *own_inputs(options, module))
    if not isinstance(made, tuple) or not 2 <= len(made) <= 4 or \
            not isinstance(made[0], torch.nn.Module):
        raise refuse("model-source", f"{options.call} returned {described(made)}, "
                     "not a model and its inputs", RETURNS,
                     "return only the model, and name a function for its inputs by --inputs")
    model, args, kwargs, dynamic_shapes = (*made, None, None)[:4]
    if kwargs is not None and not isinstance(kwargs, dict):
        raise refuse("model-source", f"{options.call} returned {described(kwargs)} as keyword "
                     "arguments", "return a dict of them as the third element")
    args = args if isinstance(args, tuple) else (args,)
    return Source(model, args, kwargs or {}, options.call, dynamic_shapes)


def own_inputs(options: argparse.Namespace, module: types.ModuleType) -> tuple[Any, ...]:
    """(args, kwargs) of the function that --inputs names: [WHERE:]FUNCTION."""
    if not options.inputs:
        if options.text:
            return (), {}
        raise refuse("model-inputs", f"{options.call} gives a model without sample inputs",
                     "name a function that returns them: --inputs NAME, in the same file", RETURNS)
    name = options.inputs
    if ":" in name:
        module, name = find(name, options.path, "--inputs")
    made = call(module, name, f"--inputs {options.inputs}")
    if isinstance(made, dict):
        return (), made
    if isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], tuple) \
            and isinstance(made[1], dict):
        return made
    return made if isinstance(made, tuple) else (made,), {}


def find(target: str, paths: list[str], option: str) -> tuple[types.ModuleType, str]:
    """(the imported module, the name in it) of FILE.py:NAME or MODULE:NAME."""
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        raise refuse("usage", f"{option} takes FILE.py:NAME or MODULE:NAME, not '{target}'",
                     f"for example {option} my_models.py:tiny")
    module = import_file(place, target) if place.endswith(".py") else \
        import_module(place, target, paths)
    if not hasattr(module, name):
        known = [key for key, value in vars(module).items()
                 if callable(value) and not key.startswith("_")
                 and getattr(value, "__module__", None) == module.__name__]
        raise refuse("model-source", f"{place} has no '{name}'{nearest(name, known)}",
                     f"it defines {', '.join(known)}" if known else "it defines nothing to call",
                     where=str(getattr(module, "__file__", place)))
    return module, name


def import_file(place: str, target: str) -> types.ModuleType:
    """Imports a file under the name that pickles and reports will show: its stem."""
    path = pathlib.Path(place).resolve()
    if not path.is_file():
        beside = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise refuse("model-source", f"there is no file {place}{nearest(path.name, beside)}",
                     "paths are taken from the current folder")
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # its own imports of neighbours
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(path.stem)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        if before is None:
            del sys.modules[path.stem]
        else:
            sys.modules[path.stem] = before
        raise own_failure(f"{place} cannot be imported", error) from error
    return module


def import_module(place: str, target: str, paths: list[str]) -> types.ModuleType:
    for folder in reversed(paths or [os.getcwd()]):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and place.split(".")[0] == error.name.split(".")[0]:
            raise refuse("model-source", f"{target}: there is no module {error.name}",
                         "name the module's folder by --path", "name a file: FILE.py:NAME"
                         ) from error
        raise own_failure(f"{place} cannot be imported", error) from error
    except Exception as error:
        raise own_failure(f"{place} cannot be imported", error) from error


def call(module: types.ModuleType, name: str, said: str) -> Any:
    """What the named function or class gives; an instance of a model is itself."""
    import torch
    value = getattr(module, name)
    if isinstance(value, torch.nn.Module) or not callable(value):
        return value
    try:
        return value()
    except CaptureError:
        raise
    except Exception as error:
        raise own_failure(f"{said} fails", error) from error


def own_failure(what: str, error: Exception) -> CaptureError:
    """An error in the user's code: its line, not ours."""
    place = user_code.of_exception(error)
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}: {(error.text or '').strip()}"
    else:
        where = str(place) if place else ""
    return CaptureError(Problem("model-source", f"{what}: {type(error).__name__}: "
                                f"{first_line(error)}", where,
                                hints=("--verbose shows Python's whole traceback",)),
                        torch_says=error)


def described(value: Any) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {', '.join(type(element).__name__ for element in value)}"
    return type(value).__name__
