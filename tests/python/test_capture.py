"""capture.py: what it writes, that Python still loads it, and what it says when it cannot."""
import json
import subprocess
import sys
import zipfile

import capture
import capture.archive
import pytest
import torch
from conftest import ROOT, eager_outputs, load_program, records, run_program

OWN_MODELS = '''
import torch

class Pair(torch.nn.Module):
    def forward(self, x, scale=None):
        return x * (2 if scale is None else scale), (x.long(), x > 0), None, 7

def pair(): return Pair(), (torch.tensor([[1.5, -2.0]]),)
def keyword(): return Pair(), (torch.ones(2, 3),), {"scale": torch.tensor(3.0)}
def dynamic(): return Pair(), (torch.ones(4, 3),), {}, {"x": {0: torch.export.Dim("rows")}}
def wrong(): return Pair()
def number(): return 7
def broken():
    return 1 / 0
def missing_input(): return Pair(), ()
def misfit(): return Pair(), (torch.ones(3), torch.ones(2))
def tensor(): return torch.ones(2)
def keywords(): return {"x": torch.ones(2)}
def both(): return (torch.ones(2),), {"scale": torch.ones(2)}

class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
    def forward(self, x):
        self.calls += 1
        return x + self.calls

def counter(): return Counter(), (torch.zeros(1),)
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Captures one of OWN_MODELS; returns its path."""
    (tmp_path / "own_models.py").write_text(OWN_MODELS)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(function):
        output = tmp_path / f"{function}.pt2"
        call = f"--call=own_models:{function}"
        assert capture.main([str(output), call, f"--path={tmp_path}"]) == 0
        return output
    return run


def data_offset(path, info):
    """Where a record's bytes start: its local header has its own extra field."""
    with open(path, "rb") as file:
        file.seek(info.header_offset)
        header = file.read(30)
    return info.header_offset + 30 + int.from_bytes(header[26:28], "little") \
        + int.from_bytes(header[28:30], "little")


def test_every_record_is_stored_aligned_and_whole(model):
    with zipfile.ZipFile(model) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED, info.filename
            assert data_offset(model, info) % 64 == 0, info.filename


def test_python_computes_what_eager_computed(model):
    found, expected = run_program(load_program(model)), eager_outputs(model)
    assert len(found) == len(expected)
    for ours, eager in zip(found, expected):
        torch.testing.assert_close(ours, eager)


def test_activations_are_alive(model):
    """Outputs that fade to denormals would pass any comparison."""
    assert all(1e-3 < output.std() < 1e3 for output in eager_outputs(model))


def test_a_fresh_process_loads_it_with_the_named_imports(models):
    path = models / "bert.pt2"
    imports = json.loads(records(path)["fettle/capture.json"])["imports"]
    assert imports
    load = f"import torch; torch.export.load({str(path)!r})"
    bare = subprocess.run([sys.executable, "-c", load], capture_output=True)
    ready = subprocess.run([sys.executable, "-c", f"import {', '.join(imports)}; {load}"],
                           capture_output=True, text=True)
    assert ready.returncode == 0, ready.stderr
    assert bare.returncode != 0, "the imports are not needed any more: drop them"


def test_capture_json_says_what_made_it(models):
    said = json.loads(records(models / "gpt2.pt2")["fettle/capture.json"])
    assert said["version"] == 1 and said["torch"] == torch.__version__.partition("+")[0]
    assert said["source"].startswith("transformers.GPT2LMHeadModel")
    assert said["samples"][0]["inputs"] in records(models / "gpt2.pt2")


def test_captures_are_reproducible(own):
    first = records(own("pair"))
    again = records(own("pair"))
    assert first == again


def test_outputs_that_are_no_float_tensors(own):
    path = own("pair")
    stored = json.loads(records(path)["fettle/capture.json"])["samples"][0]["outputs"]
    assert [out.get("dtype") for out in stored] == [7, 5, 12, None, None]  # FLOAT, LONG, BOOL
    assert [out["value"] for out in stored[3:]] == [None, 7]
    scaled, whole, positive, _, _ = eager_outputs(path)
    assert scaled.tolist() == [[3.0, -4.0]]
    assert whole.tolist() == [[1, -2]] and positive.tolist() == [[True, False]]


def test_keyword_inputs_reach_the_samples(own):
    program = load_program(own("keyword"))
    assert program.example_inputs[1]["scale"].item() == 3.0
    assert run_program(program)[0].eq(3).all()


def test_dynamic_shapes_stay_symbolic(own):
    assert load_program(own("dynamic")).range_constraints


def test_eager_state_does_not_leak_into_the_capture(own):
    path = own("counter")
    assert load_program(path).state_dict["calls"].item() == 0
    assert eager_outputs(path)[0].item() == 1


def test_what_the_eager_call_changed_is_stored(own):
    content = records(own("counter"))
    changed, = json.loads(content["fettle/capture.json"])["samples"][0]["effects"]
    assert (changed["kind"], changed["target"], changed["sizes"]) == ("buffer", "calls", [1])
    assert torch.frombuffer(bytearray(content[changed["record"]]), dtype=torch.float32) == 1
    nothing = records(own("pair"))
    assert json.loads(nothing["fettle/capture.json"])["samples"][0]["effects"] == []


def test_an_eager_run_needs_no_second_set_of_weights():
    from capture.samples import model_copy
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    model[1].weight = model[0].weight
    ours = model_copy(model)
    with torch.no_grad():
        ours(torch.ones(1, 3))
    assert all(torch._C._is_cow_tensor(parameter) for parameter in ours.parameters())
    assert ours[1].weight is ours[0].weight is not model[0].weight
    with torch.no_grad():
        ours[0].weight.fill_(9)
    assert not model[0].weight.eq(9).any()


@pytest.mark.parametrize("arguments, code, says", [
    (["--hf=NoSuchModel"], "model-source", ["no model class or model type 'NoSuchModel'"]),
    (["--hf=BertModle"], "model-source", ["did you mean 'BertModel'"]),
    (["--hf=BertModel", "--config=hidden_sze=2"], "config", ["did you mean 'hidden_size'"]),
    (["--hf=BertModel", "--config={layers: 2}"], "config", ["not valid JSON", "double quotes"]),
    (["--hf=BertModel", "--config=layers"], "config", ["'layers' is not key=value"]),
    (["--hf=BertModel", "--config=hidden_size=10"], "config", ["not a multiple of"]),
    (["--hf=WhisperModel", "--config=d_model=24,encoder_layers=1,decoder_layers=1"],
     "model-inputs", ["'input_features'", "--call"]),
    (["--call=own_models"], "usage", ["takes FILE.py:NAME", "--call my_models.py:tiny"]),
    (["--call=own_models:piar"], "model-source", ["did you mean 'pair'", "it defines"]),
    (["--call=own_modles:pair"], "model-source", ["no module own_modles", "--path"]),
    (["--call=own_modles.py:pair"], "model-source", ["there is no file own_modles.py"]),
    (["--call=own_models:wrong"], "model-inputs", ["without sample inputs", "--inputs"]),
    (["--call=own_models:number"], "model-source", ["returned int", "(model, args)"]),
    (["--call=own_models:broken"], "model-source",
     ["ZeroDivisionError", "own_models.py:", "return 1 / 0"]),
    (["--call=own_models:missing_input"], "model-inputs",
     ["'x'", "Pair.forward(x, scale=None)"]),
    (["--call=own_models:misfit"], "model-fails", ["return x * (2 if", "float32[3]"]),
])
def test_mistakes_name_what_and_where(own, tmp_path, capsys, arguments, code, says):
    output = tmp_path / "none.pt2"
    assert capture.main([str(output), f"--path={tmp_path}", *arguments]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"error[{code}]: ") and "  try: " in printed
    for part in says:
        assert part in printed
    assert "Traceback" not in printed
    assert not output.exists() and not list(tmp_path.glob(".capture-*"))


def test_verbose_shows_the_traceback(own, tmp_path, capsys):
    arguments = [str(tmp_path / "none.pt2"), f"--path={tmp_path}", "--call=own_models:broken"]
    assert capture.main([*arguments, "--verbose"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("output, says", [
    ("folder.pt2", "is a folder"), ("folder.pt2/under/file.pt2/x.onnx", "does not end in .pt2"),
    ("file/x.pt2", "is no folder"),
])
def test_a_destination_that_cannot_be_written(own, tmp_path, capsys, output, says):
    (tmp_path / "folder.pt2").mkdir()
    (tmp_path / "file").write_text("")
    arguments = [str(tmp_path / output), f"--path={tmp_path}", "--call=own_models:pair"]
    assert capture.main(arguments) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error[output]: ") and says in printed


@pytest.mark.parametrize("fault, status, says", [
    (OSError("disk full"), 2, "error[output]"), (KeyboardInterrupt(), 130, "interrupted"),
    (NameError("typo"), 70, "error[bug]"),
])
def test_nothing_half_written_stays(own, tmp_path, monkeypatch, capsys, fault, status, says):
    def fail(*_):
        raise fault
    monkeypatch.setattr(capture.archive, "append_capture", fail)
    output = tmp_path / "pair.pt2"
    arguments = [str(output), f"--path={tmp_path}", "--call=own_models:pair"]
    assert capture.main(arguments) == status
    assert says in capsys.readouterr().err
    assert not output.exists() and not list(tmp_path.glob(".capture-*"))


def test_a_model_alone_takes_its_inputs_from_another_function(tmp_path, own):
    output = tmp_path / "wrong.pt2"
    for inputs in ("tensor", "keywords", "both"):
        arguments = [str(output), f"--path={tmp_path}", "--call=own_models:Pair"]
        assert capture.main([*arguments, f"--inputs={inputs}"]) == 0
        args, kwargs = load_program(output).example_inputs
        assert len(args) + len(kwargs) == (2 if inputs == "both" else 1)


def test_a_file_may_be_named_and_import_its_neighbours(tmp_path, own, monkeypatch):
    (tmp_path / "here.py").write_text("from own_models import pair\n")
    output = tmp_path / "here.pt2"
    assert capture.main([str(output), f"--call={tmp_path}/here.py:pair"]) == 0
    assert eager_outputs(output)[0].tolist() == [[3.0, -4.0]]


def test_usage_mistakes_exit_with_2():
    done = subprocess.run([sys.executable, ROOT / "tools" / "capture.py"], capture_output=True)
    assert done.returncode == 2
