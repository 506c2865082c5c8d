"""What is captured: a model, the inputs to trace it with, and where it came from."""
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
