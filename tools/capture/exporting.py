"""torch.export, its modes, and the diagnosis of what it refuses."""
from __future__ import annotations

import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from . import diagnosis, draft, kinds, user_code, violation
from .errors import CaptureError, Problem, refuse
from .samples import Sample, model_copy
from .source import Source


def export(source: Source, strict: bool = False, verbose: bool = False) -> Any:
    """The exported program. Raises CaptureError with every problem that was found."""
    with quiet(verbose):
        try:
            return run(source, strict)
        except Exception as error:
            problems = problems_of(error, source, strict)
            raise CaptureError(*problems, torch_says=error) from error


def run(source: Source, strict: bool) -> Any:
    import torch
    return torch.export.export(source.model, source.args, source.kwargs,
                               dynamic_shapes=source.dynamic_shapes, strict=strict)


def problems_of(error: Exception, source: Source, strict: bool) -> list[Problem]:
    """What the exception is about first, then what a draft finds besides."""
    found = draft.draft(source)
    violated = violation.of_exception(error, source, found)
    if violated:
        return violated
    first = diagnosis.diagnose(error, source)
    if first.code in (kinds.PYTHON, kinds.GRAPH_BREAK, kinds.MUTATION, kinds.UNKNOWN) and \
            exports(source, not strict):
        advice = "leave out --strict: without it this model exports" if strict else \
            "--strict: with it (tracing Python's bytecode) this model exports"
        kept = [hint for hint in first.hints if "--strict" not in hint]
        first = Problem(first.code, first.what, first.where, first.why, (advice, *kept))
    return [first, *later(first, found.problems)]


def later(first: Problem, drafted: list[Problem]) -> list[Problem]:
    """What the draft found after the first problem: the export itself got past all before it."""
    keys = [(problem.code, problem.where) for problem in drafted]
    key = (first.code, first.where)
    return drafted[keys.index(key) + 1:] if key in keys else []


def exports(source: Source, strict: bool) -> bool:
    """Whether the other mode takes the model, tried on a copy."""
    import copy
    attempt = Source(model_copy(source.model), *copy.deepcopy((source.args, source.kwargs)),
                     source.origin, source.dynamic_shapes)
    try:
        run(attempt, strict)
        return True
    except Exception:
        return False


@contextlib.contextmanager
def quiet(verbose: bool) -> Iterator[None]:
    """Without torch's own logs and warnings, and without the graph it prints when it fails."""
    if verbose:
        yield
        return
    logger, printed = logging.getLogger("torch"), io.StringIO()
    level, graphs = logger.level, []
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(printed):
            warnings.simplefilter("ignore")
            yield
    except CaptureError as error:
        graphs = [str(getattr(link, "partial_fx_graph", "")) for link in
                  user_code.chain(error)]
        raise
    finally:
        logger.setLevel(level)
        text = printed.getvalue()
        for graph in filter(None, graphs):
            text = text.replace(graph, "")
        if text.strip():
            sys.stderr.write(text)  # what the model itself said


def check_outputs(program: Any, sample: Sample) -> None:
    """Raises where the program's outputs are not those of the eager model, one for one."""
    found, expected = len(sample.outputs), len(program.graph_signature.user_outputs)
    if found != expected:
        raise refuse(kinds.UNKNOWN, f"eager returns {found} outputs, the exported program "
                     f"{expected}", "return a plain tuple of tensors from the model")
