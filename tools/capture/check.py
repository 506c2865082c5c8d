"""Whether fettle would read what was exported, asked of fettle itself.

The program is written into a temporary folder that goes away again.
"""
from __future__ import annotations

import collections
import pathlib
import re
import subprocess
import tempfile
from typing import Any

from . import exporting
from .errors import CaptureError, Problem
from .sizes import Dimension

FETTLE = pathlib.Path(__file__).resolve().parents[2] / "build" / "fettle"


def raise_refusals(program: Any) -> None:
    """Raises CaptureError with what fettle says against the program; needs build/fettle."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.pt2"
        exporting.save(program, path)  # says itself what torch cannot write
        if not FETTLE.exists():
            return
        done = subprocess.run([FETTLE, "inspect", path], capture_output=True, text=True)
    if done.returncode:
        said = re.match(r"error\[([a-z0-9-]+)\]: (.*)", done.stderr)
        raise CaptureError(Problem("fettle-refuses", "it exports, and fettle would refuse it: "
                                   + (said.group(2) if said else done.stderr.strip()),
                                   why=said.group(1) if said else "",
                                   hints=("write that part with torch's own operators",)))


def summary(program: Any, free: list[Dimension]) -> str:
    """What the capture would hold, for people."""
    count = sum(node.op == "call_function" for node in program.graph.nodes)
    lines = [f"it exports: {len(program.graph.nodes)} nodes, {count} of them calls"]
    lines += [f"  dynamic {entry}" for entry in free] or ["  every size is fixed"]
    custom = collections.Counter(
        str(node.target) for node in program.graph.nodes if node.op == "call_function"
        and getattr(node.target, "namespace", "aten") not in ("aten", "prims"))
    lines += [f"  {name}, {times} times: an operator from outside of torch's core"
              for name, times in custom.items()]
    lines.append("  fettle reads it" if FETTLE.exists() else
                 "  whether fettle reads it was not asked: build/fettle is not built")
    return "\n".join(lines)
