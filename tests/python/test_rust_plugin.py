"""The ABI is C: a plugin in Rust, on its standard library alone, does what the same pass in C does."""
import json
import shutil
import subprocess

import pytest
from conftest import ROOT

RUSTC = shutil.which("rustc")
SOURCE = ROOT / "sdk" / "examples" / "drop_dropouts.rs"


@pytest.fixture(scope="module")
def plugin_folder(tmp_path_factory):
    if RUSTC is None:
        pytest.skip("rustc is not installed: apt-get install rustc")
    folder = tmp_path_factory.mktemp("rust")
    done = subprocess.run([RUSTC, "--edition", "2021", "-O", "-D", "warnings", "--crate-type",
                           "cdylib", str(SOURCE), "-o", str(folder / "drop_dropouts.so")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_rust_and_c_make_the_same_program(plugin_folder, tmp_path, fettle, models):
    assert fettle("plugins", "new", "drop_dropouts", "--lang", "c", cwd=tmp_path).code == 0
    project = tmp_path / "drop_dropouts"
    (project / "build").mkdir()
    subprocess.run(["cc", "-std=c99", "-shared", "-fPIC", "-I", ROOT / "sdk" / "include",
                    project / "drop_dropouts.c", "-o", project / "build" / "drop_dropouts.so"],
                   check=True)
    texts = {}
    for language, folder in (("c", project / "build"), ("rust", plugin_folder)):
        out, report = tmp_path / f"{language}.pt2", tmp_path / f"{language}.json"
        done = fettle("run", models / "bert.pt2", "-p", project / "drop_dropouts.yaml",
                      "--plugin-dir", folder, "-o", out, "--report-json", report)
        assert done.code == 0, done.stderr
        [step] = json.loads(report.read_text())["passes"]
        assert step["changed"] and step["rewrites"] == 5
        texts[language] = fettle("inspect", out, "-f", "text").stdout
    assert "dropout" not in texts["rust"]
    assert texts["rust"] == texts["c"]


def test_a_panic_ends_at_the_boundary(plugin_folder, tmp_path, fettle, models, pipeline):
    """The pass fails, by name; the process and what other passes did go on."""
    source = SOURCE.read_text()
    assert source.count("Program { ctx, graph, read, edit }.run()") == 1
    broken = tmp_path / "panics.rs"
    broken.write_text(source.replace("Program { ctx, graph, read, edit }.run()",
                                     "{ let _ = Program { ctx, graph, read, edit }.run(); "
                                     "let none: Option<Result<(), Status>> = None; none.unwrap() }"))
    (tmp_path / "plugins").mkdir()
    subprocess.run([RUSTC, "--edition", "2021", "-O", "--crate-type", "cdylib", broken, "-o",
                    tmp_path / "plugins" / "panics.so"], check=True, capture_output=True)
    done = fettle("run", models / "bert.pt2", "-p", pipeline("passes: [drop_dropouts]\n"),
                  "--plugin-dir", tmp_path / "plugins")
    assert done.code == 3
    assert "error[plugin-failed]" in done.stderr and "drop_dropouts" in done.stderr
