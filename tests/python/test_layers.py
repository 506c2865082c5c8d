"""Who may include whom (DESIGN: the shape): sdk the standard library alone, plugins the sdk alone,
core's folders only those below them, torch in four places, and nothing includes tests."""
import re

import pytest
from conftest import ROOT

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".h", ".hpp", ".c", ".cpp"}

# From the bottom up: each may include itself and what stands before it.
CORE = ["base", "graph", "ops", "analysis", "pictures", "runtime", "archive", "torchscript", "host",
        "conformance", "isolation", "pipeline", "bisect", "fuzz"]
TORCH_USERS = {"ops", "archive", "runtime", "torchscript"}
TORCH = ("torch/", "ATen/", "c10/", "caffe2/")

C_HEADERS = {f"{name}.h" for name in (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal "
    "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads "
    "time uchar wchar wctype").split()}


def files_below(folder):
    return [path for path in (ROOT / folder).rglob("*") if path.suffix in SOURCES]


def includes(path):
    return INCLUDE.findall(path.read_text())


def is_standard(bracket, name):
    return bracket == "<" and (name in C_HEADERS or re.fullmatch(r"[a-z_0-9]+", name))


def beside(path, name, top):
    """Whether `name` is a file of the includer's own folder, inside `top`. Templates of several folders
    become one project."""
    templates = ROOT / "sdk" / "templates"
    if path.is_relative_to(templates) and any(templates.glob(f"*/{name}")):
        return True
    target = (path.parent / name).resolve()
    return target.exists() and target.is_relative_to(top)


@pytest.mark.parametrize("folder", ["sdk", "plugins"])
def test_sdk_and_plugins_see_the_sdk_alone(folder):
    files = files_below(folder)
    assert files
    wrong = [f"{path.relative_to(ROOT)}: {name}" for path in files
             for bracket, name in includes(path)
             if not is_standard(bracket, name) and not name.startswith("fettle/")
             and not beside(path, name, ROOT / folder)]
    assert not wrong


def test_every_folder_of_core_has_its_place():
    assert {path.name for path in (ROOT / "core").iterdir() if path.is_dir()} <= set(CORE)


@pytest.mark.parametrize("folder", CORE)
def test_core_includes_only_what_lies_below(folder):
    below = CORE[:CORE.index(folder) + 1]
    wrong = []
    for path in files_below(f"core/{folder}"):
        for bracket, name in includes(path):
            top = name.partition("/")[0]
            ours = bracket == '"' or top in CORE
            if name.startswith(TORCH):
                allowed = folder in TORCH_USERS
            elif ours and not name.startswith("fettle/"):
                allowed = top in below or beside(path, name, ROOT / "core" / folder)
            else:
                allowed = top not in ("plugins", "tools", "tests")
            if not allowed:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong


def test_nothing_includes_tests():
    wrong = [f"{path.relative_to(ROOT)}: {name}" for folder in ("core", "sdk", "plugins", "tools")
             for path in files_below(folder) for _, name in includes(path)
             if "tests/" in name]
    assert not wrong
