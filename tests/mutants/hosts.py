"""Small programs that contain what a mutant looks for, where none of the captured models does.

Each function returns what capture_model takes: (model, args[, dynamic_shapes]). HOSTS has them by name.
"""
import torch
import torch.nn.functional as F
from torch.export import Dim

HOSTS = {}


class Call(torch.nn.Module):
    """A model of a function; keyword arguments are its parameters and buffers."""

    def __init__(self, function, **state):
        super().__init__()
        self.function = function
        for name, value in state.items():
            if isinstance(value, torch.nn.Parameter):
                self.register_parameter(name, value)
            else:
                self.register_buffer(name, value)

    def forward(self, *args):
        return self.function(self, *args)


def host(*args, shapes=None, **state):
    """A program of a function: decorates it, under its own name."""
    def register(function):
        dynamic = {"args": tuple(shapes)} if shapes else None
        HOSTS[function.__name__] = lambda: (Call(function, **state), args, dynamic)
        return function
    return register


def capture(name, path):
    """Writes the host's archive, with the eager model's outputs."""
    import warnings

    from capture import capture_model
    from capture.source import Source
    torch.manual_seed(0)
    model, args, shapes = HOSTS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        capture_model(Source(model, args, {}, name, shapes), path)


def numbers(*sizes):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


@host(numbers(4))
def nothing_to_find(self, x):
    return x.sin()


# Arithmetic

@host(numbers(2, 3), numbers(2, 3))
def differences(self, x, y):
    return y * x, y - x, y + x


@host(numbers(8))
def product_with_zero(self, x):
    return x * 0 + x.atan()


@host(numbers(8))
def normalized(self, x):
    return x / x + x.cos()


@host(numbers(8))
def nan_to_zero(self, x):
    return torch.where(x != x, torch.zeros_like(x), x) * 2


@host(numbers(8))
def signed_zero(self, x):
    return 1 / (x + 0)


@host(numbers(64))
def chain_of_constants(self, x):
    return (x + 0.1) + 0.7, (x * 0.3) * 0.7


# Layers

@host(numbers(1, 5, 2, 8))
def unscaled_attention(self, x):
    q = x.transpose(1, 2)
    return F.scaled_dot_product_attention(q, q.sin(), q.cos(), scale=1.0).transpose(1, 2).flatten(2)


@host(numbers(4, 32), weight=torch.nn.Parameter(torch.ones(32)))
def unit_variance_norm(self, x):
    return F.layer_norm(x, (32,), self.weight, None, 1e-5)


@host(numbers(4, 8))
def probabilities(self, x):
    return (x * 2).softmax(-1)


@host(numbers(4, 64) + 10)
def variance(self, x):
    return x.var(-1, correction=0)


# Dtypes

@host(numbers(16) * 3)
def rounded_to_half(self, x):
    return x.double().float() * 2, x.half().float() + 1


@host(numbers(16).bfloat16(), numbers(16).bfloat16())
def product_in_float(self, x, y):
    a, b = x.float(), y.float()
    return torch.maximum(a, b), a * b


@host(numbers(64, 32).abs().bfloat16())
def sum_in_float(self, x):
    first, *rows = x.unbind(0)
    total = first.float()
    for row in rows:
        total = total + row.float()
    return total.bfloat16()


@host(torch.arange(8), torch.arange(8) % 3)
def both_nonzero(self, x, y):
    return torch.logical_and(x > 1, y > 1), torch.logical_and(x, y)


@host(torch.arange(-8, 8))
def halves(self, x):
    return (x * x) // 3, x // 3


@host(numbers(40), shapes=[{0: Dim("length", min=2, max=1024)}])
def positions(self, x):
    return x + torch.arange(x.shape[0]), torch.arange(100) * 2


@host(numbers(8))
def repaired(self, x):
    return x.nan_to_num(0.0) * 2


# Shapes

@host(numbers(3, 9))
def near_the_end(self, x):
    return x[:, 1:4] * x[:, -5:-2] + x[:, 6:]


@host(numbers(4, 4, 4))
def permuted_twice(self, x):
    swapped = x.permute(0, 2, 1).permute(0, 2, 1)
    return swapped + 1, x.permute(1, 2, 0).permute(0, 2, 1) * 2


@host(numbers(2, 3, 4, 4))
def square_means(self, x):
    return x.mean(3).mean(2), x.mean(1).mean(2)


@host(numbers(4, 4), numbers(4, 4, 4))
def column(self, x, y):
    return y.cumsum(-1), x.softmax(-1), x.unsqueeze(-1) * y


@host(numbers(3, 1, 4), numbers(1, 5), shapes=[{0: Dim("batch", min=1, max=64)}, None])
def squeezed(self, x, y):
    return y.squeeze(0) * 2, x.squeeze(1) * 2


@host(numbers(4, 4), table=numbers(4, 4), row=numbers(4), column=numbers(4, 1))
def scaled_table(self, x):
    return x + self.table * self.row, x + self.table * self.column


# Effects

@host(numbers(6))
def sum_before_and_after(self, x):
    y = x * 2
    before = y.sum()
    y[:3].zero_()
    return before * 2, y.sum() * 3, x.sin() + x.sin()


@host(numbers(6))
def two_draws(self, x):
    return x + torch.rand_like(x) + torch.rand_like(x)


@host(numbers(6))
def write_whose_result_is_unused(self, x):
    y = x * 2
    x.cos()
    y[:3].zero_()
    return y + 1


@host(numbers(6))
def write_to_copy(self, x):
    y, z = x.clone(), x.clone()
    y.mul_(2)
    return x + y.sum(), z.sin() + z


@host(numbers(6))
def product_with_one(self, x):
    return (x + 1) * 1, x * 1


@host(numbers(4, 4))
def view_read_later(self, x):
    y = x * 2
    transposed = y.t()
    return (x * 3).relu() + 1, y.relu() + transposed


@host(numbers(6))
def read_before_write(self, x):
    y, unread = x * 2, x.sin()
    before = y + 1
    y.mul_(3)
    return before + y, unread * 2


@host(numbers(3), count=torch.ones(3), table=numbers(3))
def counter(self, x):
    before = self.count * 2
    self.count.add_(1)
    return x * before, x + self.table.exp()


# For bisection: what its reproducer must not contain

@host(numbers(6))
def relu_after_sine(self, x):
    return x.sin().relu().cos() + 1


@host(numbers(240))
def write_through_view(self, x):
    y = x * 2
    before = y.sum()
    y.view(4, 6, 10)[:, :3].zero_()
    return before * 2, y.sum() * 3


@host(numbers(40) * 10, numbers(3), shapes=[{0: Dim("length", min=1, max=64)}, None])
def relu_of_any_length(self, x, y):
    return (x.sin() * 9).relu().cos(), torch.cat([x, y]).relu() + 1


@host(numbers(6))
def relu_in_a_branch(self, x):
    return torch.cond(x.square().sum() >= 0, lambda x: ((x * 100).relu() / 100).cos(),
                      lambda x: x - 1, (x,))


@host(numbers(6))
def relu_in_a_loop(self, x):
    from torch._higher_order_ops import while_loop
    return while_loop(lambda k, x: k < 2, lambda k, x: (k + 1, (x.cos() * 100).relu() / 100),
                      (torch.tensor(0), x))[1]


@host(numbers(3, 4))
def relu_in_a_map(self, x):
    from torch._higher_order_ops import map as map_slices
    return map_slices(lambda row: (row.cos() * 100).relu().sin(), x * 2).sum()


@host(numbers(8).sort().values)
def long_branches(self, x):
    return torch.cond(x[7] > x[0], lambda x: (x * 2).sin().cos().exp(),
                      lambda x: (x - 1).atan().exp().neg(), (x.sinh(),)).abs()


# Gradients

@host(numbers(6))
def quantized(self, x):
    return x + (x.round() - x).detach()


@host(numbers(6), scale=torch.nn.Parameter(numbers(6)))
def learned_scale(self, x):
    return x * self.scale.exp()


@host(numbers(6))
def without_gradient(self, x):
    with torch.no_grad():
        scale = x.abs() * 2
    return x * scale


# Nested graphs

@host(numbers(8).sort(descending=True).values)
def branches(self, x):
    for k in range(4):  # the sample takes the first branch each time
        x = torch.cond(x[k] > x[k + 4], lambda x: x * 2, lambda x: x - 1, (x,))
    return x


@host(numbers(6))
def negated_branches(self, x):
    return torch.cond(torch.logical_not(x.sum() > 0), lambda x: x * 2, lambda x: x - 1, (x,))


@host(numbers(6), numbers(6))
def names_used_twice(self, x, y):
    return torch.cond(x.sum() > 0, lambda x, y: (x * y).relu(), lambda x, y: (x * x).relu() + y,
                      (x, y))
