#!/usr/bin/env python3
"""Captures a PyTorch model to a .pt2, with the eager model's answers inside: --help has examples.

The work is done by the package of the same name beside this file.
"""
import sys

from capture.command import main

if __name__ == "__main__":
    sys.exit(main())
