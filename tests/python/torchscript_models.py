"""Modules that torch.jit.trace and torch.jit.script make, by name: what each returns is the module,
the command line's options for its inputs, and the operators that the program must, or must not, call.
"""
from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn


class Convolutional(nn.Module):
    """Batch norm, residual, pooling, a view with a computed size: ResNet in small."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True),
                                  nn.Conv2d(8, 8, 3, padding=1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu_(x + self.body(x))
        x = self.pool(x).view(x.size(0), -1)
        return self.head(self.dropout(x))


class Layers(nn.Module):
    """A loop over a ModuleList, and a branch on a Python constant."""
    def __init__(self, gated: bool):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.gated = gated

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        if self.gated:
            x = x * torch.sigmoid(x)
        for i in range(2):
            x = x + i
        return x


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, num_layers=2, batch_first=True)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        return y[:, -1], h + c


class Dictionary(nn.Module):
    def forward(self, x) -> Dict[str, Tensor]:
        out: Dict[str, Tensor] = {"sum": x.sum(dim=0)}
        out["double"] = x * 2
        return out


class Pairs(nn.Module):
    """A tuple in; a tuple with a list out."""
    def forward(self, pair: Tuple[Tensor, Tensor], z):
        a, b = pair
        return a + z, [b * 2, a - b]


class InPlace(nn.Module):
    """Writes to a copy, through views of it, to a buffer, and gives a buffer another tensor."""
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(3))
        self.register_buffer("last", torch.zeros(3))

    def forward(self, x):
        y = x.clone()
        y[:, 0] = 1.0
        y[1].mul_(3.0)
        y += x
        self.count += 1
        self.last = x[0]
        return y * self.count + self.last


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.embedding(tokens))


class Arithmetic(nn.Module):
    """Sizes as numbers, integer division, rounding modes, dtypes, devices and text."""
    def forward(self, x, scale: float = 0.5, mode: str = "floor"):
        n = x.size(0) // 2 + min(x.size(1), 3)
        half = torch.div(x, 2.0, rounding_mode=mode)
        steps = torch.arange(n, dtype=torch.int64, device=x.device)
        return half * scale, steps // 2, (x > 0).to(torch.uint8), n


class Optionals(nn.Module):
    def forward(self, x, mask: Optional[Tensor] = None, bias: Optional[Tensor] = None):
        if mask is not None:
            x = x * mask
        if bias is None:
            bias = torch.ones_like(x)
        return x + bias


class Lists(nn.Module):
    def forward(self, x):
        parts = list(torch.split(x, [1, 3], dim=1)) + list(x.chunk(2, dim=1)) + list(x.unbind(1)[:1])
        grown: List[Tensor] = []
        for part in parts:
            grown.append(part.sum())
        return torch.stack(grown), torch.cat([parts[0], parts[1]], dim=1)


class Indexing(nn.Module):
    def forward(self, x, index):
        y = x.clone()
        y[index] = 0.0
        return x[index], x[:, None, ::2], y


class Constants(nn.Module):
    """Tensors made of numbers, and a branch that sizes decide."""
    def forward(self, x):
        weights = torch.tensor([0.5, 2.0, 1.0])
        if x.dim() == 2 and x.size(1) == 3:
            x = x * weights
        else:
            raise ValueError("wrong shape")
        return x + torch.tensor(3)


def bert():
    from transformers import BertConfig, BertModel
    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=20)
    tokens = torch.randint(0, 50, (2, 6))
    return traced(BertModel(config), tokens, torch.ones_like(tokens))


def traced(module, *inputs):
    return torch.jit.trace(module.eval(), inputs, check_trace=False, strict=False)


def scripted(module):
    return torch.jit.script(module.eval())


def shape(text):
    return ["--input-shape", text]


MODELS = {
    "traced_cnn": lambda: (traced(Convolutional(), torch.randn(2, 3, 8, 8)), []),
    "scripted_cnn": lambda: (scripted(Convolutional()), shape("x=2,3,8,8")),
    "traced_bert": lambda: (bert(), []),
    "gated_layers": lambda: (scripted(Layers(True)), shape("x=2,4")),
    "plain_layers": lambda: (scripted(Layers(False)), shape("x=2,4")),
    "traced_lstm": lambda: (traced(Recurrent(), torch.randn(2, 3, 4)), []),
    "scripted_lstm": lambda: (scripted(Recurrent()), shape("x=2,3,4")),
    "dictionary": lambda: (scripted(Dictionary()), shape("x=2,4")),
    "traced_pairs": lambda: (traced(Pairs(), (torch.randn(3), torch.randn(3)), torch.randn(3)), []),
    "in_place": lambda: (scripted(InPlace()), shape("x=2,3")),
    "tied": lambda: (scripted(Tied()), shape("tokens=2,3") + ["--input-dtype", "tokens=int64"]),
    "arithmetic": lambda: (scripted(Arithmetic()), shape("x=4,6") +
                           ["--input-value", "scale=0.25", "--input-value", "mode=trunc"]),
    "arithmetic_defaults": lambda: (scripted(Arithmetic()), shape("x=4,6")),
    "optionals": lambda: (scripted(Optionals()), shape("x=4") + ["--input-value", "mask=None"] +
                          shape("bias=4")),
    "optionals_left_out": lambda: (scripted(Optionals()), shape("x=4")),
    "lists": lambda: (scripted(Lists()), shape("x=2,4")),
    "indexing": lambda: (scripted(Indexing()), shape("x=4,4") + shape("index=3") +
                         ["--input-dtype", "index=int64"]),
    "constants": lambda: (scripted(Constants()), shape("x=2,3")),
}
