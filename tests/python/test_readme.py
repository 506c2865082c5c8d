"""The README's commands run as they stand, in order, and its three-step pass does its work."""
import os
import re
import subprocess

import pytest
from conftest import ROOT, load_program

TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FOLDER = ROOT / "build" / "readme"

# Running this one here would be running itself.
EXEMPT = {"tools/test"}

pytestmark = pytest.mark.skipif("build-sanitize" in os.environ.get("FETTLE", ""),
                                reason="the README's commands use build/")


def commands():
    lines = (line.partition("  # ")[0].strip() for kind, block in BLOCKS if kind == "sh"
             for line in block.splitlines())
    return [line for line in lines if line]


def save_files():
    """Writes the blocks that the text names: "`build/readme/NAME`" right before the block."""
    for kind, block in BLOCKS:
        named = re.findall(r"`build/readme/([\w.]+)`", TEXT[:TEXT.index(block)])
        if kind in ("cpp", "yaml"):
            assert named, f"the README does not say what to call this:\n{block}"
            (FOLDER / named[-1]).write_text(block)


def test_every_command_runs():
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_files()
    ran = 0
    for command in commands():
        program = command.split()[0]
        if "/" in program:
            assert os.access(ROOT / program, os.X_OK), program
        if command not in EXEMPT:
            done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            ran += 1
    assert ran >= 6
    graphs = [str(load_program(FOLDER / f"{name}.pt2").graph)
              for name in ("bert", "bert-without-dropout")]
    assert ["dropout" in graph for graph in graphs] == [True, False]


def test_the_folders_it_names_are_there():
    for folder in re.findall(r"^\| `(\w+/)` \|", TEXT, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link
