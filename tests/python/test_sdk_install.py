"""What `meson install` leaves: an SDK that needs nothing of fettle's, and a fettle that runs."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import ROOT, records

BUILD = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent


def run(*command, cwd=None, **environment):
    done = subprocess.run([str(word) for word in command], cwd=cwd, text=True, capture_output=True,
                          env=dict(os.environ, **environment))
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """The SDK installed by itself, from nothing but its own folder: whatever of fettle or of its
    dependencies the set-up asked for would not be there."""
    folder = tmp_path_factory.mktemp("sdk")
    source = folder / "source"
    shutil.copytree(ROOT / "sdk", source / "sdk")
    for name in ("meson.build", "meson_options.txt"):
        shutil.copy(ROOT / name, source)
    run("meson", "setup", folder / "build", source, "-Dsdk_only=true", "--prefix", folder / "made")
    asked_for = json.loads(run("meson", "introspect", "--dependencies", folder / "build"))
    assert asked_for == []
    run("meson", "install", "-C", folder / "build")
    (folder / "made").rename(folder / "moved")  # the folder may go anywhere
    shutil.rmtree(source)
    return folder / "moved"


def sdk_flags(sdk):
    where = {"PKG_CONFIG_PATH": str(sdk / "share" / "pkgconfig")}
    return run("pkg-config", "--cflags", "--libs", "fettle-sdk", **where).split()


def test_pkg_config_finds_headers_that_need_nothing_else(sdk):
    where = {"PKG_CONFIG_PATH": str(sdk / "share" / "pkgconfig")}
    flags = sdk_flags(sdk)
    assert flags and all(flag.startswith("-I") for flag in flags)
    assert run("pkg-config", "--modversion", "fettle-sdk", **where).startswith("1.")
    plugins = run("pkg-config", "--variable=plugindir", "fettle-sdk", **where).strip()
    assert plugins.endswith("/fettle/plugins")
    example = sdk / "share/fettle/examples/relu_of_relu.cpp"
    run("c++", "-std=c++20", "-fsyntax-only", *flags, example)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Folder with relu(relu(a + b)) * 2, something to do for each of the examples, and with another
    factor in wrong.pt2."""
    import torch
    from capture import capture_model
    from capture.source import Source

    class Scaled(torch.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, a, b):
            return torch.relu(torch.relu(a + b)) * self.factor

    folder = tmp_path_factory.mktemp("programs")
    for name, factor in {"right": 2, "wrong": 3}.items():
        torch.manual_seed(0)
        inputs = torch.randn(4, 8), torch.randn(4, 8)
        capture_model(Source(Scaled(factor), inputs, {}, name), folder / f"{name}.pt2")
    return folder


def calls(path):
    model = json.loads(records(path)["models/model.json"])
    return [node["target"].split(".")[-2] for node in model["graph_module"]["graph"]["nodes"]]


def runs_as_a_pass(fettle, programs, folder):
    (folder / "p.yaml").write_text("passes: [c_relu_idempotent]\nverify: {with: [numeric]}\n")
    done = fettle("run", programs / "right.pt2", "-p", folder / "p.yaml", "--plugin-dir", folder,
                  "-o", folder / "out.pt2")
    assert done.code == 0, done.stderr
    assert "Every change was verified" in done.stdout
    assert calls(programs / "right.pt2") == ["add", "relu", "relu", "mul"]
    assert calls(folder / "out.pt2") == ["add", "relu", "mul"]


def tells_people_as_an_analysis(fettle, programs, folder):
    done = fettle("inspect", programs / "right.pt2", "--analysis", "call_count",
                  "--plugin-dir", folder)
    assert done.code == 0, done.stderr
    assert done.stdout == "4 calls\n"


def judges_as_a_verifier(fettle, programs, folder):
    for candidate, code in {"right": 0, "wrong": 1}.items():
        done = fettle("verify", programs / "right.pt2", programs / f"{candidate}.pt2",
                      "--with", "checksum", "--plugin-dir", folder)
        assert done.code == code, done.stderr
        assert "checksum" in done.stdout


def measures_as_a_benchmark(fettle, programs, folder):
    done = fettle("bench", programs / "right.pt2", "--with", "count_nodes", "--plugin-dir", folder)
    assert done.code == 0, done.stderr
    assert re.search(r"executed_nodes.* 4\b", done.stdout), done.stdout


def runs_calls_as_a_backend(fettle, programs, folder):
    report = folder / "bench.json"
    done = fettle("bench", programs / "right.pt2", "--backend", "aten", "--backend", "relu_add",
                  "--plugin-dir", folder, "--set", "latency.runs=2", "--report-json", report)
    assert done.code == 0, done.stderr
    [mine] = [b for b in json.loads(report.read_text())["backends"] if b["name"] == "relu_add"]
    assert mine["verified"] is True
    assert [(c["backend"], c["calls"]) for c in mine["calls"]["claimed"]] == [("relu_add", 3)]


EXAMPLES = {  # of each interface; what its binary is then used for, and the check that is of its kind
    "tests/plugins/c_relu_idempotent.c": (runs_as_a_pass, "random-programs"),
    "tests/plugins/call_count.c": (tells_people_as_an_analysis, "answers-every-program"),
    "tests/plugins/checksum.c": (judges_as_a_verifier, "refuses-the-wrong"),
    "tests/plugins/count_nodes.c": (measures_as_a_benchmark, "measures-each-program"),
    "tests/backends/plugins/c_relu_add.c": (runs_calls_as_a_backend, "agrees-with-libtorch"),
}


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda source: pathlib.Path(source).stem)
def test_an_example_of_each_interface_needs_the_sdk_alone(sdk, tmp_path, fettle, programs, source):
    """A folder with the source and nothing else, a C99 compiler, and pkg-config's flags."""
    use, check_of_kind = EXAMPLES[source]
    shutil.copy(ROOT / source, tmp_path)
    name = pathlib.Path(source).name
    library = tmp_path / "plugin.so"
    run("cc", "-std=c99", "-pedantic", "-Wall", "-Werror", "-shared", "-fPIC", *sdk_flags(sdk), name,
        "-o", library.name, cwd=tmp_path)

    done = fettle("plugins", "check", library, "--format", "json")
    told = json.loads(done.stdout)
    assert done.code == 0 and told["failed"] == 0, [c for c in told["checks"] if c["result"] == "fail"]
    assert [c["result"] for c in told["checks"] if c["name"] == check_of_kind] == ["pass"]
    use(fettle, programs, tmp_path)


def test_a_new_project_takes_the_installed_sdk_first(sdk, tmp_path, fettle):
    assert fettle("plugins", "new", "finds_it", "--lang", "c", cwd=tmp_path).code == 0
    shutil.rmtree(tmp_path / "finds_it" / "subprojects")
    said = run("meson", "setup", "build", cwd=tmp_path / "finds_it",
               PKG_CONFIG_PATH=str(sdk / "share" / "pkgconfig"))
    assert "fettle-sdk found: YES" in said
    run("meson", "test", "-C", "build", cwd=tmp_path / "finds_it")


def test_an_installed_fettle_runs(tmp_path, models):
    """Finds its pipelines, plugins and templates beside it, and libtorch where it was built with it."""
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", tmp_path)
    [program] = tmp_path.rglob("bin/fettle")
    ran = run(program, "run", models / "mobilenetv2.pt2", "-o", tmp_path / "out.pt2")
    assert "Every change was verified" in ran
    listed = run(program, "plugins", "why", "cse")
    assert f"'cse' can be used, from {tmp_path}" in listed
    run(program, "plugins", "new", "drops", "--lang", "c", cwd=tmp_path)
    assert (tmp_path / "drops/subprojects/fettle-sdk/include/fettle/fettle.h").exists()
