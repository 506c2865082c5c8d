"""torch.export, and what it says when it refuses."""
from __future__ import annotations

from typing import Any

from .errors import CaptureError, first_line, refuse
from .samples import Sample
from .source import Source


def export(source: Source) -> Any:
    """The exported program. Raises CaptureError with the diagnosis."""
    import torch
    try:
        return torch.export.export(source.model, source.args, source.kwargs,
                                   dynamic_shapes=source.dynamic_shapes, strict=False)
    except Exception as error:
        raise refuse("export-failed", f"{source.origin} cannot be exported: "
                     f"{type(error).__name__}: {first_line(error)}",
                     "--verbose shows where") from error


def check_outputs(program: Any, sample: Sample) -> None:
    """Raises where the program's outputs are not those of the eager model, one for one."""
    found, expected = len(sample.outputs), len(program.graph_signature.user_outputs)
    if found != expected:
        raise refuse("export-failed", f"eager returns {found} outputs, the exported program "
                     f"{expected}", "return a plain tuple of tensors from the model")
