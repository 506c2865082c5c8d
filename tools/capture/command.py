"""The command line of tools/capture.py."""
from __future__ import annotations

import argparse
import os
import pathlib
import sys
import traceback

from .errors import CaptureError, Problem, first_line
from .program import capture

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

exit codes: 0 captured; 2 bad usage, or the model cannot be built, run or exported
"""


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="capture.py", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="the .pt2 to write")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hf", metavar="CLASS", help="a model class of transformers "
                        "(BertModel), or a model type (bert) for its base model")
    source.add_argument("--call", metavar="FILE.py:NAME", help="a function or a class of your own "
                        "(also MODULE:NAME) that gives the model and its sample inputs")
    add_model_options(parser.add_argument_group("the model"))
    add_input_options(parser.add_argument_group("its sample inputs"))
    parser.add_argument("--verbose", action="store_true", help="show what torch itself says")
    return parser.parse_args(arguments)


def add_model_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--config", default="", help="with --hf: the config's fields, "
                       "key=value,key=value or a JSON object")
    group.add_argument("--path", action="append", default=[], metavar="DIR",
                       help="where --call's MODULE lies (default: the current folder)")
    group.add_argument("--init", choices=["default", "kaiming"], default="default",
                       help="kaiming: kernels and matrices by kaiming_normal_, batch-norm "
                       "statistics near 0 and 1. Some default weights (MobileNetV2's) let "
                       "activations fade into denormals, where no comparison means anything")
    group.add_argument("--seed", type=int, default=0, help="of weights and sample inputs (0)")


def add_input_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--inputs", metavar="NAME", help="a function beside --call's (or "
                       "FILE.py:NAME) that returns args, kwargs (a dict) or (args, kwargs)")
    group.add_argument("--batch", type=int, default=1, help="with --hf: rows of the inputs (1)")
    group.add_argument("--sequence", type=int, default=16, help="with --hf: tokens of a text (16)")
    group.add_argument("--image-size", type=int, help="with --hf: pixels of an image's side (the "
                       "config's)")
    group.add_argument("--text", action="append", default=[], help=argparse.SUPPRESS)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
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
    size = options.output.stat().st_size / 2**20
    print(f"{options.output}: {len(program.graph.nodes)} nodes, {size:.1f} MiB")
    return 0


def report(problem: CaptureError | Problem, cause: BaseException | None, verbose: bool) -> None:
    print(problem, file=sys.stderr)
    if verbose and cause is not None:
        print("\ntorch and Python say:", file=sys.stderr)
        traceback.print_exception(cause)
