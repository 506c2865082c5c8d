"""Mistakes at the command line and in files: each has its code and exit status, says what to do
next, and leaves nothing behind."""
import json
import zipfile

from capture import archive as capture_archive
import pytest
import torch
from conftest import load_program, records

MODEL_JSON = "models/model.json"
WEIGHTS_JSON = "data/weights/model_weights_config.json"


@pytest.fixture(scope="session")
def bert(models):
    return models / "bert.pt2"


def write_archive(path, content):
    """A .pt2 of these records, stored and aligned as torch stores them."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            capture_archive.append_record(archive, f"model/{name}", data)
    return path


def edited(name, edit):
    """Records of a model after `edit` changed the JSON record `name` in place."""
    def make(content):
        value = json.loads(content[name])
        edit(value)
        content[name] = json.dumps(value).encode()
    return make


def graph(model):
    return model["graph_module"]["graph"]


def first_weight(config):
    return next(iter(config["config"].values()))


def set_first_operand(name):
    def edit(model):
        graph(model)["nodes"][-1]["inputs"][0]["arg"] = {"as_tensor": {"name": name}}
    return edited(MODEL_JSON, edit)


DAMAGES = {
    "archive-missing-record": lambda content: content.pop(MODEL_JSON),
    "archive-json-syntax": lambda content: content.update({MODEL_JSON: b'{"graph_module": '}),
    "archive-json-shape": edited(MODEL_JSON, lambda m: graph(m).update(nodes=7)),
    "archive-schema": edited(MODEL_JSON, lambda m: m["schema_version"].update(major=99)),
    "operator-unknown": edited(
        MODEL_JSON,
        lambda m: graph(m)["nodes"][0].update(target="torch.ops.aten.frobnicate.default")),
    "archive-dangling-value": set_first_operand("nobody"),
    "archive-constant": edited(
        WEIGHTS_JSON, lambda w: first_weight(w)["tensor_meta"]["sizes"][0].update(as_int=1 << 40)),
}


def assert_refused(done, code, status=2):
    assert done.code == status, done.stderr
    assert f"error[{code}]" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damaged_archive_is_refused_and_nothing_is_written(fettle, bert, tmp_path, code):
    content = records(bert)
    DAMAGES[code](content)
    model, output = write_archive(tmp_path / "model.pt2", content), tmp_path / "out.pt2"
    assert_refused(fettle("run", model, "-o", output), code)
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt2"]


def test_an_intact_rewrite_is_accepted(fettle, bert, tmp_path):
    """What makes the cases above refusable is the damage, not the rewriting."""
    model = write_archive(tmp_path / "model.pt2", records(bert))
    assert fettle("inspect", model).code == 0
    assert load_program(model).graph


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.999])
def test_a_truncated_file(fettle, bert, tmp_path, keep):
    data = bert.read_bytes()
    model = tmp_path / "short.pt2"
    model.write_bytes(data[:int(len(data) * keep)])
    assert_refused(fettle("inspect", model), "archive-truncated")


def test_files_that_are_no_programs(fettle, tmp_path):
    assert_refused(fettle("inspect", tmp_path / "absent.pt2"), "archive-open")
    text = tmp_path / "text.pt2"
    text.write_text("not a zip at all\n" * 10)
    assert_refused(fettle("inspect", text), "archive-not-zip")
    tensors = tmp_path / "tensors.pt2"
    torch.save({"weight": torch.ones(2)}, tensors)
    assert_refused(fettle("inspect", tensors), "archive-not-program")


def test_the_target_of_a_failed_run_keeps_what_it_held(fettle, bert, pipeline, tmp_path):
    output = tmp_path / "out.pt2"
    output.write_bytes(b"from before")
    done = fettle("run", bert, "-p", pipeline("passes: [no_such_pass]\n"), "-o", output)
    assert done.code == 2
    assert output.read_bytes() == b"from before"


@pytest.mark.parametrize("text, code, says", [
    ("passes: [dce]\npases: []\n", "pipeline-unknown-key", ["pipeline.yaml:2:1", "passes"]),
    ("passes: [cze]\n", "component-unknown", ["pipeline.yaml:1:10", "cse"]),
    ("passes:\n  - constant_folding: {max_byte: 1}\n", "option-unknown",
     ["pipeline.yaml:2", "max_bytes"]),
    ("passes:\n  - constant_folding: {max_bytes: lots}\n", "option-type", ["pipeline.yaml:2"]),
    ("passes:\n  - constant_folding: {max_bytes: -5}\n", "option-range", ["pipeline.yaml:2"]),
    ("passes: dce\n", "pipeline-wrong-type", ["pipeline.yaml:1:9"]),
    ("passes: []\nverify: {after: sometimes}\n", "pipeline-bad-value", ["pipeline.yaml:2"]),
    ("passes: []\nverify: {with: [numerc]}\n", "component-unknown", ["pipeline.yaml:2", "numeric"]),
    ("passes: [\n", "pipeline-not-yaml", ["pipeline.yaml"]),
    ("", "pipeline-empty", ["pipeline.yaml"]),
])
def test_pipeline_mistakes_name_their_place(fettle, bert, pipeline, text, code, says):
    done = fettle("run", bert, "-p", pipeline(text))
    assert_refused(done, code)
    for part in says:
        assert part in done.stderr


@pytest.mark.parametrize("arguments, code, says", [
    (["insepct", "MODEL"], "usage-unknown-command", "inspect"),
    (["run", "MODEL", "--pipelin", "x.yaml"], "usage-unknown-option", "--pipelin"),
    (["run"], "usage-bad-argument", "MODEL"),
    (["inspect", "MODEL", "--format", "xml"], "usage-bad-argument", "summary"),
    (["run", "MODEL", "-p", "absent.yaml"], "pipeline-unreadable", "absent.yaml"),
    (["run", "MODEL", "--set", "cse.nothing=1"], "option-unknown", "nothing"),
    (["run", "MODEL", "--set", "fusion.x=1"], "pipeline-bad-override", "fusion"),
    (["plugins", "info", "dec"], "usage-bad-argument", "dce"),
])
def test_usage_mistakes(fettle, bert, arguments, code, says):
    done = fettle(*(bert if part == "MODEL" else part for part in arguments))
    assert_refused(done, code)
    assert says in done.stderr


def test_a_plugin_folder_without_plugins(fettle, bert, tmp_path):
    (tmp_path / "fake.so").write_text("no library\n")
    done = fettle("run", bert, "--plugin-dir", tmp_path)
    assert done.code in (2, 3) and "fake.so" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"],
                                       ["inspect", "--help"], ["plugins", "--help"]])
def test_help_is_no_mistake(fettle, arguments):
    done = fettle(*arguments)
    assert done.code == 0 and done.stdout and not done.stderr


@pytest.mark.parametrize("form", ["summary", "text", "json", "dot"])
def test_inspect_shows_every_model(fettle, model, form):
    done = fettle("inspect", model, "--format", form)
    assert done.code == 0 and not done.stderr
    if form == "json":
        json.loads(done.stdout)
    elif form == "dot":
        assert done.stdout.startswith("digraph")
    else:
        assert "linear" in done.stdout


def test_no_output_is_damaged_when_it_cannot_be_written(fettle, bert, pipeline, tmp_path):
    done = fettle("run", bert, "-p", pipeline("passes: []\n"), "-o", tmp_path / "no" / "folder.pt2")
    assert_refused(done, "archive-write")
