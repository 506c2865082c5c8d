"""The .pt2 with what the eager model computed inside, written whole or not at all.

What is added lies in the archive's folder `fettle/`, which Python ignores (`extra/` is for text):
  fettle/capture.json          versions, the model's origin, modules to import before loading,
                               and for each sample its inputs' record and its outputs
  fettle/inputs/SAMPLE.pt      the inputs of samples after the first, as torch.save writes them
  fettle/outputs/SAMPLE/K      the K-th flat user output: little-endian contiguous bytes, stored,
                               64-byte aligned; dtype numbers are those of torch's export schema
  fettle/effects/SAMPLE/K      the same for what the call changed: buffers, parameters, inputs
"""
from __future__ import annotations

import importlib
import io
import json
import os
import pathlib
import sys
import tempfile
import zipfile
from typing import Any

from . import effects, exporting
from .errors import refuse
from .samples import Sample

SAMPLE_INPUTS = "data/sample_inputs/model.pt"  # where torch.export.save puts the first sample
ALIGNMENT = 64  # torch's own writer aligns records so that they can be mapped


def check_destination(output: pathlib.Path) -> None:
    """Raises, before any work is done, where `output` cannot be written."""
    if output.is_dir():
        raise refuse("output", f"{output} is a folder", f"name a file, such as {output}/model.pt2")
    if output.suffix != ".pt2":
        raise refuse("output", f"{output} does not end in .pt2, and torch.export.load wants that",
                     f"{output}.pt2")
    folder = next(parent for parent in output.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise refuse("output", f"{output} cannot be written: {folder} is no folder",
                     "name another place")
    if not os.access(folder, os.W_OK):
        raise refuse("output", f"{output} cannot be written: no permission in {folder}",
                     "name another place")


def save(program: Any, samples: list[Sample], origin: str, output: pathlib.Path) -> None:
    """Saves in a folder beside the target and renames: no half-written file is ever seen."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".capture-") as folder:
        path = pathlib.Path(folder) / output.name  # torch names the archive's root after the file
        exporting.save(program, path)
        append_capture(path, program, samples, origin)
        os.replace(path, output)


def load(path: pathlib.Path | str) -> Any:
    """torch.export.load, after the imports that the capture names; of any .pt2."""
    import torch
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("/fettle/capture.json"):
                for module in json.loads(archive.read(name))["imports"]:
                    importlib.import_module(module)
    return torch.export.load(path)


def append_capture(path: pathlib.Path, program: Any, samples: list[Sample], origin: str) -> None:
    """Writes fettle/capture.json and the samples into the archive at `path`."""
    import torch
    transformers = sys.modules.get("transformers")
    with zipfile.ZipFile(path, "a") as archive:
        root = archive.namelist()[0].split("/")[0]
        entries = [append_sample(archive, root, number, sample, program)
                   for number, sample in enumerate(samples)]
        capture = {"version": 1, "torch": torch.__version__.partition("+")[0],
                   "transformers": transformers and transformers.__version__, "source": origin,
                   "imports": sorted(defining_modules(samples[0].spec)), "samples": entries}
        text = json.dumps(capture, indent=1)
        append_record(archive, f"{root}/fettle/capture.json", text.encode())


def append_sample(archive: zipfile.ZipFile, root: str, number: int, sample: Sample,
                  program: Any) -> dict:
    """Stores what capture.json's entry for one sample names; returns the entry."""
    inputs = SAMPLE_INPUTS
    if number:
        inputs = f"fettle/inputs/{number}.pt"
        append_record(archive, f"{root}/{inputs}", saved((sample.args, sample.kwargs)))

    def store(value: Any, record: str) -> dict:
        entry, data = describe_output(value, record)
        if data is not None:
            append_record(archive, f"{root}/{record}", data)
        return entry

    outputs = [store(value, f"fettle/outputs/{number}/{index}")
               for index, value in enumerate(sample.outputs)]
    changed = [{"kind": change.kind, "target": change.target,
                **store(change.value, f"fettle/effects/{number}/{index}")}
               for index, change in enumerate(effects.named(program, sample.changes))]
    return {"inputs": inputs, "outputs": outputs, "effects": changed}


def saved(value: Any) -> bytes:
    import torch
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def defining_modules(spec: Any) -> set[str]:
    """Modules that register the output's classes with pytree: torch.export.load needs them."""
    found = set()
    if spec.type is not None:
        found.add(spec.type.__module__)
    for child in spec.children():
        found.update(defining_modules(child))
    always_there = ("builtins", "collections", "torch")
    return {module for module in found if module.split(".")[0] not in always_there}


def describe_output(value: Any, record: str) -> tuple[dict, bytes | None]:
    """(the entry of capture.json, the record's bytes or None) for one flat output."""
    import torch
    from torch._export.serde.serialize import _TORCH_TO_SERIALIZE_DTYPE
    if not isinstance(value, torch.Tensor):
        return {"value": value}, None
    tensor = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    entry = {"record": record, "dtype": int(_TORCH_TO_SERIALIZE_DTYPE[tensor.dtype]),
             "sizes": list(tensor.shape)}
    return entry, tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


def append_record(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Stores one record behind those torch wrote, its bytes aligned as torch aligns them."""
    info = zipfile.ZipInfo(name)  # its fixed date keeps captures reproducible
    # Its bytes follow the local header (30), the name, and the padding's own header (4).
    unpadded = archive.start_dir + 30 + len(name.encode()) + 4
    padding = -unpadded % ALIGNMENT
    info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    archive.writestr(info, data, zipfile.ZIP_STORED)
