"""What `meson install` leaves: an SDK that needs nothing of fettle's, and a fettle that runs."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import ROOT

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


def test_pkg_config_finds_headers_that_need_nothing_else(sdk, tmp_path):
    where = {"PKG_CONFIG_PATH": str(sdk / "share" / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "fettle-sdk", **where).split()
    assert flags and all(flag.startswith("-I") for flag in flags)
    assert run("pkg-config", "--modversion", "fettle-sdk", **where).startswith("1.")
    plugins = run("pkg-config", "--variable=plugindir", "fettle-sdk", **where).strip()
    assert plugins.endswith("/fettle/plugins")
    example = sdk / "share/fettle/examples/relu_of_relu.cpp"
    run("c++", "-std=c++20", "-fsyntax-only", *flags, example)
    shutil.copy(ROOT / "tests/plugins/c_relu_idempotent.c", tmp_path)
    run("cc", "-std=c99", "-pedantic", "-shared", "-fPIC", *flags, tmp_path / "c_relu_idempotent.c",
        "-o", tmp_path / "c_relu_idempotent.so")


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
