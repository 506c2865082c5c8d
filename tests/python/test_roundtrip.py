"""A run with no passes copies the program: torch.export.load cannot tell the two apart."""
import json

import pytest
import torch
from conftest import load_program, records, run_program
from same_program import assert_same_program


@pytest.fixture
def copy(fettle, model, pipeline, tmp_path):
    """The model, copied by a pipeline with no passes."""
    output = tmp_path / "copy.pt2"
    done = fettle("run", model, "-p", pipeline("passes: []\n"), "-o", output)
    assert done.code == 0, done.stderr
    return output


def test_copy_is_the_same_program(copy, model):
    original, ours = load_program(model), load_program(copy)
    assert_same_program(ours, original)
    for ours_output, expected in zip(run_program(ours), run_program(original), strict=True):
        assert torch.equal(ours_output, expected)


def test_copy_keeps_every_record(copy, model):
    original, ours = records(model), records(copy)
    assert set(original) <= set(ours)
    for name, data in original.items():
        if name.endswith(".json"):
            assert json.loads(ours[name]) == json.loads(data), name
        elif name != ".data/serialization_id":  # torch's hash of the file
            assert ours[name] == data, name
