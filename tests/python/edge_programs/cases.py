"""What the programs are made with: the list of them, a model of a function, inputs."""
import torch

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
