"""Prints the folder of the torch wheel that the given Python would import, without importing it (an import costs 1.4 s).

Meson runs this at configuration time; the folder holds include/ and lib/ as an unpacked libtorch does.
"""
import importlib.util
import os
import sys

spec = importlib.util.find_spec("torch")
if spec is None or not spec.origin:
    sys.exit("torch is not installed for " + sys.executable + "; run tools/setup, or pass -Dlibtorch=DIR")
print(os.path.dirname(spec.origin))
