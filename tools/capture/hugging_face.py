"""Models of transformers: a class or a model type, a config, random weights; nothing is downloaded.

Raises CaptureError for a name that transformers does not have and for fields that the config lacks.
"""
from __future__ import annotations

import argparse
import json
from typing import Any

from .errors import first_line, nearest, refuse
from .source import Source


def load(options: argparse.Namespace) -> Source:
    """The model that --hf and --config name, with sample inputs made up from the config."""
    fields = parse_config(options.config)
    model, config = make_model(options.hf, fields)
    args, kwargs = sample_inputs(model, config, options)
    return Source(model, args, kwargs, f"transformers.{type(model).__name__} {json.dumps(fields)}")


def parse_config(text: str) -> dict[str, Any]:
    """Fields of a config, from a JSON object or key=value,key=value (values are JSON or words)."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise refuse("config", f"--config is not valid JSON: {error}",
                         "quote keys and strings with double quotes") from error
    fields = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise refuse("config", f"--config: '{part}' is not key=value",
                         "write key=value,key=value, or a JSON object for lists")
        try:
            fields[key.strip()] = json.loads(value)
        except json.JSONDecodeError:
            fields[key.strip()] = value
    return fields


def make_model(name: str, fields: dict[str, Any]) -> tuple[Any, Any]:
    """(model, config); the weights are random."""
    try:
        import transformers
    except ImportError as error:
        raise refuse("model-source", f"--hf needs transformers: {error}",
                     "run tools/setup, then build/venv/bin/python tools/capture.py") from error
    model_class = getattr(transformers, name, None)
    if name in transformers.CONFIG_MAPPING:
        config_class, make = transformers.CONFIG_MAPPING[name], transformers.AutoModel.from_config
    elif getattr(model_class, "config_class", None):
        config_class, make = model_class.config_class, model_class
    else:
        known = [*transformers.CONFIG_MAPPING, *(n for n in dir(transformers) if n[0].isupper())]
        raise refuse("model-source", f"transformers has no model class or model type '{name}'"
                     + nearest(name, known), "name a class such as BertModel, or a type such as "
                     "bert")
    check_fields(config_class(), fields)
    try:
        config = config_class(**fields)
        if hasattr(config, "use_cache") and "use_cache" not in fields:
            config.use_cache = False  # a cache among the outputs is no tensor; ask for it by name
        return make(config), config
    except Exception as error:  # whatever the library says of values that do not go together
        raise refuse("config", f"{name} cannot be made from this config: {first_line(error)}",
                     "look at the values of --config", why=type(error).__name__) from error


def check_fields(default: Any, fields: dict[str, Any]) -> None:
    """Raises for a field that the config does not have, with the nearest one it has."""
    known = [*default.to_dict(), *default.attribute_map]
    for field in fields:
        if field not in known and not hasattr(default, field):
            name = type(default).__name__
            raise refuse("config", f"{name} has no field '{field}'{nearest(field, known)}",
                         f"its fields are those of transformers.{name}: "
                         + ", ".join(sorted(set(default.to_dict()) - INHERITED)))


# Fields that every config has and that say nothing about a layer; they only make the list long.
INHERITED = {"architectures", "chunk_size_feed_forward", "dtype", "id2label", "label2id",
             "is_encoder_decoder", "output_attentions", "output_hidden_states", "problem_type",
             "return_dict", "transformers_version", "_name_or_path"}


def first_field(config: Any, names: list[str], default: Any = None) -> Any:
    values = (getattr(config, name, None) for name in names)
    return next((value for value in values if value is not None), default)


def sample_inputs(model: Any, config: Any, options: argparse.Namespace) \
        -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Made-up (args, kwargs) by the name of the model's main input."""
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
    raise refuse("model-inputs", f"no sample inputs are known for a main input named '{name}'",
                 "write a function that returns (model, args), and name it by --call")
