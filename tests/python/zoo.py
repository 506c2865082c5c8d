#!/usr/bin/env python3
"""Captures the models of models.py once: zoo.py [NAME…] fills build/models/KEY/NAME.pt2.

KEY is a hash of everything that decides the bytes (Python, torch, transformers, capture.py, the
configs), so a stale file is never found; build/models/current links to it. `--all-in DIR` overrides
where the cache lies. Prints the folder.
"""
import argparse
import hashlib
import importlib.metadata
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tools")]

import capture  # noqa: E402
from models import MODELS  # noqa: E402


def cache_key():
    versions = [sys.version] + [importlib.metadata.version(n) for n in ("torch", "transformers")]
    source = (ROOT / "tools" / "capture.py").read_text()
    text = json.dumps([versions, source, MODELS], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def capture_arguments(name, output):
    model = dict(MODELS[name], config=json.dumps(MODELS[name]["config"]))
    options = [f"--{key.replace('_', '-')}={value}" for key, value in model.items()]
    return [str(output), *options]


def ensure_models(names=None, cache=ROOT / "build" / "models"):
    """The folder that holds NAME.pt2 for each of `names` (all), capturing what is not there yet."""
    names = list(names or MODELS)
    folder = pathlib.Path(cache) / cache_key()
    for name in names:
        output = folder / f"{name}.pt2"
        if not output.exists() and capture.main(capture_arguments(name, output)):
            raise SystemExit(f"zoo.py: could not capture {name}")
    link_current(folder)
    return folder


def link_current(folder):
    """Points CACHE/current at `folder`, replacing the link in one step."""
    link = folder.parent / "current"
    if link.is_symlink() and os.readlink(link) == folder.name:
        return
    temporary = folder.parent / f".current-{os.getpid()}"
    temporary.symlink_to(folder.name)
    os.replace(temporary, link)


def main():
    parser = argparse.ArgumentParser(prog="zoo.py", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODELS)} (all)")
    parser.add_argument("--all-in", default=ROOT / "build" / "models", help="the cache's folder")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(MODELS))
    if unknown:
        parser.error(f"no model is named {', '.join(unknown)}; there are {', '.join(MODELS)}")
    print(ensure_models(options.names, options.all_in))


if __name__ == "__main__":
    main()
