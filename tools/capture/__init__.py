"""Capture a PyTorch model to a .pt2 that fettle can hold to account.

The model is exported with torch.export, saved with torch.export.save, and then given what the
*eager* model computed on the sample inputs: the reference that every later pass is judged by.
`command` is the command line; `capture_model` is the same for a model that is already built.
"""
from .command import main
from .program import capture_model

__all__ = ["capture_model", "main"]
