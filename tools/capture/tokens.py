"""Sample inputs from text, by a tokenizer built from local files; nothing is downloaded.

Raises CaptureError for files that make no tokenizer, and for a vocabulary larger than the model's.
"""
from __future__ import annotations

import argparse
import inspect
import pathlib
from typing import Any

from .errors import first_line, refuse


def inputs(model: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Keyword inputs for the texts of --text: those of the tokenizer's that the model takes."""
    tokenizer = load(options.tokenizer)
    padding = "max_length" if options.pad_to else len(options.text) > 1
    if padding and tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise refuse("tokenizer", "texts of several lengths need padding, and the tokenizer "
                         "has no padding token", "give one --text", "add a pad_token to the "
                         "tokenizer's files")
        tokenizer.pad_token = tokenizer.eos_token
    encoded = tokenizer(options.text, return_tensors="pt", padding=padding,
                        truncation=options.truncate is not None or bool(options.pad_to),
                        max_length=options.pad_to or options.truncate)
    check_vocabulary(model, tokenizer, encoded["input_ids"])
    taken = inspect.signature(model.forward).parameters
    if "input_ids" not in taken:
        raise refuse("tokenizer", "the model takes no input_ids, so text is no input for it",
                     f"its arguments are {', '.join(taken)}")
    return {name: value for name, value in encoded.items() if name in taken}


def load(place: pathlib.Path | None) -> Any:
    """A tokenizer from a folder (as save_pretrained writes it) or from a tokenizer.json."""
    if place is None:
        raise refuse("usage", "--text needs a tokenizer", "--tokenizer DIR, or a tokenizer.json")
    if not place.exists():
        raise refuse("tokenizer", f"there is no {place}", "paths are taken from the current folder")
    try:
        import transformers
        if place.is_dir():
            return transformers.AutoTokenizer.from_pretrained(str(place), local_files_only=True)
        return transformers.PreTrainedTokenizerFast(tokenizer_file=str(place), **special(place))
    except Exception as error:  # whatever the libraries say of files that are something else
        raise refuse("tokenizer", f"no tokenizer can be made from {place}: {first_line(error)}",
                     "a folder that save_pretrained wrote, or a tokenizer.json") from error


def special(place: pathlib.Path) -> dict[str, str]:
    """A bare tokenizer.json does not say which of its tokens pads: the usual names do."""
    import tokenizers
    vocabulary = tokenizers.Tokenizer.from_file(str(place)).get_vocab()
    usual = {"pad_token": ("[PAD]", "<pad>", "<|endoftext|>"), "unk_token": ("[UNK]", "<unk>"),
             "eos_token": ("[SEP]", "</s>", "<|endoftext|>")}
    return {role: name for role, names in usual.items()
            for name in [next((n for n in names if n in vocabulary), None)] if name}


def check_vocabulary(model: Any, tokenizer: Any, ids: Any) -> None:
    """Raises where the tokenizer could name a token that the model has no row for."""
    rows = rows_of(model)
    if rows is not None and len(tokenizer) > rows:
        raise refuse("tokenizer", f"the tokenizer has {len(tokenizer)} tokens and the model "
                     f"{rows}", f"--config vocab_size={len(tokenizer)}, or the tokenizer that this "
                     "model was trained with", why=f"these texts reach token {int(ids.max())}")


def rows_of(model: Any) -> int | None:
    """How many tokens the model knows: by its config, or by its embedding if it has one."""
    import torch
    known = getattr(getattr(model, "config", None), "vocab_size", None)
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    return known or (tables[0].num_embeddings if tables else None)
