"""Every diagnostic has a code, is used by a source and asserted by a test (core/base/codes.def)."""
import re

import pytest
from capture import errors
from conftest import ROOT

ENTRY = re.compile(r'^FETTLE_CODE\((\w+), "([a-z0-9-]+)", (\w+), "([^"]+)"\)', re.MULTILINE)
TEXT = {".c", ".cpp", ".h", ".hpp", ".py"}
CODES = ENTRY.findall((ROOT / "core" / "base" / "codes.def").read_text())


def text_below(*folders):
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")))
    return "\n".join(path.read_text() for path in files
                     if path.suffix in TEXT and path.name != "test_diagnostics.py")


SOURCES = text_below("core", "tools")
TESTS = text_below("tests")
IN_SOURCES = set(re.findall(r"\bCode::(\w+)", SOURCES))
IN_TESTS = set(re.findall(r"\bCode::(\w+)", TESTS))
WORDS_IN_TESTS = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", TESTS))


def test_the_list_is_whole():
    lines = (ROOT / "core" / "base" / "codes.def").read_text().splitlines()
    assert len(CODES) == sum(line.startswith("FETTLE_CODE(") for line in lines) > 0
    for field in (0, 1):
        values = [entry[field] for entry in CODES]
        assert len(set(values)) == len(values)
    assert all(name == identifier.replace("_", "-") for identifier, name, _, _ in CODES)
    assert {blame for _, _, blame, _ in CODES} <= {"input", "check", "plugin", "bug", "user"}


@pytest.mark.parametrize("identifier, name", [entry[:2] for entry in CODES])
def test_code_is_used_and_asserted(identifier, name):
    assert identifier in IN_SOURCES, f"{name}: nothing reports it; remove it"
    assert identifier in IN_TESTS or name in WORDS_IN_TESTS, f"{name}: no test asserts it"


@pytest.mark.parametrize("name", errors.CODES)
def test_code_of_capture_is_used_and_asserted(name):
    """capture speaks in the same form, before there is an archive."""
    assert f'"{name}"' in text_below("tools/capture").replace(f'    "{name}": "', "", 1)
    asserted = TESTS + (ROOT / "docs" / "capture.md").read_text()  # a test runs its examples
    assert re.search(rf'"{name}"|error\[{name}\]', asserted), f"{name}: no test asserts it"


def test_no_code_is_unlisted():
    shown = set(re.findall(r"(?:error|warning|note)\[([a-z0-9-]+)\]", SOURCES + TESTS))
    assert shown <= {name for _, name, _, _ in CODES} | set(errors.CODES)
    assert IN_SOURCES | IN_TESTS <= {identifier for identifier, _, _, _ in CODES}
