"""Small programs that contain what a mutant looks for, where none of the captured models does.

Each function returns what capture_model takes: (model, args[, dynamic_shapes]). HOSTS has them by name.
"""
import torch

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
        HOSTS[function.__name__] = lambda: (Call(function, **state), args, shapes)
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


@host(numbers(2, 3), numbers(2, 3))
def differences(self, x, y):
    return y - x, x + y, y * x


@host(numbers(8))
def product_with_zero(self, x):
    return x * 0 + x.sin()


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


@host(numbers(4))
def nothing_to_find(self, x):
    return x.sin()
