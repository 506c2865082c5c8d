"""torch.export, its modes, and the diagnosis of what it refuses."""
from __future__ import annotations

import contextlib
import io
import logging
import pathlib
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from . import diagnosis, draft, kinds, user_code, violation
from .errors import CaptureError, Problem, first_line, refuse
from .samples import Sample, model_copy
from .source import Mode, Source


def export(source: Source, mode: Mode = Mode()) -> Any:
    """The exported program. Raises CaptureError with every problem that was found."""
    with quiet(mode.verbose):
        try:
            program = run(source, mode.strict)
        except Exception as error:
            problems = problems_of(error, source, mode.strict)
            raise CaptureError(*problems, torch_says=error) from error
        if mode.decompose:
            program = decomposed(program)
        return joint(program) if mode.joint else program


def run(source: Source, strict: bool) -> Any:
    import torch
    return torch.export.export(source.model, source.args, source.kwargs,
                               dynamic_shapes=source.dynamic_shapes, strict=strict)


def decomposed(program: Any) -> Any:
    try:
        return program.run_decompositions()
    except Exception as error:
        raise refuse(kinds.UNKNOWN, "the program exports and cannot be decomposed into the core "
                     "operators", "leave out --decompose", why=f"torch says: {first_line(error)}"
                     ) from error


def joint(program: Any) -> Any:
    """Forward and backward in one graph; the first output is the loss."""
    from torch.export.experimental import _export_forward_backward
    try:
        return _export_forward_backward(program)
    except Exception as error:
        raise refuse("joint-graph", "there is no joint forward and backward graph of this model",
                     "return the loss, a scalar that needs gradients, first",
                     "detach() every output after it",
                     "let every parameter take part, or freeze it: requires_grad_(False)",
                     why=f"torch says: {first_line(error)}") from error


def save(program: Any, path: pathlib.Path) -> None:
    """torch.export.save. Raises CaptureError with the line of what cannot be written."""
    import torch
    try:
        with quiet(False):
            torch.export.save(program, path)
    except OSError:
        raise
    except Exception as error:
        raise CaptureError(diagnosis.of_saving(error, program), torch_says=error) from error


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
    """Whether the other mode takes the model and torch can save that, tried on a copy."""
    import copy
    import torch
    attempt = Source(model_copy(source.model), *copy.deepcopy((source.args, source.kwargs)),
                     source.origin, source.dynamic_shapes)
    try:
        with tempfile.TemporaryFile() as file:
            torch.export.save(run(attempt, strict), file)
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
    kinds_of = [spec.kind.name for spec in program.graph_signature.output_specs]
    found = len(sample.outputs)
    expected = sum(kind in ("USER_OUTPUT", "LOSS_OUTPUT") for kind in kinds_of)
    if found != expected:
        raise refuse(kinds.UNKNOWN, f"eager returns {found} outputs, the exported program "
                     f"{expected}", "return a plain tuple of tensors from the model")
