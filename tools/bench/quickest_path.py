"""How long it takes from nothing to a checked plugin: each command of sdk/GUIDE.md, timed as it stands.

tools/bench_quickest_path [MODEL.pt2]     a captured model; without one the tests' BERT is captured first

What a person reads and types is not in it: it is what the tools make them wait for.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "sdk" / "GUIDE.md"


def blocks(language):
    """The guide's blocks of a language, without the indentation of the list that they stand in."""
    found = re.findall(rf"^( *)```{re.escape(language)}\n(.*?)^ *```$", GUIDE.read_text(),
                       re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands():
    return [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


def walk(folder, program, model):
    """Runs the guide's commands in a folder that has the model as bert.pt2; yields for each
    (command, seconds, what it came to). `cd` is followed; anything else is a shell's line."""
    shutil.copyfile(model, folder / "bert.pt2")
    environment = dict(os.environ, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    environment.pop("FETTLE_PLUGIN_PATH", None)
    at = folder
    for command in commands():
        if command.startswith("cd "):
            at /= command.removeprefix("cd ")
            continue
        start = time.monotonic()
        done = subprocess.run(command, shell=True, cwd=at, env=environment, text=True,
                              capture_output=True)
        yield command, time.monotonic() - start, done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=pathlib.Path, help="a captured model")
    options = parser.parse_args()
    model = options.model
    if model is None:
        sys.path.insert(0, str(ROOT / "tests" / "python"))
        import zoo
        model = zoo.ensure_models() / "bert.pt2"
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for command, seconds, done in walk(pathlib.Path(folder), ROOT / "build" / "fettle", model):
            print(f"{seconds:7.2f} s  {command}", flush=True)
            if done.returncode:
                sys.exit(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
            total += seconds
    print(f"{total:7.2f} s  in all")


if __name__ == "__main__":
    main()
