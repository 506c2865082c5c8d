"""Programs of the kinds that people export: real architectures at small widths, dynamic sizes,
control flow, mutation, randomness, mixed dtypes, shared weights, joint forward and backward.

Each case is a function that returns an Export; CASES has them by name. Nothing is downloaded.
"""
import dataclasses
import functools
from typing import Any

import torch
import torch.nn.functional as F
from capture import samples
from torch.export import Dim

CASES = {}


@dataclasses.dataclass
class Export:
    """An exported program with what is needed to judge copies of it."""
    program: Any               # torch.export.ExportedProgram
    sample: Any = None         # what eager made of the sample inputs; None: not stored
    calls: tuple = ()          # more (args, kwargs) to call it with, at other sizes and branches
    random: bool = False       # draws random numbers: compared under one seed


def case(make):
    CASES[make.__name__] = make
    return make


def export(model, args, kwargs=None, calls=(), dynamic_shapes=None, random=False, train=False):
    """Exports a model as torch.export.export does by default; eager runs on copies first."""
    model.train(train)
    sample = samples.run_eager(model, args, kwargs or {})
    program = torch.export.export(model, args, kwargs, dynamic_shapes=dynamic_shapes)
    return Export(program, sample, calls, random)


def hugging_face(name, **fields):
    import transformers
    config = transformers.CONFIG_MAPPING[name](**fields)
    return transformers.AutoModel.from_config(config).eval()


def joint(model, args):
    """The joint forward and backward graph of a model whose only output is its loss."""
    from torch.export.experimental import _export_forward_backward
    return Export(_export_forward_backward(torch.export.export(model, args)))


# Architectures

@case
def convnext():
    model = hugging_face("convnext", depths=[1, 1, 2, 1], hidden_sizes=[8, 16, 24, 32],
                         patch_size=4, image_size=32)
    batch = Dim("batch", min=1, max=8)
    calls = [((torch.randn(n, 3, 32, 32),), {}) for n in (1, 3)]
    return export(model, (torch.randn(2, 3, 32, 32),), calls=calls,
                  dynamic_shapes={"pixel_values": {0: batch}})


@case
def swin():
    model = hugging_face("swin", image_size=32, patch_size=2, embed_dim=16, depths=[1, 2],
                         num_heads=[2, 4], window_size=4, drop_path_rate=0.0)
    return export(model, (torch.randn(1, 3, 32, 32),),
                  calls=[((torch.randn(1, 3, 32, 32),), {})])


@case
def t5_encoder():
    import transformers
    config = transformers.T5Config(vocab_size=100, d_model=32, d_kv=8, d_ff=64, num_layers=2,
                                   num_heads=4, use_cache=False)
    model = transformers.T5EncoderModel(config).eval()
    sequence = Dim("sequence", min=2, max=64)
    calls = [((torch.randint(0, 100, (1, n)),), {}) for n in (2, 5, 33)]
    return export(model, (torch.randint(0, 100, (1, 12)),), calls=calls,
                  dynamic_shapes={"input_ids": {1: sequence}})


@case
def distilbert():
    model = hugging_face("distilbert", vocab_size=100, dim=32, hidden_dim=64, n_layers=2,
                         n_heads=4, max_position_embeddings=64)
    batch, sequence = Dim("batch", min=1, max=16), Dim("sequence", min=2, max=64)

    def inputs(rows, tokens):
        mask = torch.ones(rows, tokens, dtype=torch.int64)
        mask[:, tokens // 2 + 1:] = 0
        return torch.randint(0, 100, (rows, tokens)), mask
    calls = [(inputs(*sizes), {}) for sizes in ((1, 2), (3, 7), (16, 64))]
    sizes = {0: batch, 1: sequence}
    return export(model, inputs(2, 12), calls=calls,
                  dynamic_shapes={"input_ids": sizes, "attention_mask": sizes})


# Dynamic sizes

@case
def dynamic_image():
    class Convolutions(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
            self.norm = torch.nn.BatchNorm2d(8)
            self.pool, self.mean = torch.nn.MaxPool2d(2), torch.nn.AdaptiveAvgPool2d(1)

        def forward(self, x):
            y = self.pool(torch.relu(self.norm(self.conv(x))))
            return self.mean(y).flatten(1), F.interpolate(y, scale_factor=2.0)
    auto = Dim.AUTO
    calls = [((torch.randn(*sizes),), {}) for sizes in ((1, 3, 32, 32), (3, 3, 17, 40))]
    return export(Convolutions(), (torch.randn(2, 3, 32, 48),), calls=calls,
                  dynamic_shapes=({0: auto, 2: auto, 3: auto},))


@case
def size_arithmetic():
    class Arithmetic(torch.nn.Module):
        def forward(self, x, y, z):
            rows, columns = x.shape[0], x.shape[1]
            ramp = torch.arange(columns, dtype=torch.float32)
            pairs = x.reshape(rows * columns, -1).reshape(rows, columns // 2, 2, -1)
            most, least = torch.sym_max(rows, columns), torch.sym_min(rows, columns)
            scale = torch.sym_float(columns ** 2) / (rows + 1)
            ones = torch.ones(most, least + 1, columns % 5 + 1)
            return (x * ramp[None, :, None] + scale, pairs.sum(2), torch.cat([x, x]) - y,
                    z[: rows + 1] * 2, ones)
    rows, half = Dim("rows", min=2, max=40), Dim("half", min=2, max=30)

    def inputs(r, c):
        return torch.randn(r, 2 * c, 5), torch.randn(2 * r, 2 * c, 5), torch.randn(r + 1)
    calls = [(inputs(*sizes), {}) for sizes in ((2, 2), (7, 9), (40, 29))]
    return export(Arithmetic(), inputs(3, 4), calls=calls,
                  dynamic_shapes=({0: rows, 1: 2 * half}, {0: 2 * rows, 1: 2 * half},
                                  {0: rows + 1}))


@case
def sizes_of_data():
    class Unbacked(torch.nn.Module):
        def forward(self, x, n):
            places = torch.nonzero(x > 0)
            chosen = torch.masked_select(x, x > 0)
            count = n.item()
            torch._check(count >= 1)
            torch._check(count < 20)
            return places + 1, chosen * 2, torch.ones(count) * 3, places.shape[0] + count
    calls = [((torch.randn(rows, 5), torch.tensor(n)), {}) for rows, n in ((2, 1), (9, 19))]
    return export(Unbacked(), (torch.randn(4, 5), torch.tensor(3)), calls=calls,
                  dynamic_shapes=({0: Dim("rows", min=2)}, None))


# Control flow

class Branch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.left(x).relu(),
                          lambda x: self.right(x).sin() + 1, (x,))


@case
def cond():
    x = torch.randn(3, 4)
    return export(Branch(), (x,), calls=[((x.abs(),), {}), ((-x.abs(),), {})])


class NestedBranch(torch.nn.Module):
    def forward(self, x, y):
        def inner(x, y):
            return torch.cond(y.sum() > 0, lambda x, y: x + y, lambda x, y: x - y, (x, y))
        return torch.cond(x.sum() > 0, inner, lambda x, y: x * y, (x, y)) * 2


@case
def nested_cond():
    one = torch.ones(2, 3)
    calls = [((a * one, b * one), {}) for a in (1, -1) for b in (1, -1)]
    return export(NestedBranch(), (one, one), calls=calls)


class CountDown(torch.nn.Module):
    def forward(self, count, x):
        return torch.while_loop(lambda count, x: count > 0,
                                lambda count, x: (count - 1, x * 1.5 + 1), (count, x))


@case
def while_loop():
    calls = [((torch.tensor(n), torch.randn(3)), {}) for n in (0, 1, 6)]
    return export(CountDown(), (torch.tensor(3), torch.randn(3)), calls=calls)


# Mutation

class Accumulator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)
        self.register_buffer("total", torch.zeros(4))
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64), persistent=False)

    def forward(self, x):
        y = self.norm(x)
        self.total.add_(y.detach().sum(0))
        self.calls += 1
        return y + self.total / self.calls


@case
def buffer_mutation():
    return export(Accumulator(), (torch.randn(5, 4),), train=True,
                  calls=[((torch.randn(5, 4),), {})] * 2)


class WriteThroughViews(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        y[1:, :2].mul_(2)
        row = y.t().diagonal()
        row.add_(1)
        before = y.sum()
        y.view(-1)[3:7] = 0.5
        return y, before, row.clone()


@case
def view_writes():
    return export(WriteThroughViews(), (torch.randn(4, 4),), calls=[((torch.randn(4, 4),), {})])


# Kinds of operators

@case
def lstm():
    model = torch.nn.LSTM(6, 8, num_layers=2, bidirectional=True, batch_first=True)
    return export(model, (torch.randn(2, 5, 6),), calls=[((torch.randn(2, 5, 6),), {})])


class Noise(torch.nn.Module):
    def forward(self, x):
        noisy = x + torch.rand_like(x) + torch.rand_like(x)
        return F.dropout(noisy, 0.5, True), torch.bernoulli(torch.sigmoid(x)), x + x


@case
def random_operators():
    return export(Noise(), (torch.randn(4, 5),), random=True, calls=[((torch.randn(4, 5),), {})])


class MixedDtypes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.low = torch.nn.Linear(8, 8).to(torch.bfloat16)
        self.high = torch.nn.Linear(8, 4).double()

    def forward(self, x, index):
        y = self.low(x.bfloat16()).float() * 2 + x.half().float()
        z = self.high(y.double())
        return z, (z > 0).to(torch.uint8), index.int() * 3, z.to(torch.complex64) * 1j


@case
def mixed_dtypes():
    return export(MixedDtypes(), (torch.randn(3, 8), torch.arange(3)),
                  calls=[((torch.randn(3, 8), torch.arange(3) - 5), {})])


class TiedWeights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(20, 8)
        self.body = torch.nn.Linear(8, 8)
        self.head = torch.nn.Linear(8, 20, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.body(self.embedding(tokens)).tanh())


@case
def tied_weights():
    return export(TiedWeights(), (torch.randint(0, 20, (2, 3)),),
                  calls=[((torch.randint(0, 20, (2, 3)),), {})])


class ManyOutputs(torch.nn.Module):
    def forward(self, x, n):
        values, indices = x.topk(3)
        first, second = x.chunk(2, -1)
        mean, scale = torch.std_mean(x, -1)
        quotient = n // 3 + torch.div(n, 2, rounding_mode="floor") + n % 5
        return values.sort()[0], indices // 2, first + second, mean, scale, quotient, x.unbind(0)


@case
def many_outputs():
    n = torch.arange(-7, 8)
    return export(ManyOutputs(), (torch.randn(3, 6), n), calls=[((torch.randn(3, 6), n * 3), {})])


# Joint forward and backward

class Regression(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.GELU(),
                                          torch.nn.Linear(8, 2))

    def forward(self, x, target):
        return F.mse_loss(self.layers(x), target)


@case
def joint_mlp():
    return joint(Regression(), (torch.randn(5, 6), torch.randn(5, 2)))


class Classification(torch.nn.Module):
    def __init__(self):
        super().__init__()
        import transformers
        config = transformers.BertConfig(
            vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=16, attn_implementation="eager")
        self.bert = transformers.BertModel(config, add_pooling_layer=False)
        self.head = torch.nn.Linear(16, 50)

    def forward(self, tokens):
        logits = self.head(self.bert(tokens).last_hidden_state)
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten())


@case
def joint_bert():
    return joint(Classification().eval(), (torch.randint(0, 50, (2, 7)),))


@functools.cache
def build(name):
    """The case of that name, made once in a process, from one seed."""
    torch.manual_seed(0)
    return CASES[name]()
