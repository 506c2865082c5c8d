"""What capture says when it cannot go on: problems in the form that fettle itself prints.

    error[CODE]: what
      where: …
      why: …
      try: …

The codes are listed in docs/capture.md.
"""
from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `hints` are what to try, the likeliest first."""

    code: str
    what: str
    where: str = ""
    why: str = ""
    hints: tuple[str, ...] = ()

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
