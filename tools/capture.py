#!/usr/bin/env python3
"""Capture a PyTorch model to a .pt2 that fettle can hold to account.

The model is exported with torch.export, saved with torch.export.save, and then given what the
*eager* model computed on the sample inputs: the reference that every later pass is judged by.

What is added lies in the archive's folder `fettle/`, which Python ignores (`extra/` is for text):
  fettle/capture.json          versions, the model's origin, modules to import before loading,
                               and for each sample its inputs' record and its outputs
  fettle/outputs/SAMPLE/K      the K-th flat user output: little-endian contiguous bytes, stored,
                               64-byte aligned; dtype numbers are those of torch's export schema
"""
import argparse
import importlib
import json
import os
import pathlib
import sys
import tempfile
import zipfile

EXAMPLES = """
a Hugging Face class, or a model type, with a config; nothing is downloaded, weights are random:
  capture.py bert.pt2 --hf BertModel --config num_hidden_layers=2,hidden_size=128 --sequence 32
  capture.py llama.pt2 --hf LlamaForCausalLM --config '{"num_hidden_layers": 2, "vocab_size": 1000}'
  capture.py resnet18.pt2 --hf ResNetForImageClassification --init kaiming --image-size 224 \\
      --config '{"depths": [2,2,2,2], "hidden_sizes": [64,128,256,512], "layer_type": "basic"}'

your own: a function that returns (model, args), (model, args, kwargs) or
(model, args, kwargs, dynamic_shapes):
  capture.py mine.pt2 --call my_models:tiny --path ./src

exit codes: 0 captured; 2 bad usage, or the model cannot be built, run or exported
"""

SAMPLE_INPUTS = "data/sample_inputs/model.pt"  # where torch.export.save puts them
ALIGNMENT = 64  # torch's own writer aligns records so that they can be mapped


class CaptureError(Exception):
    """What went wrong and why; `hint` is the next thing to try."""

    def __init__(self, what, hint):
        super().__init__(what)
        self.hint = hint


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="capture.py", description=__doc__.split("\n\n")[0], epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="the .pt2 to write")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hf", metavar="CLASS", help="a model class of transformers "
                        "(BertModel), or a model type (bert) for its base model")
    source.add_argument("--call", metavar="MODULE:FUNCTION", help="a function that makes the model "
                        "and its example inputs")
    parser.add_argument("--path", action="append", default=[], help="where --call's module lies "
                        "(default: the current folder)")
    parser.add_argument("--config", default="", help="the config's fields: key=value,key=value "
                        "or a JSON object (with --hf)")
    parser.add_argument("--batch", type=int, default=1, help="rows of the sample inputs (1)")
    parser.add_argument("--sequence", type=int, default=16, help="tokens of a text sample (16)")
    parser.add_argument("--image-size", type=int, help="pixels of an image's side (the config's)")
    parser.add_argument("--init", choices=["default", "kaiming"], default="default",
                        help="kaiming: kernels and matrices by kaiming_normal_, batch-norm "
                        "statistics near 0 and 1. Some default weights (MobileNetV2's) let "
                        "activations fade into denormals, where no comparison means anything")
    parser.add_argument("--seed", type=int, default=0, help="of weights and sample inputs (0)")
    parser.add_argument("--traceback", action="store_true", help="show Python's whole traceback")
    return parser.parse_args(arguments)


def parse_config(text):
    """Fields of a config, from a JSON object or key=value,key=value (values are JSON or words)."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise CaptureError(f"--config is not valid JSON: {error}",
                               "quote keys and strings with double quotes") from error
    fields = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise CaptureError(f"--config: '{part}' is not key=value",
                               "write key=value,key=value, or a JSON object for lists")
        try:
            fields[key.strip()] = json.loads(value)
        except json.JSONDecodeError:
            fields[key.strip()] = value
    return fields


def hugging_face_model(name, fields):
    """A model of transformers with random weights, made from its config alone."""
    try:
        import transformers
    except ImportError as error:
        raise CaptureError(f"--hf needs transformers: {error}", "run tools/setup, then "
                           "build/venv/bin/python tools/capture.py") from error
    model_class = getattr(transformers, name, None)
    if name in transformers.CONFIG_MAPPING:
        config_class, make = transformers.CONFIG_MAPPING[name], transformers.AutoModel.from_config
    elif getattr(model_class, "config_class", None):
        config_class, make = model_class.config_class, model_class
    else:
        raise CaptureError(f"transformers has no model class or model type '{name}'",
                           "name a class such as BertModel, or a type such as bert")
    default = config_class()
    unknown = sorted(field for field in fields if not hasattr(default, field))
    if unknown:
        raise CaptureError(f"{config_class.__name__} has no field {', '.join(unknown)}",
                           f"its fields are those of transformers.{config_class.__name__}")
    config = config_class(**fields)
    if hasattr(config, "use_cache") and "use_cache" not in fields:
        config.use_cache = False  # a cache among the outputs is no tensor; ask for it by name
    return make(config), config


def first_field(config, names, default=None):
    values = (getattr(config, name, None) for name in names)
    return next((value for value in values if value is not None), default)


def sample_inputs(model, config, options):
    """Made-up inputs by the name of the model's main input; returns (args, kwargs)."""
    import torch
    batch, sequence = options.batch, options.sequence
    tokens = lambda: torch.randint(0, first_field(config, ["vocab_size"], 2), (batch, sequence))
    name = model.main_input_name
    if name == "pixel_values":
        side = options.image_size or first_field(config, ["image_size"], 224)
        height, width = side if isinstance(side, (list, tuple)) else (side, side)
        return (torch.randn(batch, first_field(config, ["num_channels"], 3), height, width),), {}
    if name == "input_values":
        return (torch.randn(batch, 16000),), {}  # a second of sound
    if name == "input_ids":
        more = {"decoder_input_ids": tokens()} if getattr(config, "is_encoder_decoder", 0) else {}
        return (tokens(),), more
    raise CaptureError(f"no sample inputs are known for a main input named '{name}'",
                       "write a function that returns (model, args) and use --call")


def reinitialise(model):
    import torch
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)
    for name, statistic in model.named_buffers():
        if name.endswith("running_mean"):
            torch.nn.init.normal_(statistic, 0.0, 0.1)
        elif name.endswith("running_var"):
            torch.nn.init.uniform_(statistic, 0.5, 1.5)


def called_model(target, paths):
    """(model, args, kwargs, dynamic_shapes) of a user's own MODULE:FUNCTION."""
    module_name, colon, function_name = target.partition(":")
    if not colon:
        raise CaptureError(f"--call takes MODULE:FUNCTION, not '{target}'",
                           "for example --call my_models:tiny")
    sys.path[:0] = paths or [os.getcwd()]
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise CaptureError(f"--call {target}: {error}",
                           "name the module's folder by --path") from error
    made = function()
    if not isinstance(made, tuple) or not 2 <= len(made) <= 4:
        raise CaptureError(f"{target} returned {type(made).__name__}, not (model, args…)",
                           "return (model, args), (model, args, kwargs) or with dynamic_shapes")
    model, args, kwargs, dynamic_shapes = (*made, None, None)[:4]
    return model, args if isinstance(args, tuple) else (args,), kwargs or {}, dynamic_shapes


def export_model(model, args, kwargs, dynamic_shapes=None):
    """(exported program, eager outputs as pytree). Eager runs first, on copies of the inputs."""
    import copy
    import torch
    model.eval()
    with torch.no_grad():
        torch.manual_seed(0)
        eager = copy.deepcopy(model)(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    program = torch.export.export(model, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False)
    return program, eager


def defining_modules(spec):
    """Modules that register the output's classes with pytree: torch.export.load needs them."""
    found = set()
    if spec.type is not None:
        found.add(spec.type.__module__)
    for child in spec.children():
        found.update(defining_modules(child))
    always_there = ("builtins", "collections", "torch")
    return {module for module in found if module.split(".")[0] not in always_there}


def describe_output(value, record):
    """(the entry of capture.json, the record's bytes or None) for one flat output."""
    import torch
    from torch._export.serde.serialize import _TORCH_TO_SERIALIZE_DTYPE
    if not isinstance(value, torch.Tensor):
        return {"value": value}, None
    tensor = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    entry = {"record": record, "dtype": int(_TORCH_TO_SERIALIZE_DTYPE[tensor.dtype]),
             "sizes": list(tensor.shape)}
    return entry, tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


def append_record(archive, name, data):
    """Stores one record behind those torch wrote, its bytes aligned as torch aligns them."""
    info = zipfile.ZipInfo(name)  # its fixed date keeps captures reproducible
    # Its bytes follow the local header (30), the name, and the padding's own header (4).
    unpadded = archive.start_dir + 30 + len(name.encode()) + 4
    padding = -unpadded % ALIGNMENT
    info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    archive.writestr(info, data, zipfile.ZIP_STORED)


def append_capture(path, program, eager, source):
    """Writes fettle/capture.json and the eager outputs into the archive at `path`."""
    import torch
    from torch.utils import _pytree
    values, spec = _pytree.tree_flatten(eager)
    expected = len(program.graph_signature.user_outputs)
    if len(values) != expected:
        raise CaptureError(f"eager returns {len(values)} outputs, the exported program {expected}",
                           "return a plain tuple of tensors from the model")
    transformers = sys.modules.get("transformers")
    with zipfile.ZipFile(path, "a") as archive:
        root = archive.namelist()[0].split("/")[0]
        outputs = []
        for index, value in enumerate(values):
            entry, data = describe_output(value, f"fettle/outputs/0/{index}")
            outputs.append(entry)
            if data is not None:
                append_record(archive, f"{root}/{entry['record']}", data)
        capture = {"version": 1, "torch": torch.__version__.partition("+")[0],
                   "transformers": transformers and transformers.__version__, "source": source,
                   "imports": sorted(defining_modules(spec)),
                   "samples": [{"inputs": SAMPLE_INPUTS, "outputs": outputs}]}
        text = json.dumps(capture, indent=1)
        append_record(archive, f"{root}/fettle/capture.json", text.encode())


def save(program, eager, source, output):
    """Saves in a folder beside the target and renames: no half-written file is ever seen."""
    import torch
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".capture-") as folder:
        path = pathlib.Path(folder) / output.name  # torch names the archive's root after the file
        torch.export.save(program, path)
        append_capture(path, program, eager, source)
        os.replace(path, output)


def capture(options):
    """Builds, runs, exports and writes; returns the exported program."""
    import torch
    torch.manual_seed(options.seed)
    if options.hf:
        fields = parse_config(options.config)
        model, config = hugging_face_model(options.hf, fields)
        args, kwargs = sample_inputs(model, config, options)
        dynamic_shapes, source = None, f"transformers.{type(model).__name__} {json.dumps(fields)}"
    else:
        model, args, kwargs, dynamic_shapes = called_model(options.call, options.path)
        source = options.call
    if options.init == "kaiming":
        reinitialise(model)
    try:
        program, eager = export_model(model, args, kwargs, dynamic_shapes)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise CaptureError(f"{options.hf or options.call} cannot be exported: "
                           f"{type(error).__name__}: {reason}",
                           "--traceback shows where") from error
    save(program, eager, source, options.output)
    return program


def main(arguments=None):
    options = parse_arguments(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        program = capture(options)
    except Exception as error:  # whatever a model's own code throws is told in two lines, too
        if options.traceback:
            raise
        known = isinstance(error, CaptureError)
        reason = (str(error).strip().splitlines() or [""])[0]
        print(f"capture.py: {reason if known else f'{type(error).__name__}: {reason}'}\n  try: "
              f"{error.hint if known else '--traceback shows where'}", file=sys.stderr)
        return 2
    size = options.output.stat().st_size / 2**20
    print(f"{options.output}: {len(program.graph.nodes)} nodes, {size:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
