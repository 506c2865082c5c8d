"""Operators of all kinds: memory left as it was, indices, lists, perhaps views, layers."""
import torch
import torch.nn.functional as F

from .cases import CASES, Call, case, ramp, stateless


def uninitialised(x):
    return torch.empty(0, 3), torch.empty_like(x).fill_(2), x + 1, x.new_empty(0)


@case
def uninitialised_outputs():
    def forward(self, x):
        return torch.empty(3), torch.cat([torch.empty(2), x]), x * 2, x.new_empty(2) * 0 + self.table
    return Call(forward, table=ramp(2)), (ramp(2),)


def indices(x, where):
    return (F.embedding(where, x), x[where], x.index_select(0, where), x.gather(0, where[:, None]),
            x.scatter(0, where[:, None], 1.5), torch.zeros(4, 2).index_put((where,), x[:2], True),
            F.one_hot(where, 4), where // where.clamp(min=1))


stateless(uninitialised, ramp(3))
stateless(indices, ramp(4, 2), torch.tensor([1, 3]))


def nondeterministic_sum(x, where):
    return torch.zeros(7, 64).index_add(0, where, x), x.softmax(0).sum(), x.cumsum(0)[-1]


stateless(nondeterministic_sum, ramp(4096, 64), torch.arange(4096) % 7)


def lists_of_lists(x):
    parts = [p + 1 for p in x.unbind()]
    return torch.stack(parts), torch.cat([torch.cat(parts), parts[0]]), torch.meshgrid(*parts, indexing="ij")


def optional_tensors_in_lists(x):
    one = torch.tensor([1])
    return x[:, torch.tensor([0, 1])], x[one, :, None], x[..., 1], torch.ops.aten.index(x, [None, one])


def perhaps_views(x):
    """What may return its input, a view of it or a copy, by the operator's own rules."""
    return (torch.einsum("ij->ij", x), torch.einsum("ij->ji", x), torch.atleast_2d(x), x.type_as(x),
            x.flatten(), x.ravel(), x.unflatten(1, (1, 3)), torch.broadcast_to(x, (2, 3)), x.positive(),
            x.resolve_conj(), x.squeeze(), F.pad(x, (0, 0)), x.tile((1, 1)), x.repeat(1, 1),
            x.narrow(0, 0, 2), x.swapaxes(0, 1), x.movedim(0, 1), torch.cat([x]), torch.hstack([x]),
            F.interpolate(x[None, None], size=(2, 3)), x.where(x > -9, x), x.roll(0), x.rot90(0),
            x.expand_as(x), x.to("cpu"), x.float(), x.cpu(), x.masked_fill(x > 99, 0), x.chunk(1)[0],
            x.diagonal(), x.unfold(1, 2, 1), x.as_strided((2,), (1,)), x.detach(), x.T, x.mT,
            x.select(0, 1), F.dropout(x, 0.5, False), F.alpha_dropout(x, 0.5, False),
            F.feature_alpha_dropout(x, 0.5, False))


for function in (lists_of_lists, optional_tensors_in_lists, perhaps_views):
    stateless(function, ramp(2, 3))


def operators_of_other_kinds(x):
    return (torch.ops.aten.native_layer_norm(x, [3], None, None, 1e-5)[0], x.std(),
            torch.linalg.svd(x)[1], torch.fft.rfft(x), x.to(torch.float64).sum(), x.histc(3),
            torch.where(x > 0), x.numel(), torch.searchsorted(torch.arange(3.), x), x.unique(), x.amax(),
            torch.stft(x.view(-1), 4, window=torch.ones(4), return_complex=True, center=False))


stateless(operators_of_other_kinds, ramp(2, 3))


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, 2, bidirectional=True)
        self.bag = torch.nn.EmbeddingBag(5, 3)
        self.attention = torch.nn.MultiheadAttention(4, 2, dropout=0.1)
        self.encoder = torch.nn.TransformerEncoderLayer(4, 2, 8)

    def forward(self, x, where):
        y, state = self.lstm(x)
        z = y[..., :4]
        return y, state, self.bag(where), self.attention(z, z, z), self.encoder(z)


CASES["layers"] = lambda: (Layers(), (ramp(5, 1, 3), torch.tensor([[1, 2], [0, 4]])))


@case
def parametrized_weights():
    from torch.nn.utils.parametrizations import spectral_norm, weight_norm
    return (torch.nn.Sequential(weight_norm(torch.nn.Linear(3, 3)), spectral_norm(torch.nn.Linear(3, 3))),
            (ramp(2, 3),))
