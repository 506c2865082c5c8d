"""capture.py's dynamic sizes: what may be asked for, what the program gets, samples at several."""
import json

import capture
import pytest
import torch
from conftest import ROOT, load_program, records

MODELS_FILE = "size_models.py"
MODELS = '''
import torch

class Mix(torch.nn.Module):
    """Sizes that hang together: mask follows x, twice is twice as long and one more."""
    def forward(self, x, extra, *, mask=None, twice=None, **more):
        y = x * 2 if mask is None else x * mask
        x + 1  # dead
        if twice is not None:
            return y, twice.sum() + extra["k"][0]
        return y, extra["k"][0]

def mix():
    return Mix(), (torch.rand(4, 3), {"k": [torch.ones(5)]}), {"mask": torch.ones(4, 3)}
def follow():
    return Mix(), (torch.rand(4, 3), {"k": [torch.ones(5)]}), {"twice": torch.ones(9, 2)}
def spread():
    return Mix(), (torch.rand(4, 3), {"k": [torch.ones(5)]}), {"other": torch.ones(9, 2)}
def one(): return Mix(), (torch.rand(1, 3), {"k": [torch.ones(5)]})

class Table(torch.nn.Module):
    """Takes up to 8 rows, and says so only by failing."""
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(8.0))
    def forward(self, x):
        return x + self.table.index_select(0, torch.arange(x.shape[0]))

def table(): return Table(), (torch.ones(5),)
def own(): return Table(), (torch.ones(5),), {}, {"x": {0: torch.export.Dim("rows", max=8)}}
def auto(): return Table(), (torch.ones(5),), {}, {"x": {0: torch.export.Dim.AUTO}}
'''


def samples(path):
    """[(flat inputs, flat outputs)] as stored, the first one from where torch puts it."""
    import io
    content = records(path)
    found = []
    for sample in json.loads(content["fettle/capture.json"])["samples"]:
        args, kwargs = torch.load(io.BytesIO(content[sample["inputs"]]))
        found.append((torch.utils._pytree.tree_leaves((args, kwargs)), sample["outputs"]))
    return found


def test_named_sizes_are_tied_and_bounded(run):
    code, path, said = run("mix", "--dynamic=x:0=batch:1..64", "--dynamic=mask:0=batch")
    assert code == 0, said
    program = load_program(path)
    (low_high,) = program.range_constraints.values()
    assert (int(low_high.lower), int(low_high.upper)) == (1, 64)
    shapes = [tuple(map(str, node.meta["val"].shape)) for node in program.graph.nodes
              if node.op == "placeholder"]
    assert shapes[0][0] == shapes[2][0] and shapes[0][1] == "3"


def test_samples_at_other_sizes_have_eager_answers(run):
    _, path, _ = run("mix", "--dynamic=x:0=batch:1..64", "--dynamic=mask:0=batch",
                     "--dynamic=extra.k.0:0=width")
    rows = [(inputs[0].shape[0], inputs[1].shape[0], inputs[2].shape[0])
            for inputs, _ in samples(path)]
    assert rows[0] == (4, 5, 4) and len(set(rows)) == 3
    assert all(x == mask for x, _, mask in rows)
    program = load_program(path).module()
    for inputs, outputs in samples(path):
        x, k, mask = inputs
        ours = program(x, {"k": [k]}, mask=mask)
        assert [list(value.shape) for value in ours] == [out["sizes"] for out in outputs]


def test_a_size_may_follow_another(run):
    code, path, said = run("follow", "--dynamic=x:0=n", "--dynamic=twice:0=2*n+1",
                           "--sizes=n=7", "--sizes=n=3")
    assert code == 0, said
    assert [(i[0].shape[0], i[2].shape[0]) for i, _ in samples(path)] == [(4, 9), (7, 15), (3, 7)]


def test_auto_leaves_it_to_torch(run):
    code, path, _ = run("mix", "--dynamic=x:0=auto", "--dynamic=mask=auto", "--samples=1")
    assert code == 0 and len(samples(path)) == 1
    assert load_program(path).range_constraints
    assert run("mix", "--dynamic=auto")[0] == 0


def test_fettle_verifies_at_every_stored_size(run, fettle):
    _, path, _ = run("mix", "--dynamic=x:0=batch", "--dynamic=mask:0=batch")
    done = fettle("run", path)
    assert done.code == 0, done.stderr
    assert "eager outputs" in done.stdout


def test_a_size_that_eager_refuses(run):
    """Asked for by name, the range was wrong; left to torch, that sample is left out."""
    code, path, said = run("table", "--dynamic=x:0=rows")
    assert code == 2 and said.startswith("error[dynamic-shapes]: at rows=11 the model itself fails")
    assert "size_models.py:" in said and "MIN..MAX" in said and not path.exists()
    assert run("table", "--dynamic=x:0=rows:2..8")[0] == 0
    assert run("own")[0] == 0
    code, path, said = run("auto")
    assert code == 0 and said.startswith("note: no sample is stored at x:0=11")
    assert len(samples(path)) == 2


@pytest.mark.parametrize("function, options, says", [
    ("mix", ["--dynamic=y:0=batch"], ["no input tensor 'y'", "x, extra.k.0, mask"]),
    ("mix", ["--dynamic=maks:0=batch"], ["did you mean 'mask'"]),
    ("mix", ["--dynamic=extra:0=batch"], ["no input tensor 'extra'", "extra.k.0"]),
    ("mix", ["--dynamic=x:2=batch"], ["has 2 dimensions, numbered from 0 to 1", "[4, 3]"]),
    ("mix", ["--dynamic=x:0=batch:8..64"], ["the sample has 4 there", "8..64"]),
    ("mix", ["--dynamic=x:0=batch:..3"], ["outside of the range ..3"]),
    ("mix", ["--dynamic=x:0=batch:9..9"], ["has no two sizes"]),
    ("mix", ["--dynamic=x:0=b", "--dynamic=x:1=b"], ["b = 3", "use two names"]),
    ("mix", ["--dynamic=x:0=b:2..8", "--dynamic=mask:0=b:2..9"], ["another range"]),
    ("mix", ["--dynamic=x:0=2*b+1"], ["has 4 there, which is not 2*b+1"]),
    ("mix", ["--dynamic=x:0=b", "--dynamic=mask:0=b", "--sizes=bb=3"], ["called 'bb'", "mean 'b'"]),
    ("mix", ["--dynamic=x:0=b:2..8", "--dynamic=mask:0=b", "--sizes=b=9"], ["9 is outside of b"]),
    ("mix", ["--sizes=b=9"], ["ask for some with --dynamic"]),
    ("spread", ["--dynamic=x:0=b"], ["through **more: here other", "forward's signature"]),
    ("one", ["--dynamic=x:0=batch"], ["takes the sizes 0 and 1 for fixed", "--batch 2"]),
])
def test_sizes_that_cannot_be(run, function, options, says):
    code, path, said = run(function, *options)
    assert code == 2 and said.startswith("error[dynamic-shapes]: ") and "  try: " in said
    for part in says:
        assert part in said
    assert not path.exists()


@pytest.mark.parametrize("text", ["batch", "x=batch", "x:first=batch", "x:0=3", "x:0=b*b",
                                  "x:0=b:4-8", "x:0=b:many"])
def test_what_is_not_of_the_grammar(run, text):
    code, _, said = run("mix", f"--dynamic={text}")
    assert code == 2 and said.startswith("error[usage]: ") and text in said


def test_check_says_the_sizes_and_writes_nothing(run, tmp_path, capsys):
    arguments = ["--check", "--call=size_models.py:mix", "--dynamic=x:0=batch:1..64",
                 "--dynamic=mask:0=batch"]
    run("mix")  # writes the models
    (tmp_path / "mix.pt2").unlink()
    assert capture.main(arguments) == 0
    said = capsys.readouterr().out
    assert said.startswith("it exports: ")
    assert "dynamic batch: 1..64 (x:0, mask:0)" in said
    assert not list(tmp_path.glob("**/*.pt2"))


def test_check_asks_fettle(run, tmp_path, monkeypatch, capsys):
    from capture import check
    if not (ROOT / "build" / "fettle").exists():
        pytest.skip("build/fettle is not built")
    (tmp_path / "operators.py").write_text('''
import torch

@torch.library.custom_op("size_models::twice", mutates_args=())
def twice(x: torch.Tensor) -> torch.Tensor:
    return x * 2

@torch.library.register_fake("size_models::twice")
def _(x):
    return torch.empty_like(x)

class Net(torch.nn.Module):
    def forward(self, x):
        return twice(x)

def make(): return Net(), (torch.ones(2),)
''')
    monkeypatch.chdir(tmp_path)
    assert capture.main(["--check", "--call=operators.py:make"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error[fettle-refuses]: ") and "size_models" in said
    monkeypatch.setattr(check, "FETTLE", tmp_path / "none")
    assert capture.main(["--check", "--call=operators.py:make"]) == 0
    said = capsys.readouterr().out
    assert "size_models.twice.default, 1 times" in said and "is not built" in said
