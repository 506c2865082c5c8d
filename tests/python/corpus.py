#!/usr/bin/env python3
"""Writes the small programs of edge_programs.py and exports.py to a folder, for tools/soak --corpus
to damage: corpus.py FOLDER [--largest KILOBYTES]. Larger archives are left out: the soak's cases
should be many."""
import argparse
import os
import pathlib
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tools")]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402

import edge_programs  # noqa: E402
import exports  # noqa: E402
from capture import archive, capture_model  # noqa: E402
from capture.source import Source  # noqa: E402


def write_edge_program(name, path):
    model, args, kwargs, shapes = (*edge_programs.CASES[name](), None, None)[:4]
    capture_model(Source(model, args, kwargs or {}, name, shapes), path)


def write_export(name, path):
    made = exports.build(name)
    if made.sample is None:
        torch.export.save(made.program, path)
    else:
        archive.save(made.program, [made.sample], name, path)


def main():
    parser = argparse.ArgumentParser(prog="corpus.py", description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--largest", type=int, default=400, metavar="KILOBYTES")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    written = 0
    for write, cases in ((write_edge_program, edge_programs.CASES), (write_export, exports.CASES)):
        for name in cases:
            torch.manual_seed(0)
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                path = pathlib.Path(folder) / f"{name}.pt2"
                write(name, path)
                if path.stat().st_size <= options.largest * 1000:
                    path.rename(options.folder / path.name)
                    written += 1
    print(f"{written} programs in {options.folder}")


if __name__ == "__main__":
    main()
