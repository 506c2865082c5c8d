"""Captured models, cached: captured({name: capture.py's options}, folder) captures what is missing.

They lie in FOLDER/KEY/NAME.pt2. KEY is a hash of everything that decides the bytes (Python, torch,
transformers, capture's sources, the options), so a stale file is never found; FOLDER/current links to it.
"""
import hashlib
import importlib.metadata
import json
import os
import pathlib
import sys

import capture


def cache_key(models):
    versions = [sys.version] + [importlib.metadata.version(n) for n in ("torch", "transformers")]
    sources = sorted(pathlib.Path(capture.__file__).parent.glob("*.py"))
    text = json.dumps([versions, [path.read_text() for path in sources], models], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def arguments(options, output):
    """capture.py's command line; a config given as a dict travels as JSON."""
    texts = {key: json.dumps(value) if isinstance(value, dict) else value
             for key, value in options.items()}
    return [str(output), *(f"--{key.replace('_', '-')}={text}" for key, text in texts.items())]


def captured(models, folder, names=None):
    """The folder that holds NAME.pt2 for each of `names` (all of `models`)."""
    target = pathlib.Path(folder) / cache_key(models)
    for name in names or models:
        output = target / f"{name}.pt2"
        if not output.exists() and capture.main(arguments(models[name], output)):
            raise SystemExit(f"could not capture {name}")
    link_current(target)
    return target


def link_current(target):
    """Points `current` beside `target` at it, replacing an older link in one step."""
    link = target.parent / "current"
    if link.is_symlink() and os.readlink(link) == target.name:
        return
    temporary = target.parent / f".current-{os.getpid()}"
    temporary.symlink_to(target.name)
    os.replace(temporary, link)
