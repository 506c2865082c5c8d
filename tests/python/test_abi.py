"""The plugin ABI stays what it was: its listing, layouts that only grow, old binaries on today's host."""
import pathlib
import re
import shutil
import subprocess

import pytest

import abi
from conftest import ROOT, records  # noqa: F401

RELEASES = {"v1_0": 0}
STABILITY = ROOT / "tests/stability"


def frozen(release):
    return STABILITY / release / "fettle/fettle.h"


def test_the_listing_is_what_the_header_says():
    assert abi.LISTING.read_text() == abi.listing(abi.HEADER, abi.read_listing(abi.LISTING)), \
        "run tools/abi.py and commit sdk/abi/v1.txt"


@pytest.mark.parametrize("release, minor", RELEASES.items())
def test_a_release_is_the_listing_up_to_its_minor(release, minor):
    known = abi.read_listing(abi.LISTING)
    then = [line for line, since in known.items() if since <= minor]
    assert sorted(abi.lines_of(frozen(release))) == sorted(then)
    assert abi.minor_of(frozen(release)) == minor


EDITS = {
    "a member before the last": (r"(  fettle_str message; /\* what)", r"  uint64_t code;\n\1"),
    "a member gone": (r"  uint64_t n_samples;\n", ""),
    "a narrower member": (r"  uint64_t n_nodes;", "  uint32_t n_nodes;"),
    "another value": (r"FETTLE_E_STALE \(-3\)", "FETTLE_E_STALE (-33)"),
    "slots that change places": (r"(  uint32_t \(\*node_count\).*\n)((?:.*\n)*?)(  fettle_node \(\*first_node\).*\n)",
                                 r"\3\2\1"),
    "a frozen struct that grows": (r"(  uint32_t operand;\n)(\} fettle_use;)", r"\1  uint32_t more;\n\2"),
    "another signature": (r"fettle_status \(\*rewrite_end\)\(fettle_ctx\*", "fettle_status (*rewrite_end)(void*"),
}


def edited(tmp_path, pattern, replacement):
    text, count = re.subn(pattern, replacement, abi.HEADER.read_text(), count=1)
    assert count == 1
    header = tmp_path / "fettle.h"
    header.write_text(text)
    return header


@pytest.mark.parametrize("name", EDITS)
def test_what_would_break_plugins_is_refused(name, tmp_path, capsys):
    listing = tmp_path / "v1.txt"
    shutil.copy(abi.LISTING, listing)
    header = edited(tmp_path, *EDITS[name])
    assert abi.main(["--header", str(header), "--listing", str(listing)]) == 1
    assert "the header no longer has" in capsys.readouterr().err
    assert listing.read_text() == abi.LISTING.read_text()


def test_what_is_appended_gets_the_headers_minor(tmp_path):
    header = edited(tmp_path, r"(} fettle_verdict;)", r"  uint64_t seed;\n\1")
    header.write_text(re.sub(r"(#define FETTLE_ABI_MINOR) \d+", r"\1 77", header.read_text()))
    new = set(abi.listing(header, abi.read_listing(abi.LISTING)).splitlines())
    new -= set(abi.LISTING.read_text().splitlines())
    assert len(new) == 1 and re.match(r"1\.77 member fettle_verdict .* uint64_t seed", new.pop())


def compiles(source, *flags):
    done = subprocess.run(["cc", "-std=c99", "-fsyntax-only", "-x", "c", "-", "-I", ROOT / "sdk/include", *flags],
                          input=source, text=True, capture_output=True)
    return done.returncode == 0


def use_of(line):
    """A program that needs the line's name."""
    kind, _, rest = line.partition(" ")
    if kind == "constant":
        body = f"const char* text = \"\"; (void)text; (void){rest.split()[0]};"
    elif kind == "struct":
        body = f"{rest.split()[0]} s; (void)s;"
    elif kind == "member":
        name = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\d+\])?$", rest)
        body = f"{rest.split()[0]} s; (void)s.{name[1] or name[2]};"
    elif kind == "opaque":
        body = f"{rest}* p; (void)p;"
    elif kind == "type":
        body = f"{rest.split()[-1]} t; (void)t;"
    else:
        raise AssertionError(line)
    return f"#include <fettle/fettle.h>\nvoid use(void) {{ {body} }}\n"


@pytest.mark.parametrize("minor", range(abi.minor_of(abi.HEADER)))
def test_what_is_newer_than_the_target_does_not_compile(minor):
    known = abi.read_listing(abi.LISTING)
    newer = [line for line, since in known.items() if since > minor]
    assert newer
    for line in newer:
        # `reserved` is in many structs: a member of one that is new with it says nothing more.
        assert compiles(use_of(line)), line
        assert not compiles(use_of(line), f"-DFETTLE_TARGET_MINOR={minor}"), line


@pytest.mark.parametrize("minor", range(abi.minor_of(abi.HEADER) + 1))
def test_the_cpp_wrapper_compiles_for_every_target(minor):
    source = ROOT / "sdk/examples/relu_of_relu.cpp"
    subprocess.run(["c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "sdk/include",
                    f"-DFETTLE_TARGET_MINOR={minor}", source], check=True)


def library_of_names(header, output):
    """A shared library whose debug information has every struct of the header."""
    names = re.findall(r"^} (\w+);", header.read_text(), re.MULTILINE)
    lines = [f'#include "{header}"'] + [f"{name}* names_{name}(void) {{ return 0; }}" for name in names]
    subprocess.run(["cc", "-std=c99", "-g", "-fPIC", "-shared", "-x", "c", "-", "-o", output],
                   input="\n".join(lines), text=True, check=True)
    return output


# Growing at the end is what these structs are for; anything else counts.
GROWTH = """
[suppress_type]
  type_kind = struct
  has_data_member_inserted_at = end
  has_size_change = yes
"""


@pytest.mark.skipif(not shutil.which("abidiff"), reason="abidiff is not here (abigail-tools)")
@pytest.mark.parametrize("release", RELEASES)
def test_abidiff_agrees(release, tmp_path):
    growth = tmp_path / "growth.abignore"
    growth.write_text(GROWTH)
    old = library_of_names(frozen(release), tmp_path / "old.so")

    def differs(header, name):
        done = subprocess.run(["abidiff", "--suppressions", growth, "--no-added-syms", old,
                               library_of_names(header, tmp_path / name)], capture_output=True, text=True)
        assert not done.returncode & 3, done.stderr  # 1: an error; 2: wrong usage
        return done.returncode != 0, done.stdout

    changed, report = differs(abi.HEADER, "new.so")
    assert not changed, report
    moved = edited(tmp_path, *EDITS["a member before the last"])
    assert differs(moved, "moved.so")[0]


@pytest.mark.parametrize("release", RELEASES)
def test_plugins_of_a_release_run_on_todays_host(release, fettle, models, tmp_path):
    built = pathlib.Path(ROOT / "build/tests/stability")
    folder = tmp_path / "plugins"
    folder.mkdir()
    for library in built.glob(f"*_{release}.so"):
        shutil.copy(library, folder)
    assert len(list(folder.iterdir())) == 3
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text("passes: [c_relu_idempotent]\nverify: {with: [checksum]}\nbenchmark: [count_nodes]\n")
    report = tmp_path / "r.json"
    done = fettle("run", models / "resnet18.pt2", "-p", pipeline, "-o", tmp_path / "out.pt2", "--plugin-dir", folder,
                  "--report-json", report)
    assert done.code == 0, done.stderr
    assert "nodes" in report.read_text()
