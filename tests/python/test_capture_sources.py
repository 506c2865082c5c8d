"""capture.py's models and inputs: weights from files, text through a tokenizer, modes of export."""
import io
import json

import capture
import pytest
import safetensors.torch
import tokenizers
import torch
import transformers
from conftest import eager_outputs, load_program, records, run_program

MODELS_FILE = "source_models.py"
MODELS = '''
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 2)
        self.tied = self.dense
        self.norm = torch.nn.BatchNorm1d(2)
    def forward(self, x):
        return self.norm(self.dense(x))

class Loss(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 2)
    def forward(self, x):
        y = self.dense(x)
        return y.square().sum(), y.detach()

class Silent(torch.nn.Module):
    pass

def net(): return Net(), (torch.rand(4, 3),)
def loss(): return Loss(), (torch.rand(4, 3),)
def no_loss(): return Net(), (torch.rand(4, 3),)
def silent(): return Silent(), (torch.ones(2),)
def wrapped():
    class Grad(torch.nn.Module):
        def forward(self, x):
            return torch.func.grad(lambda y: (y * y).sum())(x)
    return Grad(), (torch.ones(3),)

class Words(torch.nn.Module):
    def __init__(self, rows=40):
        super().__init__()
        self.rows = torch.nn.Embedding(rows, 4)
    def forward(self, input_ids, attention_mask=None):
        seen = self.rows(input_ids)
        return seen if attention_mask is None else seen * attention_mask[..., None]

def words(): return Words()
def few_words(): return Words(5)
'''


def refused(done, code, *says):
    status, path, said = done
    assert status == 2 and said.startswith(f"error[{code}]: ") and "  try: " in said, said
    for part in says:
        assert part in said
    assert not path.exists()


@pytest.mark.parametrize("name", ["state.pt", "state.safetensors", "checkpoint.pth"])
def test_weights_from_a_file(run, tmp_path, name):
    run("net")
    import source_models
    state = {key: torch.full_like(value, 2) for key, value in
             source_models.Net().state_dict().items() if not key.startswith("tied")}
    if name.endswith("safetensors"):
        safetensors.torch.save_file(state, tmp_path / name)
    else:
        torch.save({"state_dict": state} if "check" in name else state, tmp_path / name)
    code, path, said = run("net", f"--weights={name}")
    assert code == 0, said
    assert load_program(path).state_dict["dense.weight"].eq(2).all()


def test_weights_that_do_not_fit(run, tmp_path):
    run("net")
    import source_models
    state = source_models.Net().state_dict()
    (tmp_path / "net.pt2").unlink()

    def with_state(content):
        torch.save(content, tmp_path / "state.pt")
        return run("net", "--weights=state.pt")
    refused(run("net", "--weights=none.pt"), "weights", "no file none.pt")
    refused(with_state({**state, "dense.wieght": torch.ones(2)}), "weights",
            "has 'dense.wieght'", "did you mean 'dense.weight'")
    refused(with_state({**state, "dense.weight": torch.ones(5, 3)}), "weights",
            "[5, 3] in the file and [2, 3] in the model")
    refused(with_state({k: v for k, v in state.items() if "norm" not in k}), "weights",
            "lacks 'norm.bias' (and 4 more)")
    refused(with_state([1, 2]), "weights", "holds list")
    (tmp_path / "bad.pt").write_text("no weights")
    refused(run("net", "--weights=bad.pt"), "weights", "cannot be read")


def test_training_mode_and_decompositions(run):
    ran = {}
    for options in ((), ("--train",), ("--decompose",), ("--train", "--decompose")):
        code, path, said = run("net", *options)
        assert code == 0, said
        ran[options] = str(load_program(path).graph)
        if "--decompose" not in options:
            ours, eager = run_program(load_program(path)), eager_outputs(path)
            torch.testing.assert_close(ours[0], eager[0])
    assert len(set(ran.values())) == 4
    assert "aten.linear" in ran[()] and "aten.linear" not in ran[("--decompose",)]


def test_forward_and_backward_in_one_graph(run):
    code, path, said = run("loss", "--joint", "--train")
    assert code == 0, said
    program = load_program(path)
    assert program.graph_signature.backward_signature.loss_output
    assert [list(output.shape) for output in eager_outputs(path)] == [[], [4, 2]]
    refused(run("no_loss", "--joint"), "joint-graph", "return the loss", "torch says")


def test_what_cannot_be_captured_at_all(run):
    refused(run("silent"), "model-source", "Silent has no forward")
    refused(run("wrapped"), "not-serializable", "torch.func.grad")


def test_a_failure_that_nobody_knows_is_said_to_be_one(run, monkeypatch):
    def fail(*_, **__):
        raise LookupError("something new")
    monkeypatch.setattr(torch.export, "export", fail)
    refused(run("net"), "export-failed", "does not know this failure",
            "torch says: LookupError: something new")


@pytest.fixture
def tokenizer(tmp_path):
    """A folder with a small tokenizer: one token for each word, and for padding."""
    words = ["[PAD]", "[UNK]", *"the quick brown fox jumps over a lazy dog".split()]
    model = tokenizers.models.WordLevel({word: k for k, word in enumerate(words)}, "[UNK]")
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]",
                                                unk_token="[UNK]")
    fast.save_pretrained(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def inputs(path):
    content = records(path)
    sample = json.loads(content["fettle/capture.json"])["samples"][0]
    return torch.load(io.BytesIO(content[sample["inputs"]]))[1]


@pytest.mark.parametrize("place", ["", "tokenizer.json"])
def test_text_becomes_the_sample(run, tokenizer, place):
    given = f"--tokenizer={tokenizer / place}"
    code, path, said = run("words", given, "--text=the quick fox", "--text=a dog")
    assert code == 0, said
    assert inputs(path)["input_ids"].tolist() == [[2, 3, 5], [8, 10, 0]]
    assert inputs(path)["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert run("words", given, "--text=the quick fox", "--truncate=2")[0] == 0
    assert inputs(path)["input_ids"].tolist() == [[2, 3]]
    assert run("words", given, "--text=the cat", "--pad-to=4")[0] == 0
    assert inputs(path)["input_ids"].tolist() == [[2, 1, 0, 0]]


def test_text_with_dynamic_sizes_and_a_hugging_face_model(tokenizer, tmp_path):
    output = tmp_path / "bert.pt2"
    config = "num_hidden_layers=1,hidden_size=16,num_attention_heads=2,vocab_size=11"
    assert capture.main([
        str(output), "--hf=BertModel", f"--config={config}", f"--tokenizer={tokenizer}",
        "--text=the quick brown fox", "--text=a lazy dog", "--dynamic=input_ids:0=batch:1..8",
        "--dynamic=attention_mask:0=batch", "--samples=2"]) == 0
    assert inputs(output)["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert len(json.loads(records(output)["fettle/capture.json"])["samples"]) == 2


def test_text_that_cannot_be_used(run, tokenizer, tmp_path):
    given = f"--tokenizer={tokenizer}"
    refused(run("words", "--text=a dog"), "usage", "--text needs a tokenizer")
    refused(run("words", "--text=a dog", "--tokenizer=nowhere"), "tokenizer", "there is no nowhere")
    (tmp_path / "empty").mkdir()
    refused(run("words", "--text=a", "--tokenizer=empty"), "tokenizer", "no tokenizer can be made")
    refused(run("few_words", "--text=a dog", given), "tokenizer",
            "the tokenizer has 11 tokens and the model 5", "these texts reach token 10")
    refused(run("net", "--text=a dog", given), "tokenizer", "takes no input_ids")
