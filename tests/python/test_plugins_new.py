"""`fettle plugins new`: every template builds without a warning and passes its test on first run, fettle
runs it on a model, and nothing is written where nothing should be."""
import re
import subprocess

import pytest
from conftest import ROOT

KINDS = {"pass": "drops", "verifier": "judges", "benchmark": "times", "analysis": "finds",
         "backend": "kernels"}
LANGUAGES = {"c++": "cpp", "c": "c"}


def shell(command, folder, **environment):
    import os
    done = subprocess.run(command, shell=True, cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, **environment))
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def ci_commands(project):
    """What CI runs, but for the packages that it installs."""
    lines = re.findall(r"^ *- run: (.*)$", (project / ".github/workflows/ci.yml").read_text(),
                       re.MULTILINE)
    return [line for line in lines if not line.startswith("sudo ")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_project_is_green_on_first_run(tmp_path, fettle, models, kind, language):
    name = KINDS[kind]
    done = fettle("plugins", "new", name, "--lang", language, "--kind", kind, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert done.stderr == ""
    project = tmp_path / name
    assert (project / f"{name}.{LANGUAGES[language]}").exists()
    left = [path for path in project.rglob("*")
            if "my_plugin" in path.name or path.is_file() and re.search("my_?plugin",
                                                                        path.read_text(), re.I)]
    assert not left

    commands = ci_commands(project)
    assert len(commands) >= 2
    for command in commands:
        assert "warning:" not in shell(command, project, PKG_CONFIG_PATH="")
    checked = fettle("plugins", "check", project / "build" / f"{name}.so")
    assert checked.code == 0, checked.stdout
    uses_it(fettle, models, project, name, kind, tmp_path / "out.pt2")


def uses_it(fettle, models, project, name, kind, output):
    if kind == "analysis":
        told = fettle("inspect", models / "bert.pt2", "--analysis", name,
                      "--plugin-dir", project / "build")
        assert told.code == 0, told.stderr
        assert re.fullmatch(r"\w+ is used \d+ times\n", told.stdout)
        return
    model = "resnet18" if kind == "backend" else "bert"  # the one that has relus
    ran = fettle("run", models / f"{model}.pt2", "-p", project / f"{name}.yaml",
                 "--plugin-dir", project / "build", "-o", output)
    assert ran.code == 0, ran.stderr
    assert name in ran.stdout
    assert kind == "backend" or "Every change was verified" in ran.stdout


def test_the_unit_test_can_fail(tmp_path, fettle):
    """A pass that stops doing its work is caught by the test that came with it."""
    assert fettle("plugins", "new", "idle", "--lang", "c", cwd=tmp_path).code == 0
    source = tmp_path / "idle" / "idle.c"
    text = source.read_text()
    assert text.count("train.i == 0") == 1
    source.write_text(text.replace("train.i == 0", "train.i == 2"))
    shell("meson setup build", tmp_path / "idle")
    done = subprocess.run(["meson", "test", "-C", "build", "--print-errorlogs"],
                          cwd=tmp_path / "idle", text=True, capture_output=True)
    assert done.returncode == 1
    assert "the graph is" in done.stdout and "and should be" in done.stdout


@pytest.mark.parametrize("name, says", [
    ("FoldPads", "it is not snake_case"),
    ("2fold", "it is not snake_case"),
    ("../evil", "it is not snake_case"),
    ("benchmark", "Meson keeps this name"),
    ("cse", "offers a pass of this name"),
])
def test_names_that_cannot_be(tmp_path, fettle, name, says):
    done = fettle("plugins", "new", name, cwd=tmp_path)
    assert done.code == 2
    assert "error[usage-bad-argument]" in done.stderr and says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path, fettle):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("1")
    done = fettle("plugins", "new", "mine", cwd=tmp_path)
    assert done.code == 2
    assert "needs a folder of its own" in done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "precious"]
    done = fettle("plugins", "new", "mine", "--dir", tmp_path / "mine" / "precious")
    assert done.code == 2 and (tmp_path / "mine" / "precious").read_text() == "1"


def test_the_working_directory_is_not_replaced(tmp_path, fettle):
    done = fettle("plugins", "new", "mine", "--dir", ".", cwd=tmp_path)
    assert done.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_named(tmp_path, fettle):
    (tmp_path / "empty").mkdir()
    done = fettle("plugins", "new", "mine", "--dir", tmp_path / "empty")
    assert done.code == 0, done.stderr
    assert (tmp_path / "empty" / "mine.cpp").exists()
    done = fettle("plugins", "new", "mine", "--dir", tmp_path / "no" / "parent")
    assert done.code == 2
    assert "cannot be written" in done.stderr and not (tmp_path / "no").exists()


def test_the_templates_version_is_the_abis(tmp_path, fettle):
    """The copy of the SDK that a project carries tells Meson the version that pkg-config tells."""
    assert fettle("plugins", "new", "versioned", "--lang", "c", cwd=tmp_path).code == 0
    header = (ROOT / "sdk/include/fettle/fettle.h").read_text()
    major, minor = (re.search(rf"#define FETTLE_ABI_{part} (\d+)u", header)[1]
                    for part in ("MAJOR", "MINOR"))
    build = tmp_path / "versioned" / "meson.build"
    build.write_text(build.read_text() + "message('version ' + sdk.version())\n")
    said = shell("meson setup build", tmp_path / "versioned", PKG_CONFIG_PATH="")
    assert f"Message: version {major}.{minor}" in said
