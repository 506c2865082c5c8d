"""docs/capture.md cannot rot: of each pair of models there, the first fails with the message that
stands below it, and the second, the changed one, captures."""
import dataclasses
import json
import re
import shlex

import capture
import pytest
from capture import errors
from conftest import ROOT, records

PAGE = (ROOT / "docs" / "capture.md").read_text()
PIECE = re.compile(r"^### (?P<section>[^\n]+)$|^Options: `(?P<options>[^`\n]*)`$"
                   r"|^```python\n(?P<code>.*?)^```$|^```text\n(?P<message>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


@dataclasses.dataclass
class Example:
    section: str
    code: str
    options: list[str]
    message: str = ""  # of the model that fails


def examples():
    """Pairs of the failing model and the changed one, in the page's order."""
    found, section, options = [], "", []
    for piece in PIECE.finditer(PAGE):
        if piece["section"]:
            section, options = piece["section"], []
        elif piece["options"]:
            options = shlex.split(piece["options"])
        elif piece["code"]:
            found.append(Example(section, piece["code"], options))
            options = options if len(found) % 2 else []
        else:
            found[-1].message = piece["message"]
    return list(zip(found[::2], found[1::2]))


PAIRS = examples()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Captures an example's model in a folder of its own: (exit code, what it said)."""
    monkeypatch.chdir(tmp_path)

    def capture_it(example, *more):
        (tmp_path / "model.py").write_text(example.code)
        code = capture.main([*more, "--call=model.py:make", *example.options])
        return code, capsys.readouterr().err
    return capture_it


@pytest.mark.parametrize("before, after", PAIRS,
                         ids=[f"{pair[0].section}-{n}" for n, pair in enumerate(PAIRS)])
def test_the_message_and_its_cure(run, tmp_path, before, after):
    output = tmp_path / "model.pt2"
    assert run(before, str(output)) == (2, before.message)
    assert before.message.startswith(f"error[{before.section}]: ")
    assert not output.exists()
    assert run(before, "--check") == (2, before.message)
    assert list(tmp_path.glob("*.pt2")) == []
    code, said = run(after, str(output))
    assert code == 0, said
    assert json.loads(records(output)["fettle/capture.json"])["samples"]


def test_every_kind_of_refusal_has_its_example():
    shown = {before.section for before, _ in PAIRS}
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE))
    assert shown | listed == set(errors.CODES) and not shown & listed
    assert len(PAIRS) >= 12
