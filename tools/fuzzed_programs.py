"""Fuzzes passes, with Python as a second opinion: `tools/fuzz programs [OPTION of fettle fuzz]…`.

`fettle fuzz` makes programs and keeps those that pass, before and after the pipeline; here torch.export.load
reads both, and both must give the very bits that fettle computed. Goes on until something is found, for
--seconds or for --programs.
"""
import argparse
import contextlib
import dataclasses
import io
import logging
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

BATCH = 200  # programs between two looks at what is kept
SEED = 1     # of the runs whose outputs are kept (kKeptSeed, core/fuzz/fuzz.hpp)


@dataclasses.dataclass
class Disagreement:
    program: pathlib.Path
    what: str


def bytes_of(tensor):
    import torch
    flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    return bytes(flat.view(torch.uint8).tolist()) if flat.numel() else b""


def outputs_of(program, arguments):
    """What the program returns, run as fettle ran it."""
    import torch
    torch.manual_seed(SEED)
    given = [a.clone() if isinstance(a, torch.Tensor) else a for a in arguments]
    with torch.no_grad():
        return program.module()(*given)


def load(path):
    """An exported program; what torch logs of a failure becomes the exception's text."""
    import torch
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("torch.export")
    logger.addHandler(handler)
    try:
        with contextlib.redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.load(path)
    except Exception as error:  # whatever it is, Python does not load it
        lines = [line for line in said.getvalue().splitlines() if line.strip()]
        raise RuntimeError(lines[-1] if lines else str(error)) from error
    finally:
        logger.removeHandler(handler)


def stored_outputs(path, count):
    with zipfile.ZipFile(path) as archive:
        root = archive.namelist()[0].split("/")[0]
        return [archive.read(f"{root}/fettle/outputs/0/{k}") for k in range(count)]


def disagreement(original):
    """Why Python does not see it as fettle does; None if it does."""
    optimized = original.with_suffix("").with_suffix(".optimized.pt2")
    for path in (original, optimized):
        try:
            program = load(path)
        except RuntimeError as error:
            return Disagreement(path, f"Python does not load it: {error}")
        if path == original:
            arguments = program.example_inputs[0]
        try:
            outputs = outputs_of(program, arguments)
        except Exception as error:  # the program's own
            return Disagreement(path, f"Python does not run it: {type(error).__name__}: {error}")
        for k, wanted in enumerate(stored_outputs(original, len(outputs))):
            if bytes_of(outputs[k]) != wanted:
                return Disagreement(path, f"output {k} has other bits in Python")
    return None


def disagreements(folder):
    """Of all programs that `fettle fuzz --keep-programs` left there."""
    originals = sorted(p for p in pathlib.Path(folder).glob("*.pt2")
                       if not p.name.endswith(".optimized.pt2"))
    return len(originals), [found for found in map(disagreement, originals) if found]


def batch(fettle, seed, programs, options):
    """Exit status and disagreements of some programs; findings are printed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([fettle, "fuzz", f"--seed={seed}", f"--programs={programs}",
                               f"--keep-programs={folder}", *options], text=True,
                              stdout=subprocess.PIPE)
        looked_at, found = disagreements(folder)
        if done.returncode != 0:
            print(done.stdout)
        for each in found:
            print(f"{each.program.name}: {each.what}")
            print(f"  again: fettle fuzz --seed={each.program.name.split('.')[0]} --programs=1 "
                  f"--keep-programs=DIR {' '.join(options)}")
        return done.returncode or bool(found), looked_at


def main():
    parser = argparse.ArgumentParser(prog="tools/fuzz programs", description=__doc__.split("\n\n")[1],
                                     epilog="other options are those of `fettle fuzz`")
    parser.add_argument("--fettle", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--programs", type=int, default=None)
    parser.add_argument("--seed", type=int, default=None)
    given, options = parser.parse_known_args()
    seed = random.randrange(2 ** 32) if given.seed is None else given.seed
    print(f"programs from seed {seed}", flush=True)
    begin, made, kept, found = time.monotonic(), 0, 0, 0
    while not found or "--keep-going" in options:
        left = BATCH if given.programs is None else min(BATCH, given.programs - made)
        if left <= 0 or (given.seconds and time.monotonic() - begin > given.seconds):
            break
        status, looked_at = batch(given.fettle, seed + made, left, options)
        made, kept, found = made + left, kept + looked_at, found + bool(status)
    print(f"{made} programs, {kept} of them and what became of them seen by Python, in "
          f"{time.monotonic() - begin:.0f} s; " + ("nothing found" if not found else "see above"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
