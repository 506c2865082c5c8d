"""Weights and buffers: tied, in one storage, unused, not registered."""
import torch
import torch.nn.functional as F

from .cases import Call, case, ramp


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
