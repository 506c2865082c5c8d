"""What capture says when it cannot go on: problems in the form that fettle itself prints.

    error[CODE]: what
      where: …
      why: …
      try: …

docs/capture.md explains each code.
"""
from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable


CODES = {
    "usage": "an option that cannot be understood",
    "config": "a config that a Hugging Face class does not take",
    "model-source": "the model's code or class is not there, or fails",
    "model-inputs": "the sample inputs are missing or do not fit the model",
    "model-fails": "the model fails in eager mode, before any export",
    "weights": "a weights file that cannot be read or does not fit the model",
    "tokenizer": "a tokenizer that cannot be read or does not fit the model",
    "dynamic-shapes": "dynamic dimensions that the sample does not have or fit",
    "output": "the .pt2 cannot be written",
    "data-dependent-control-flow": "Python decides by the values of tensors",
    "data-dependent-shape": "a size or an index comes from the values of tensors",
    "unsupported-python": "Python that tracing cannot follow",
    "graph-break": "with --strict: what dynamo cannot put into one graph",
    "specialized-dimension": "a dynamic dimension that the model fixes or restricts",
    "missing-fake-kernel": "a custom operator that does not say what shape its result has",
    "mutation-or-aliasing": "a write or a shared tensor that torch.export does not allow",
    "unregistered-type": "an input or output of a class that torch cannot take apart",
    "not-serializable": "exported, and torch.export.save cannot write it",
    "joint-graph": "a model that has no joint forward and backward graph",
    "fettle-refuses": "exported, and fettle would not read it",
    "export-failed": "a failure that fettle does not know, with torch's own message",
    "bug": "capture itself fails; exit code 70",
}


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `hints` are what to try, the likeliest first."""

    code: str
    what: str
    where: str = ""
    why: str = ""
    hints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise KeyError(f"the code '{self.code}' is not listed")

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.what}"]
        lines += [f"  {label}: {indented(text)}" for label, text in
                  (("where", self.where), ("why", self.why)) if text]
        for number, hint in enumerate(self.hints):
            lines.append(f"  {'or ' if number else 'try'}: {indented(hint)}")
        return "\n".join(lines)


class CaptureError(Exception):
    """Capture cannot go on. `torch_says` is torch's own account, shown with --verbose."""

    def __init__(self, *problems: Problem, torch_says: BaseException | None = None):
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.torch_says = torch_says


def refuse(code: str, what: str, *hints: str, where: str = "", why: str = "") -> CaptureError:
    """The error of a single problem, to be raised."""
    return CaptureError(Problem(code, what, where, why, hints))


def nearest(name: str, known: Iterable[str]) -> str:
    """" (did you mean 'X'?)", or nothing where no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def first_line(error: BaseException) -> str:
    """What an exception says, in one line that is not too long."""
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if len(line) <= 200 else line[:197] + "…"


def indented(text: str) -> str:
    return text.replace("\n", "\n       ")
