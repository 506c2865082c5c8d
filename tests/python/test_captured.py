"""The cache of captures: captured once, again when anything that decides the bytes changes."""
import captured
import pytest

MODELS = {"small": {"hf": "BertModel", "config": {"num_hidden_layers": 1}, "image_size": 8}}


@pytest.fixture
def captures(monkeypatch):
    """Stands in for capture.py's main and notes what it was asked for."""
    asked = []

    def main(arguments):
        asked.append(arguments[1:])
        path = captured.pathlib.Path(arguments[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"captured")
        return 0
    monkeypatch.setattr(captured.capture, "main", main)
    return asked


def test_options_become_the_command_line(captures, tmp_path):
    captured.captured(MODELS, tmp_path)
    assert captures == [["--hf=BertModel", '--config={"num_hidden_layers": 1}', "--image-size=8"]]


def test_a_model_is_captured_once_and_again_when_it_changes(captures, tmp_path):
    first = captured.captured(MODELS, tmp_path)
    assert captured.captured(MODELS, tmp_path) == first and len(captures) == 1
    changed = {"small": dict(MODELS["small"], sequence=4)}
    second = captured.captured(changed, tmp_path)
    assert second != first and len(captures) == 2
    assert (tmp_path / "current").resolve() == second.resolve()


def test_a_failed_capture_stops(monkeypatch, tmp_path):
    monkeypatch.setattr(captured.capture, "main", lambda _: 2)
    with pytest.raises(SystemExit, match="small"):
        captured.captured(MODELS, tmp_path)
