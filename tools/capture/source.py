"""What is captured: a model, the inputs to trace it with, and how."""
from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass
class Source:
    """args and kwargs are the first sample; dynamic_shapes is as torch.export takes it."""

    model: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    origin: str
    dynamic_shapes: Any = None


@dataclasses.dataclass(frozen=True)
class Mode:
    """How the model is exported and what is stored beside it."""

    train: bool = False  # in training mode, else in evaluation mode
    strict: bool = False  # trace Python's bytecode, else run it
    decompose: bool = False  # into the core operators
    joint: bool = False  # forward and backward in one graph; the first output is the loss
    sizes: tuple[str, ...] = ()  # NAME=SIZE,NAME=SIZE of further samples
    samples: int = 3  # how many, where sizes are dynamic and none are given
    verbose: bool = False
