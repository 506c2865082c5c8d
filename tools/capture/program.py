"""From a source to a file: run eagerly, export, store."""
from __future__ import annotations

import argparse
import os
import pathlib
from typing import Any

from . import archive, exporting, hugging_face, own_code, samples, types_known
from .errors import CaptureError
from .source import Source


def capture(options: argparse.Namespace) -> Any:
    """Builds, runs, exports and writes what the command line asks for; returns the program."""
    import torch
    archive.check_destination(options.output)
    torch.manual_seed(options.seed)
    source = hugging_face.load(options) if options.hf else own_code.load(options)
    if options.init == "kaiming":
        reinitialise(source.model)
    return capture_model(source, options.output)


def capture_model(source: Source, output: pathlib.Path | str | os.PathLike) -> Any:
    """Captures a model that is already built; returns the exported program.

    Raises CaptureError where the model fails, cannot be exported or cannot be written.
    """
    source.model.eval()
    eager = samples.run_eager(source.model, source.args, source.kwargs)
    wrong = types_known.problems(source, eager)
    if wrong:
        raise CaptureError(*wrong)
    program = exporting.export(source)
    exporting.check_outputs(program, eager)
    archive.save(program, [eager], source.origin, pathlib.Path(output))
    return program


def reinitialise(model: Any) -> None:
    """kaiming_normal_ for kernels and matrices; batch-norm statistics near 0 and 1."""
    import torch
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)
    for name, statistic in model.named_buffers():
        if name.endswith("running_mean"):
            torch.nn.init.normal_(statistic, 0.0, 0.1)
        elif name.endswith("running_var"):
            torch.nn.init.uniform_(statistic, 0.5, 1.5)
