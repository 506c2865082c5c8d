"""One file with two programs, as torch's package_pt2 writes it: refused until one is named, then read,
run and written, while the other stays as it is. Python loads both afterwards.
"""
import contextlib
import io
import re

import pytest
import torch
from conftest import records
from same_program import assert_same_program
from torch.export.pt2_archive._package import load_pt2, package_pt2


class Encoder(torch.nn.Module):
    """Leaves something to each pass: equal calls, a dead one, a table made of buffers."""

    def __init__(self, shared):
        super().__init__()
        self.shared, self.own = shared, torch.nn.Linear(4, 4)
        self.register_buffer("table", torch.arange(4.))

    def forward(self, x):
        x.exp()
        return self.own(self.shared(x)) * (self.table.sin() + 1) + x.cos() + x.cos()


class Decoder(torch.nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.shared = shared
        self.register_buffer("table", torch.ones(4))
        self.register_buffer("other", torch.full((4,), 2.), persistent=False)

    def forward(self, x):
        return self.shared(x) + self.table * self.other


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    shared = torch.nn.Linear(4, 4)
    programs = {name: torch.export.export(kind(shared), (torch.randn(3, 4),))
                for name, kind in (("encoder", Encoder), ("decoder", Decoder))}
    path = tmp_path_factory.mktemp("two") / "two.pt2"
    package_pt2(str(path), exported_programs=programs)
    return path


def load(path):
    return load_pt2(str(path)).exported_programs


def outputs(program):
    args, kwargs = program.example_inputs
    return program.module()(*args, **kwargs)


@pytest.mark.parametrize("command", ["run", "inspect"])
def test_refused_until_one_is_named(fettle, two, command):
    done = fettle(command, two)
    assert done.code == 2 and done.stdout == ""
    assert "error[archive-model]" in done.stderr and "2 programs: encoder, decoder" in done.stderr
    assert "--model encoder" in done.stderr
    done = fettle(command, two, "--model", "encodr")
    assert done.code == 2 and "did you mean 'encoder'?" in done.stderr


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_a_copy_keeps_both(fettle, two, pipeline, tmp_path, name):
    output = tmp_path / "copy.pt2"
    done = fettle("run", two, "--model", name, "-p", pipeline("passes: []\n"), "-o", output)
    assert done.code == 0 and done.stderr == "", done.stderr
    ours, original = load(output), load(two)
    assert set(ours) == set(original)
    for which in original:
        assert_same_program(ours[which], original[which])
    before, after = records(two), records(output)
    assert all(after[record] == data for record, data in before.items()
               if not record.startswith((f"models/{name}", ".data/")))


@pytest.mark.parametrize("name, other", [("encoder", "decoder"), ("decoder", "encoder")])
def test_passes_change_the_one_that_is_named(fettle, two, tmp_path, name, other):
    output = tmp_path / "out.pt2"
    done = fettle("run", two, "--model", name, "-o", output)
    assert done.code == 0 and done.stderr == "", done.stderr
    ours, original = load(output), load(two)
    assert_same_program(ours[other], original[other])
    assert len(ours[name].graph.nodes) < len(original[name].graph.nodes)
    torch.testing.assert_close(outputs(ours[name]), outputs(original[name]))
    assert fettle("verify", two, output, "--model", name, "--promise", "exact").code == 0
    assert "the graphs are the same" in fettle("diff", two, output, "--model", other).stdout
    assert "the graphs are the same" not in fettle("diff", two, output, "--model", name).stdout


def test_the_printed_python_lines_load_it(fettle, two, tmp_path):
    output = tmp_path / "out.pt2"
    done = fettle("run", two, "--model", "decoder", "-o", output)
    lines = re.findall(r"^  (.*)$", done.stdout.partition("in Python:\n")[2], re.MULTILINE)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec("\n".join(lines), {})
    assert printed.getvalue().startswith("tensor(")
