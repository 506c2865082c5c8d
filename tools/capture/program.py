"""From a source to a file: run eagerly, export, run at other sizes, store."""
from __future__ import annotations

import argparse
import os
import pathlib
import sys
from typing import Any

from . import (archive, check, dimensions, exporting, hugging_face, own_code, samples, sizes,
               tokens, types_known, weights)
from .errors import CaptureError
from .samples import Sample
from .source import Mode, Source


def capture(options: argparse.Namespace) -> Any:
    """Builds, runs, exports and writes what the command line asks for; returns the program."""
    archive.check_destination(options.output)
    source, requests, mode = build(options)
    return capture_model(source, options.output, mode, requests)


def check_only(options: argparse.Namespace) -> str:
    """What capture would do, without writing anything: the dynamic dimensions it would have.

    Raises CaptureError with everything that stands in its way.
    """
    source, requests, mode = build(options)
    program, _ = exported(source, mode)
    check.raise_refusals(program)
    return check.summary(program, sizes.free_dimensions(program, source, requests))


def build(options: argparse.Namespace) -> tuple[Source, list[dimensions.Request], Mode]:
    """The model as the options describe it, its inputs, and what is asked of their sizes."""
    import torch
    torch.manual_seed(options.seed)
    source = hugging_face.load(options) if options.hf else own_code.load(options)
    if options.init == "kaiming":
        weights.reinitialise(source.model)
    if options.weights:
        weights.load(source.model, options.weights)
    if options.text:
        source.args, source.kwargs = (), tokens.inputs(source.model, options)
    requests = [dimensions.parse(text) for text in options.dynamic]
    samples.check_call(source)
    if requests:
        source.dynamic_shapes = dimensions.dynamic_shapes(requests, source)
    mode = Mode(options.train, options.strict, options.decompose, options.joint,
                tuple(options.sizes), options.samples, options.verbose)
    return source, requests, mode


def capture_model(source: Source, output: pathlib.Path | str | os.PathLike, mode: Mode = Mode(),
                  requests: list[dimensions.Request] | None = None) -> Any:
    """Captures a model that is already built; returns the exported program.

    Raises CaptureError where the model fails, cannot be exported or cannot be written.
    """
    program, first = exported(source, mode)
    taken = [first, *further(program, source, mode, requests or [])]
    archive.save(program, taken, source.origin, pathlib.Path(output))
    return program


def exported(source: Source, mode: Mode) -> tuple[Any, Sample]:
    """The program and the first sample. Eager comes first: its state does not leak."""
    source.model.train(mode.train)
    first = samples.run_eager(source.model, source.args, source.kwargs)
    wrong = types_known.problems(source, first)
    if wrong:
        raise CaptureError(*wrong)
    program = exporting.export(source, mode)
    exporting.check_outputs(program, first)
    return program, first


def further(program: Any, source: Source, mode: Mode, requests: list[dimensions.Request]) \
        -> list[Sample]:
    """Eager's answers at other sizes; those nobody asked for by name may fail, and are left out."""
    free = sizes.free_dimensions(program, source, requests)
    found = []
    for values in sizes.chosen(free, mode.sizes, mode.samples):
        args, kwargs = sizes.inputs_at(program, source, values)
        try:
            found.append(samples.run_eager(source.model, args, kwargs))
        except CaptureError as error:
            told = sizes.explained(error, free, values)
            if mode.sizes or all(entry.asked for entry in free):
                raise told from error
            print(f"note: no sample is stored at {sizes.label_of(free, values)}: the model fails "
                  "there", file=sys.stderr)
    return found
