"""What the Python tests share: where the program and the captured models are, and how to run both.

tools/test sets FETTLE and FETTLE_MODELS; without them (plain pytest) the build folder is used and
models are captured on demand.
"""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import warnings
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # models are small: threads would wait for each other

import zoo  # noqa: E402
from models import MODELS  # noqa: E402


@dataclasses.dataclass
class Finished:
    """How a run of the command line ended."""
    code: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def fettle():
    """Runs build/fettle with arguments; returns what it printed and its exit code."""
    program = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle"))
    assert program.exists(), f"{program} is not built"

    def run(*arguments, cwd=None, environment=None):
        if arguments[:1] == ("run",):
            arguments += ("--check-passes",)
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=300, cwd=cwd, env=dict(os.environ, **(environment or {})))
        return Finished(done.returncode, done.stdout, done.stderr)
    return run


@pytest.fixture(scope="session")
def models():
    """The folder with NAME.pt2 for every model of models.py."""
    given = os.environ.get("FETTLE_MODELS")
    return pathlib.Path(given) if given else zoo.ensure_models()


@pytest.fixture(params=sorted(MODELS))
def model(request, models):
    return models / f"{request.param}.pt2"


@pytest.fixture(scope="session")
def mutant_program(models, tmp_path_factory):
    """A program that mutants work on, by name: a captured model's, or that of a host of tests/mutants,
    which is captured once."""
    sys.path.insert(0, str(ROOT / "tests" / "mutants"))
    import hosts
    folder = tmp_path_factory.mktemp("hosts")

    def path_of(name):
        if name not in hosts.HOSTS:
            return models / f"{name}.pt2"
        path = folder / f"{name}.pt2"
        if not path.exists():
            hosts.capture(name, path)
        return path
    return path_of


@pytest.fixture(scope="session")
def captured(tmp_path_factory):
    """Captures a case of edge_programs, once; returns the archive's path."""
    folder = tmp_path_factory.mktemp("edge")

    def path_of(name):
        import edge_programs
        import torch
        from capture import capture_model
        from capture.source import Source
        path = folder / f"{name}.pt2"
        if not path.exists():
            torch.manual_seed(0)
            model, args, kwargs, shapes = (*edge_programs.CASES[name](), None, None)[:4]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                capture_model(Source(model, args, kwargs or {}, name, shapes), path)
        return path
    return path_of


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Writes a case of exports.py, once; returns the archive's path."""
    folder = tmp_path_factory.mktemp("exports")

    def path_of(name):
        import exports
        import torch
        from capture import archive
        path = folder / f"{name}.pt2"
        if not path.exists():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = exports.build(name)
                if made.sample is None:
                    torch.export.save(made.program, path)
                else:
                    archive.save(made.program, [made.sample], name, path)
        return path
    return path_of


@pytest.fixture
def run(request, tmp_path, monkeypatch, capsys):
    """Captures a function of the file's MODELS: (exit code, the archive's path, what it said)."""
    import capture
    file = request.module.MODELS_FILE
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_text(request.module.MODELS)

    def capture_it(function, *options):
        output = tmp_path / f"{function}.pt2"
        code = capture.main([str(output), f"--call={file}:{function}", *options])
        return code, output, capsys.readouterr().err
    return capture_it


@pytest.fixture
def pipeline(tmp_path):
    """Writes a pipeline file and returns its path."""
    def write(text, name="pipeline.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


def records(path):
    """{record name below the archive's root: bytes}."""
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def load_program(path):
    """torch.export.load, after the imports that the capture names."""
    from capture import archive
    return archive.load(path)


def eager_outputs(path):
    """The eager model's outputs as capture stored them, flat."""
    import torch
    from torch._export.serde.serialize import _SERIALIZE_TO_TORCH_DTYPE
    content = records(path)
    outputs = json.loads(content["fettle/capture.json"])["samples"][0]["outputs"]
    return [out["value"] if "value" in out else
            torch.frombuffer(bytearray(content[out["record"]]),
                             dtype=_SERIALIZE_TO_TORCH_DTYPE[out["dtype"]]).reshape(out["sizes"])
            for out in outputs]


def run_program(program):
    """Flat outputs of an exported program on its own sample inputs."""
    import torch
    args, kwargs = program.example_inputs
    with torch.no_grad():
        return torch.utils._pytree.tree_leaves(program.module()(*args, **kwargs))
