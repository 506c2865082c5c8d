"""All that stands in an export's way at once, by torch.export.draft_export.

It goes on past a decision that depends on data (taking the sample's side) and past an operator
without a fake kernel (running the real one), and logs each. The log is read while it is written,
when the stack still knows which line of which module was running.
"""
from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from . import kinds, user_code
from .diagnosis import undecided
from .errors import Problem
from .samples import model_copy
from .source import Source


@dataclasses.dataclass(frozen=True)
class Guard:
    """A condition on sizes that tracing came to rely on; names map its symbols to their inputs."""

    expression: str
    names: tuple[tuple[str, str], ...]  # ("s77", "L['x'].size()[0]")
    place: user_code.Place | None


@dataclasses.dataclass
class Findings:
    """What the draft found; `complete` says whether it came to the end of the model."""

    problems: list[Problem] = dataclasses.field(default_factory=list)
    guards: list[Guard] = dataclasses.field(default_factory=list)
    complete: bool = False


class Listener(logging.Handler):
    """Notes what tracing logs, with the user's place at that moment."""

    def __init__(self, model: Any):
        super().__init__(logging.DEBUG)
        self.model, self.findings = model, Findings()

    def emit(self, record: logging.LogRecord) -> None:
        metadata = getattr(record, "metadata", {})
        if "propagate_real_tensors_provenance" in metadata:
            data = metadata["propagate_real_tensors_provenance"]
            self.add(undecided(self.place(), data["expr"]))
        elif "missing_fake_kernel" in metadata:
            operator = metadata["missing_fake_kernel"]["op"]
            self.add(kinds.missing_fake_kernel(self.place(), operator))
        elif "guard_added" in metadata:
            data = metadata["guard_added"]
            if data["symbol_to_sources"] and data["prefix"] != "runtime_assert":
                self.findings.guards.append(Guard(
                    data["expr"], tuple(data["symbol_to_sources"].items()), self.place()))

    def add(self, problem: Problem) -> None:
        if problem not in self.findings.problems:  # a loop comes by again
            self.findings.problems.append(problem)

    def place(self) -> user_code.Place | None:
        return user_code.place_in(user_code.running_frames(sys._getframe()), self.model)


def draft(source: Source) -> Findings:
    """Exports a copy of the model as a draft, only for what there is to be said about it."""
    import copy
    import torch
    model = model_copy(source.model)
    listener, log = Listener(model), logging.getLogger("torch.__trace")
    with draft_folder():
        log.addHandler(listener)
        try:
            torch.export.draft_export(
                model, *copy.deepcopy((source.args, source.kwargs)),
                dynamic_shapes=source.dynamic_shapes)
            listener.findings.complete = True
        except Exception:  # the draft has limits of its own; what it found before them counts
            pass
        finally:
            log.removeHandler(listener)
    return listener.findings


@contextlib.contextmanager
def draft_folder() -> Iterator[None]:
    """draft_export keeps a log file; here it lies in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("TORCH_DTRACE")
        os.environ["TORCH_DTRACE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["TORCH_DTRACE"]
            else:
                os.environ["TORCH_DTRACE"] = before


def dimension_of(source: str) -> tuple[str, int] | None:
    """("x", 0) of "L['x'].size()[0]", as torch names where a symbol comes from."""
    found = re.fullmatch(r"L(.*)\.size\(\)\[(\d+)\]", source)
    if not found:
        return None
    parts = re.findall(r"\['?([^'\]]+)'?\]|\.(\w+)", found.group(1))
    return ".".join(key or attribute for key, attribute in parts), int(found.group(2))
