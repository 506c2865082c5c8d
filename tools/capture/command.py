"""The command line of tools/capture.py."""
from __future__ import annotations

import argparse
import os
import pathlib
import sys
import traceback

from .errors import CaptureError, Problem, first_line
from .program import capture, check_only

DESCRIPTION = "Capture a PyTorch model to a .pt2 that fettle can hold to account."

EXAMPLES = """
a Hugging Face class, or a model type, with a config; nothing is downloaded, weights are random:
  capture.py bert.pt2 --hf BertModel --config num_hidden_layers=2,hidden_size=128 --sequence 32
  capture.py llama.pt2 --hf LlamaForCausalLM --config '{"num_hidden_layers": 2, "vocab_size": 1000}'
  capture.py resnet18.pt2 --hf ResNetForImageClassification --init kaiming --image-size 224 \\
      --config '{"depths": [2,2,2,2], "hidden_sizes": [64,128,256,512], "layer_type": "basic"}'

your own: a function that returns (model, args), (model, args, kwargs) or
(model, args, kwargs, dynamic_shapes); or one that returns the model alone, with --inputs:
  capture.py mine.pt2 --call src/my_models.py:tiny
  capture.py mine.pt2 --call my_models:tiny --path ./src
  capture.py mine.pt2 --call my_models.py:Net --inputs sample --weights net.safetensors

sizes that may change, and text as input:
  capture.py bert.pt2 --hf BertModel --batch 2 --dynamic input_ids:0=batch:1..64 \\
      --dynamic input_ids:1=seq:2..512 --sizes batch=8,seq=100
  capture.py bert.pt2 --hf BertModel --tokenizer ./my-bert --text "one text" --text "and another"

exit codes: 0 captured; 2 bad usage, or the model cannot be built, run or exported; 70 a bug in
capture
"""


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="capture.py", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, nargs="?", help="the .pt2 to write")
    parser.add_argument("--check", action="store_true", help="only say whether it would export, "
                        "with which dynamic sizes, and whether fettle would read it")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hf", metavar="CLASS", help="a model class of transformers "
                        "(BertModel), or a model type (bert) for its base model")
    source.add_argument("--call", metavar="FILE.py:NAME", help="a function or a class of your own "
                        "(also MODULE:NAME) that gives the model and its sample inputs")
    add_model_options(parser.add_argument_group("the model"))
    add_input_options(parser.add_argument_group("its sample inputs"))
    add_size_options(parser.add_argument_group("sizes that may change"))
    add_export_options(parser.add_argument_group("the export"))
    parser.add_argument("--verbose", action="store_true", help="show what torch itself says")
    options = parser.parse_args(arguments)
    if options.output is None and not options.check:
        parser.error("name the .pt2 to write, or give --check")
    return options


def add_model_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--config", default="", help="with --hf: the config's fields, "
                       "key=value,key=value or a JSON object")
    group.add_argument("--path", action="append", default=[], metavar="DIR",
                       help="where --call's MODULE lies (default: the current folder)")
    group.add_argument("--init", choices=["default", "kaiming"], default="default",
                       help="kaiming: kernels and matrices by kaiming_normal_, batch-norm "
                       "statistics near 0 and 1. Some default weights (MobileNetV2's) let "
                       "activations fade into denormals, where no comparison means anything")
    group.add_argument("--weights", type=pathlib.Path, metavar="FILE",
                       help="a state dict to load: .pt, .pth, .bin or .safetensors")
    group.add_argument("--seed", type=int, default=0, help="of weights and sample inputs (0)")


def add_input_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--inputs", metavar="NAME", help="a function beside --call's (or "
                       "FILE.py:NAME) that returns args, kwargs (a dict) or (args, kwargs)")
    group.add_argument("--batch", type=int, default=1, help="with --hf: rows of the inputs (1)")
    group.add_argument("--sequence", type=int, default=16, help="with --hf: tokens of a text (16)")
    group.add_argument("--image-size", type=int, help="with --hf: pixels of an image's side (the "
                       "config's)")
    group.add_argument("--text", action="append", default=[], metavar="TEXT",
                       help="a text as sample input (repeat it for more rows); needs --tokenizer")
    group.add_argument("--tokenizer", type=pathlib.Path, metavar="DIR",
                       help="a folder with a tokenizer's files, or a tokenizer.json")
    group.add_argument("--pad-to", type=int, metavar="N", help="pad and cut texts to N tokens")
    group.add_argument("--truncate", type=int, metavar="N", help="cut texts to N tokens")


def add_size_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dynamic", action="append", default=[], metavar="INPUT:DIM=NAME:MIN..MAX",
                       help="input_ids:0=batch:1..64; one NAME ties sizes together; x:0=2*batch+1 "
                       "follows; x:0=auto, x=auto and auto let torch decide")
    group.add_argument("--sizes", action="append", default=[], metavar="NAME=SIZE,…",
                       help="a further sample at these sizes (default: some smaller and larger)")
    group.add_argument("--samples", type=int, default=3, metavar="N",
                       help="how many samples to store where sizes are dynamic (3)")


def add_export_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--train", action="store_true", help="in training mode: dropout drops, "
                       "batch norm updates its statistics")
    group.add_argument("--strict", action="store_true", help="trace Python's bytecode (dynamo)")
    group.add_argument("--decompose", action="store_true", help="into torch's core operators")
    group.add_argument("--joint", action="store_true", help="forward and backward in one graph; "
                       "the model's first output is its loss")



def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        if options.check:
            print(check_only(options))
            return 0
        program = capture(options)
    except KeyboardInterrupt:
        print("capture.py: interrupted; nothing was written", file=sys.stderr)
        return 130
    except CaptureError as error:
        report(error, error.torch_says or error.__cause__, options.verbose)
        return 2
    except OSError as error:
        report(Problem("output", f"{options.output} cannot be written: {first_line(error)}",
                       hints=("name another place",)), error, options.verbose)
        return 2
    except Exception as error:
        report(Problem("bug", f"capture itself fails: {type(error).__name__}: {first_line(error)}",
                       hints=("--verbose shows where; please report it",)), error, options.verbose)
        return 70
    size = options.output.stat().st_size / 2**20
    print(f"{options.output}: {len(program.graph.nodes)} nodes, {size:.1f} MiB")
    return 0


def report(problem: CaptureError | Problem, cause: BaseException | None, verbose: bool) -> None:
    print(problem, file=sys.stderr)
    if verbose and cause is not None:
        print("\ntorch and Python say:", file=sys.stderr)
        traceback.print_exception(cause)
