"""Odd shapes, layouts and sizes, and results of which few are used."""
import torch
import torch.nn.functional as F

from .cases import ramp, stateless


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


def channels_last(x):
    y = x.to(memory_format=torch.channels_last)
    return y, y * 1, F.avg_pool2d(y, 2), torch.zeros_like(y) + y


stateless(channels_last, ramp(1, 2, 4, 4))
