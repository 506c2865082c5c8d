#!/usr/bin/env python3
"""Captures the models of models.py once: zoo.py [NAME…] fills build/models/current, and prints
where that is (tools/captured.py says how they are cached)."""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tools")]

from captured import captured  # noqa: E402
from models import MODELS  # noqa: E402


def ensure_models(names=None):
    return captured(MODELS, ROOT / "build" / "models", names)


def main():
    parser = argparse.ArgumentParser(prog="zoo.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODELS)} (all)")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(MODELS))
    if unknown:
        parser.error(f"no model is named {', '.join(unknown)}; there are {', '.join(MODELS)}")
    print(ensure_models(names))


if __name__ == "__main__":
    main()
