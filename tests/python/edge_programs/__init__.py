"""Small programs at the edges of what torch.export gives: aliasing, writes, dtypes, odd shapes,
outputs that are no tensors. Each function returns what tools/capture.py takes from a user's own:
(model, args[, kwargs[, dynamic_shapes]]).

A file holds the programs of one theme; CASES has all of them by name.
"""
from . import folded, inputs, numbers, operators, outputs  # noqa: F401
from . import regions, shapes, state, training, writes  # noqa: F401
from .cases import CASES, ramp  # noqa: F401
