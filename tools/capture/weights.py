"""What a model's parameters hold: a state dict from a file, or fresh random numbers.

Raises CaptureError for a file that cannot be read, and for names and shapes that do not fit.
"""
from __future__ import annotations

import pathlib
from typing import Any

from .errors import first_line, nearest, refuse


def load(model: Any, path: pathlib.Path) -> None:
    """Puts a state dict (.pt, .pth, .bin or .safetensors) into the model; every name must fit."""
    state = read(path)
    own = model.state_dict()
    unknown, missing = sorted(set(state) - set(own)), sorted(set(own) - set(state))
    shapes = [f"{name} is {list(value.shape)} in the file and {list(own[name].shape)} in the model"
              for name, value in state.items()
              if name in own and value.shape != own[name].shape]
    if shapes:
        raise refuse("weights", f"{path} does not fit the model: {shapes[0]}"
                     + more(shapes), "use the config that these weights were trained with")
    given = {value.data_ptr() for name, value in own.items() if name in state}
    missing = [name for name in missing if own[name].data_ptr() not in given]  # no tied name
    if unknown:
        raise refuse("weights", f"{path} has '{unknown[0]}', which the model does not"
                     + more(unknown) + nearest(unknown[0], own), "names must be those of "
                     "model.state_dict(): look for a prefix such as 'model.'")
    if missing:
        raise refuse("weights", f"{path} lacks '{missing[0]}'{more(missing)}",
                     "save the whole state dict: torch.save(model.state_dict(), …)")
    model.load_state_dict(state, strict=False, assign=False)


def more(entries: list[str]) -> str:
    return f" (and {len(entries) - 1} more)" if len(entries) > 1 else ""


def read(path: pathlib.Path) -> dict[str, Any]:
    import torch
    if not path.is_file():
        raise refuse("weights", f"there is no file {path}",
                     "paths are taken from the current folder")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # the libraries raise many kinds for what is no such file
        raise refuse("weights", f"{path} cannot be read as a state dict: {first_line(error)}",
                     "save it with torch.save(model.state_dict(), …), or as .safetensors"
                     ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]  # a training checkpoint
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise refuse("weights", f"{path} holds {type(state).__name__}, not a state dict",
                     "save it with torch.save(model.state_dict(), …)")
    return state


def reinitialise(model: Any) -> None:
    """kaiming_normal_ for kernels and matrices; batch-norm statistics near 0 and 1."""
    import torch
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)
    for name, statistic in model.named_buffers():
        if name.endswith("running_mean"):
            torch.nn.init.normal_(statistic, 0.0, 0.1)
        elif name.endswith("running_var"):
            torch.nn.init.uniform_(statistic, 0.5, 1.5)
