"""Small programs at the edges of what torch.export gives: aliasing, writes, dtypes, odd shapes,
outputs that are no tensors. Each function returns what tools/capture.py takes from a user's own:
(model, args[, kwargs[, dynamic_shapes]]).
"""
import dataclasses

import torch
import torch.nn.functional as F

CASES = {}


class Call(torch.nn.Module):
    """A model of a function; keyword arguments are its buffers (tensors) and parameters."""

    def __init__(self, function, **state):
        super().__init__()
        self.function = function
        for name, value in state.items():
            if isinstance(value, torch.nn.Parameter):
                self.register_parameter(name, value)
            else:
                self.register_buffer(name, value)

    def forward(self, *args, **kwargs):
        _ = torch.ones(2) + torch.ones(2)  # dead, so that every pass has work and is then verified
        return self.function(self, *args, **kwargs)


def case(make):
    CASES[make.__name__] = make
    return make


def stateless(function, *args, **kwargs):
    """A case of a function that needs only its inputs."""
    model = Call(lambda self, *args, **kwargs: function(*args, **kwargs))
    CASES[function.__name__] = lambda: (model, args, kwargs)


def ramp(*sizes, dtype=torch.float32):
    count = torch.Size(sizes).numel()
    return (torch.arange(count, dtype=torch.float32) / 4 - 1).to(dtype).reshape(sizes)


# Outputs: which ones there are, and what they share storage with.

def same_tensor_twice(x):
    y = x + 1
    return y, y


def output_is_input(x):
    return x, x * 2


def output_views_input(x):
    return x.transpose(0, 1), x[1:], x * 1


def equal_outputs(x):
    return x + 1, x + 1


def equal_outputs_through_views(x):
    return (x + 1).view(-1), (x + 1).transpose(0, 1), (x + 1).sum()


def equal_views_of_input(x):
    return x.view(-1), x.view(-1)


def output_maybe_view(x):
    return x.contiguous(), x.to(torch.float32), x.reshape(-1), x.expand(2, 3)


for function in (same_tensor_twice, output_is_input, output_views_input, equal_outputs,
                 equal_outputs_through_views, equal_views_of_input, output_maybe_view):
    stateless(function, ramp(2, 3))


@case
def output_views_buffer():
    return Call(lambda self, x: (self.table[1:], self.table, x + self.table.t()),
                table=ramp(3, 3)), (ramp(3, 3),)


@case
def output_of_weights_alone():
    return Call(lambda self, x: (self.weight * 2, self.table + 1, self.table.view(-1), x.neg()),
                weight=torch.nn.Parameter(ramp(2, 2)), table=ramp(4)), (ramp(2),)


@case
def constant_output():
    return Call(lambda self, x: (torch.zeros(3), torch.ones(2), torch.full((2,), 7), x.abs())), (ramp(2),)


@case
def equal_constant_outputs():
    return Call(lambda self, x: (torch.zeros(3), torch.zeros(3), torch.zeros(3) + x)), (ramp(3),)


@case
def no_tensor_inputs():
    return Call(lambda self: (torch.arange(4) + self.table, torch.arange(4) * 2), table=ramp(4)), ()


@case
def none_and_scalar_outputs():
    return Call(lambda self, x: (None, x + 1, 3, 2.5, True, None)), (ramp(2),)


@case
def nested_outputs():
    def forward(self, x, *, scale, extra):
        y = x * scale
        return {"a": y, "b": [y + extra["k"], (extra["k"], x)], "c": {}}
    return Call(forward), (ramp(2),), {"scale": ramp(2), "extra": {"k": ramp(2)}}


@dataclasses.dataclass
class Answer:
    total: torch.Tensor
    parts: list


torch.export.register_dataclass(Answer, serialized_type_name="edge_programs.Answer")


@case
def custom_output_class():
    return Call(lambda self, x: Answer(x.sum(), [x + 1, x + 1])), (ramp(3),)


# Writes and randomness.

def write_to_clone(x):
    y, z = x.clone(), x.clone()
    y.add_(1)
    return y, z, x.clone()


def write_through_view(x):
    y = x * 2
    before = y + 1
    y[0].zero_()
    y.view(-1)[3:].mul_(5)
    return before, y + 1, y


def write_to_input(x):
    before = x + 1
    x.add_(1)
    return before, x + 1


def write_to_input_view(x):
    before = x.sum()
    x[0].fill_(9)
    return before, x.sum(), x


def write_then_dead(x):
    y = x.clone()
    y.add_(3)
    z = torch.zeros(3)
    z.add_(1)
    return x + z


def write_to_factory(x):
    y, z = torch.zeros(2, 3), torch.zeros(2, 3)
    y.add_(x)
    return y, z


def write_out_variant(x):
    y = torch.empty(2, 3)
    torch.add(x, 1, out=y)
    return y * 2


for function in (write_to_clone, write_through_view, write_to_input, write_to_input_view,
                 write_then_dead, write_to_factory, write_out_variant):
    stateless(function, ramp(2, 3))


def write_metadata(x):
    y, w, z = x * 1, x.clone(), (x * 2)[None]
    y.t_().add_(1)
    w.transpose_(0, 1).detach_()
    z.squeeze_(0).unsqueeze_(1)
    return y, w, z, x.clone().resize_(3).fill_(2)


def write_storage(x):
    y = x.clone()
    y.set_(x * 2)
    return y, x


def write_lists(x):
    y, z = x.clone(), x * 2
    torch._foreach_add_([y, z, x], 1.5)
    torch._foreach_mul_([y, x], [z, y])
    return y, z, y.view(-1), x


for function in (write_metadata, write_storage, write_lists):
    stateless(function, ramp(2, 3))


@case
def write_through_views_of_views():
    def forward(self, x):
        before = self.table.sum()
        view = self.table.view(-1)[1:5]
        view[::2].mul_(x.sum())
        after = self.table.sum()
        view.copy_(torch.arange(4.))
        self.table.t()[0].add_(1)
        self.table[:, 1:] *= 2
        return before, after, self.table[0], self.table.t(), self.table + x
    return Call(forward, table=ramp(2, 3)), (ramp(2, 3),)


@case
def write_through_overlapping_views():
    def forward(self, x):
        low, high = self.table[:4], self.table[2:]
        y = x.cos()
        low.copy_(x)
        high.copy_(y)
        return x + 1
    return Call(forward, table=ramp(6)), (ramp(4),)


@case
def write_at_indices():
    def forward(self, x):
        self.table[torch.tensor([0, 1]), torch.tensor([1, 2])] = x[0, :2]
        self.table.masked_fill_(x > 0.1, -1.0)
        self.table.scatter_(0, torch.zeros(1, 3, dtype=torch.int64), x)
        self.table.index_add_(1, torch.tensor([0, 2]), x[:, :2])
        return x.sum()
    return Call(forward, table=torch.ones(2, 3)), (ramp(2, 3),)


@case
def write_out_into_buffer():
    def forward(self, x):
        old = self.table * 1
        torch.add(x, 1, out=self.table)
        y = torch.empty(2, 3)
        torch.mul(self.table, x, out=y)
        return old, y, self.table
    return Call(forward, table=ramp(2, 3)), (ramp(2, 3),)


@case
def write_to_parameter_and_constant():
    def forward(self, x):
        with torch.no_grad():
            self.weight.mul_(0.5)
            self.plain += x
        return self.weight * x, self.plain * 1
    model = Call(forward, weight=torch.nn.Parameter(ramp(3)))
    model.plain = ramp(3)
    return model, (ramp(3),)


class Training(torch.nn.Sequential):
    """A model that stays in training: its statistics and counters change with each call."""

    def train(self, mode=True):
        return super().train(True)


@case
def training_batch_norm():
    return (Training(torch.nn.Conv1d(2, 3, 1), torch.nn.BatchNorm1d(3), torch.nn.ReLU(inplace=True),
                     torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)),
            (ramp(4, 2, 5),))


@case
def recurrent_networks():
    class Networks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = torch.nn.GRU(3, 4, 2, batch_first=True)
            self.rnn = torch.nn.RNN(3, 4, nonlinearity="relu")

        def forward(self, x):
            y, state = self.gru(x)
            y.mul_(2)
            return y, state, *self.rnn(x), y + 1
    return Networks(), (ramp(2, 5, 3),)


@case
def counter():
    def forward(self, x):
        before = self.count + 0
        self.count.add_(1)
        return x * self.count, before, self.count + 0
    return Call(forward, count=torch.zeros(())), (ramp(2),)


@case
def buffer_replaced():
    def forward(self, x):
        y = self.state + x
        self.state = y * 1
        return y, self.state.sum()
    return Call(forward, state=ramp(3)), (ramp(3),)


@case
def unused_counter():
    def forward(self, x):
        self.count.add_(1)
        return x + 1
    return Call(forward, count=torch.zeros((), dtype=torch.int64)), (ramp(2),)


def batch_norm(training):
    def forward(self, x):
        first = F.batch_norm(x, self.mean, self.var, self.weight, self.bias, training)
        second = F.batch_norm(x, self.mean, self.var, self.weight, self.bias, training)
        return first + second, self.mean * 1
    return Call(forward, mean=torch.zeros(3), var=torch.ones(3), weight=torch.nn.Parameter(ramp(3)),
                bias=torch.nn.Parameter(ramp(3))), (ramp(4, 3),)


CASES["batch_norm_training"] = lambda: batch_norm(True)
CASES["batch_norm_eval"] = lambda: batch_norm(False)


@case
def batch_norm_dead():
    def forward(self, x):
        F.batch_norm(x, self.mean, self.var, None, None, True)
        return x + 1
    return Call(forward, mean=torch.zeros(3), var=torch.ones(3)), (ramp(4, 3),)


def dropout_active(x):
    return F.dropout(x, 0.5, True), F.dropout(x, 0.5, True)


def dropout_inactive(x):
    return F.dropout(x, 0.5, False), F.dropout(x, 0.0, True) + 1


def random_draws(x):
    torch.rand(3)  # unused, but later draws depend on it
    return torch.rand(3), torch.randn(3) + x, torch.rand_like(x), torch.randint(0, 9, (2,))


def random_from_tensors(x):
    p = torch.sigmoid(x)
    return torch.bernoulli(p), torch.bernoulli(p), torch.multinomial(p, 2), torch.normal(x, p)


def attention_with_dropout(x):
    q = x.view(1, 1, 1, 3)
    return (F.scaled_dot_product_attention(q, q, q, dropout_p=0.5),
            F.scaled_dot_product_attention(q, q, q), F.scaled_dot_product_attention(q, q, q))


for function in (dropout_active, dropout_inactive, random_draws, random_from_tensors,
                 attention_with_dropout):
    stateless(function, ramp(3))


# Numbers and dtypes.

def scalars_of_two_types(i, x):
    return i + 1, i + 1.0, x + 1, x + 1.0, i * True, x ** 2, x ** 2.0, i ** 2, i / 1


def special_numbers(x):
    inf, nan = float("inf"), float("nan")
    return (x * 0.0, x * -0.0, x + 0.0, x + -0.0, x * inf, x * -inf, x + nan, torch.full((2,), -0.0),
            torch.full((2,), 0.0), torch.full((2,), nan) + x.sum(), torch.tensor([-0.0, inf, nan]) * 1,
            x + 1e308, x.clamp(-inf, inf), x.masked_fill(x > 0, -inf))


stateless(scalars_of_two_types, torch.arange(3), ramp(3))
stateless(special_numbers, ramp(5))


@case
def all_dtypes():
    dtypes = (torch.bfloat16, torch.float16, torch.float64, torch.complex64, torch.complex128, torch.bool,
              torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64)
    state = {f"b{i}": ramp(4, dtype=dtype) for i, dtype in enumerate(dtypes)}

    def forward(self, *inputs):
        tables = [getattr(self, name) for name in state]
        folded = [t & t if t.dtype == torch.bool else t + t for t in tables]
        return [a | b if a.dtype == torch.bool else a * b for a, b in zip(inputs, folded)]
    return Call(forward, **state), tuple(ramp(4, dtype=dtype) for dtype in dtypes)


@case
def float8():
    return (Call(lambda self, x: (self.table.to(torch.float32) + x, x.to(torch.float8_e4m3fn)),
                 table=ramp(4, dtype=torch.float8_e4m3fn)), (ramp(4),))


def complex_views(x):
    return x.real, x.conj(), x.conj() + 1, x.imag * 2, torch.view_as_real(x), x * (1 + 2j)


stateless(complex_views, ramp(3, dtype=torch.complex64) * 1j)


@case
def python_inputs():
    def forward(self, x, count, scale, flag, mode, nothing, numbers):
        y = x * count + scale if flag else x
        return y + numbers[1] if mode == "sum" else y
    return Call(forward), (ramp(2), 3, 2.5, True, "sum", None, [1, 2])


# Shapes.

def odd_shapes(scalar, empty, one):
    return (scalar + 1, empty.sum(), empty * 2, torch.cat([empty, one]), one.squeeze(), one.expand(4, 3),
            scalar.expand(3), empty.reshape(3, 0), one.sum((0, 1)), torch.zeros(0, 2), one.repeat(0, 1))


stateless(odd_shapes, torch.tensor(2.5), torch.empty(0, 3), ramp(1, 3))


def unused_results(x):
    a, _, c = torch.split(x, 2)
    values, _ = torch.topk(x, 2)
    _, where = x.max(0)
    x.sort()
    return a, values, where, x.unbind()[0], torch.var_mean(x)[1], c + 0


stateless(unused_results, ramp(6))


def unused_split_parts(x):
    return torch.split(x + 1, 2)[1], torch.chunk(x + 1, 3)[2], (x + 1).unbind()[0]


stateless(unused_split_parts, ramp(6))


def large_recipes(x):
    return (torch.zeros(4096, 4096)[0, :2] + x, torch.arange(1 << 22)[:2] + x,
            torch.ones(1).expand(1 << 20, 64).sum(1)[:2] * x, torch.full((2048, 2048), 2.0).mean() * x)


stateless(large_recipes, ramp(2))


@case
def strided_inputs():
    return (Call(lambda self, x, y: (x * 1, x.contiguous(), y + 1, (self.table + 0) * y),
                 table=ramp(3, 4).t()), (ramp(3, 4).t(), ramp(1, 3).expand(4, 3)))


def channels_last(x):
    y = x.to(memory_format=torch.channels_last)
    return y, y * 1, F.avg_pool2d(y, 2), torch.zeros_like(y) + y


stateless(channels_last, ramp(1, 2, 4, 4))


# State.

@case
def tied_weights():
    model = Call(lambda self, x: (F.linear(x, self.first), F.linear(x, self.second), x @ (self.second + 1)),
                 first=torch.nn.Parameter(ramp(2, 2)))
    model.second = model.first
    return model, (ramp(2, 2),)


@case
def weights_in_one_storage():
    storage = ramp(12)
    return (Call(lambda self, x: (x + self.low, x * self.high, self.even + self.all.sum()), all=storage,
                 low=storage[:4], high=storage[8:], even=storage[::2]), (ramp(4),))


@case
def write_to_shared_storage():
    def forward(self, x):
        before = self.high + 1
        self.low.add_(x)
        return before, self.high + 1, self.low * 1
    storage = torch.zeros(4)
    return Call(forward, low=storage[:3], high=storage[1:]), (ramp(3),)


@case
def unused_weights():
    return (Call(lambda self, x: x + 1, weight=torch.nn.Parameter(ramp(3)), table=ramp(2)), (ramp(2),))


@case
def literal_tensors():
    def forward(self, x):
        return x + torch.tensor([1.0, 2.0]), torch.tensor(5), torch.tensor([1.0, 2.0]), x * torch.tensor(3)
    return Call(forward), (ramp(2),)


@case
def unregistered_tensors():
    model = Call(lambda self, x: (x + self.plain, self.plain * 2, self.hidden + 1))
    model.plain = ramp(2)
    model.register_buffer("hidden", ramp(2), persistent=False)
    return model, (ramp(2),)


# Regions, branches, symbols.

@case
def grad_regions():
    def forward(self, x):
        with torch.no_grad():
            y = x * 2
            z = self.table + 1
        with torch.no_grad():
            w = self.table + 1
        with torch.enable_grad():
            y = y + x * 2
        return y, z, w, x * 2
    return Call(forward, table=ramp(3)), (ramp(3),)


@case
def frozen_gradient():
    return (Call(lambda self, x: (x * self.weight.detach(), (self.weight * 2) + x),
                 weight=torch.nn.Parameter(ramp(3))), (ramp(3),))


@case
def autocast_region():
    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return x @ x, (x @ x) + 1
    return Call(forward), (ramp(2, 2),)


@case
def branch():
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))
    return Call(forward), (ramp(3),)


@case
def dynamic_batch():
    def forward(self, *inputs):
        x, = inputs
        return x.view(x.shape[0], -1) + self.table, x.new_zeros(x.shape[0]) + 1, x.shape[0]
    return (Call(forward, table=ramp(3)), (ramp(4, 3),), {},
            {"args": ({0: torch.export.Dim("batch", min=2, max=64)},)})


@case
def data_dependent():
    def forward(self, x):
        count = x.sum().to(torch.int64).item()
        return x[x > 0].sum() + count, x.nonzero()
    return Call(forward), (ramp(8),)


# Constants in forms that a file does not store as they are.

@case
def folded_forms():
    def forward(self, x):
        c = self.complex
        return (x * (c.conj() * 1), x * c.conj(), x * c.real, x * (c.imag + 1), x + self.image.to(
            memory_format=torch.channels_last).sum(), (self.image + 1).mT.sum() + x, x * c.conj().imag.sum())
    return (Call(forward, complex=ramp(3, dtype=torch.complex64) * 1j + 1, image=ramp(1, 2, 3, 3)),
            (ramp(3),))


@case
def folded_layouts():
    def forward(self, x):
        image = (self.image.to(memory_format=torch.channels_last) * 2)
        return (image * x, image.permute(0, 1, 2, 3) + x, self.image[:, ::2] * x, self.image.flip(0) * x,
                self.image.expand(2, 2, 3, 4) * x, self.image.new_zeros(0, 4) * x)
    return Call(forward, image=ramp(1, 2, 3, 4)), (ramp(4),)


@case
def number_from_a_buffer():
    def forward(self, x):
        return x * self.scale.item(), x + int(3), x * float(2)
    return Call(forward, scale=torch.tensor(2.5)), (ramp(2),)


@case
def sparse_constant():
    return Call(lambda self, x: torch.mm(self.table.to_sparse(), x), table=ramp(3, 3)), (ramp(3, 3),)


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


@case
def same_input_twice():
    x = ramp(3)
    return Call(lambda self, a, b: (a + b, a + 1, b + 1)), (x, x)


@case
def overlapping_inputs():
    def forward(self, a, b):
        a.add_(1)
        return b * 2, a * 1
    x = ramp(6)
    return Call(forward), (x[:3], x[2:5])


@case
def double_model():
    return torch.nn.Linear(3, 2).double(), (ramp(2, 3, dtype=torch.float64),)


@case
def nested_grad_regions():
    def forward(self, x):
        with torch.no_grad():
            a = x + 1
            with torch.enable_grad():
                b = a * self.weight + (x + 1)
            a.add_(1)
            n = torch.rand(3)
        return a, b, n, torch.rand(3)
    return Call(forward, weight=torch.nn.Parameter(ramp(3))), (ramp(3),)


@case
def region_writes_buffer():
    def forward(self, x):
        with torch.no_grad():
            self.count += 1
            before = self.count * 1
        return x * self.count, before, self.count * 1
    return Call(forward, count=torch.zeros(3)), (ramp(3),)


@case
def large_numbers():
    return (Call(lambda self, i: (i + 2**62, i * -(2**63), i - 2**53 - 1, torch.full((1,), 2**63 - 1),
                                  i.double() + 1e-320, i.double() * 0.1)), (torch.arange(3),))


@case
def nothing_computed():
    return torch.nn.Sequential(), (ramp(2),)
