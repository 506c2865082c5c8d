"""Inputs: twice the same, overlapping, strided, and those that are no tensors."""
import torch

from .cases import Call, case, ramp


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
def python_inputs():
    def forward(self, x, count, scale, flag, mode, nothing, numbers):
        y = x * count + scale if flag else x
        return y + numbers[1] if mode == "sum" else y
    return Call(forward), (ramp(2), 3, 2.5, True, "sum", None, [1, 2])


@case
def strided_inputs():
    return (Call(lambda self, x, y: (x * 1, x.contiguous(), y + 1, (self.table + 0) * y),
                 table=ramp(3, 4).t()), (ramp(3, 4).t(), ramp(1, 3).expand(4, 3)))


@case
def nothing_computed():
    return torch.nn.Sequential(), (ramp(2),)
