"""Modules to script whose branches and loops the data decide: each with the command line's options
for its inputs, how many calls of cond and while_loop its program has, and inputs that go every way
through it. Below: those that are refused, with what the message says.
"""
from typing import List, Tuple

import torch
from torch import Tensor, nn
from torchscript_models import shape

FLOWS = {}  # name -> class, options, operators, inputs


def flow(cond=0, while_loop=0, inputs=(), options=("--input-shape", "x=3,4")):
    def register(cls):
        FLOWS[cls.__name__] = cls, list(options), {"cond": cond, "while_loop": while_loop}, inputs
        return cls
    return register


def signs():
    x = torch.rand(3, 4) + 0.1
    return [(x,), (-x,)]


def sizes(*scales):
    """The same input, scaled: loops run for as many iterations as these make."""
    return [(torch.ones(3, 4) * scale,) for scale in scales]


@flow(cond=1, inputs=signs())
class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:
            y = self.linear(x)
        else:
            y = x * 2
        return y + 1


@flow(cond=1, inputs=signs())
class BranchOnABoolTensor(nn.Module):
    """One side returns its input untouched, the other a view of it; both a constant."""
    def forward(self, x):
        y = x
        scale = torch.ones(3)
        if bool((x > 0).all()):
            y = x.view(4, 3).view(3, 4)
            scale = torch.tensor([1.0, 2.0, 3.0])
        return y * 2, x + 1, scale * 2


@flow(cond=2, inputs=sizes(1, -1, 6, -6))
class NestedBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:
            if x.max() > 2:
                y = self.linear(x)
            else:
                y = x - self.linear.bias
        else:
            y = x.abs()
        return y


@flow(cond=1, inputs=signs())
class EarlyReturn(nn.Module):
    def forward(self, x) -> Tuple[Tensor, Tensor]:
        if x.mean() > 0:
            return x * 2, x.sum()
        x = x + 1
        return x.sin(), x.mean()


@flow(cond=3, inputs=[(x * torch.ones(3), y * torch.ones(2)) for x in (1, -1, 0.5) for y in (1, -1)],
      options=shape("x=3") + shape("y=2"))
class Both(nn.Module):
    """`and`, `or` and `not` of two conditions; the branch is in a method, its results in a tuple."""
    def pick(self, x, flag: bool) -> Tuple[Tensor, int]:
        if flag and not bool(x.sum() > 2):
            return x + 1, 1
        return x - 1, 2

    def forward(self, x, y):
        z, n = self.pick(x, bool(x.sum() > 0) or bool(y.sum() > 0))
        return z * n


@flow(cond=1, inputs=signs())
class Numbers(nn.Module):
    """Numbers that a branch decides, and arithmetic on numbers of the data."""
    def forward(self, x):
        n = 2
        scale = 0.5
        if x.sum() > 0:
            n = 3
            scale = -1.5
        total = int(x.sum() * 10) // 3 + n
        mean = float(x.mean()) / 2
        return x * n + scale, torch.tensor(total % 4), x - mean, torch.tensor(mean * scale)


@flow(while_loop=1, inputs=sizes(0.1, 0.5, 3, 20))
class While(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        y = x
        while y.abs().sum() < 100:
            y = y * 2 + self.linear(y).abs()
        return y


@flow(cond=1, while_loop=1, inputs=sizes(0.1, 0.5, 3, 20))
class WhileCounting(nn.Module):
    """Carried: a number, two tensors that change places, a tuple; the transposed one is not contiguous."""
    def forward(self, x):
        n = 0
        a, b = x, x.t().contiguous().t()
        pair = (x.sum(), x.mean())
        while bool(a.sum() < 100) and n < 6:
            a, b = b + 1, a * 2
            pair = (pair[1] + n, pair[0])
            n += 1
        return a, b, pair[0], torch.tensor(n)


@flow(cond=1, while_loop=1, inputs=sizes(-3, 0.5, 3, 200))
class BranchInAWhile(nn.Module):
    def forward(self, x):
        steps = torch.zeros(())
        while bool(x.abs().sum() < 100):
            if x.sum() > 0:
                x = x * 2
            else:
                x = x - 3
            steps = steps + 1
        return x, steps


@flow(while_loop=1, inputs=sizes(-3, 0.5, 3, 200))
class BreakOutOfAFor(nn.Module):
    def forward(self, x):
        for i in range(10):
            x = x + i
            if bool(x.sum() > 100):
                break
        return x


@flow(while_loop=1, inputs=[(torch.rand(5, 4), torch.tensor(n)) for n in (0, 1, 4, 5)],
      options=shape("x=5,4") + ["--input-shape", "n=", "--input-dtype", "n=int64"])
class AsOftenAsATensorSays(nn.Module):
    def forward(self, x, n):
        y = torch.zeros(4)
        for i in range(int(n.clamp(0, 5))):
            y = y * 0.5 + x[i] * i
        return y


@flow(while_loop=2, inputs=sizes(0.1, 1, 7, 30))
class WhileInAWhile(nn.Module):
    def forward(self, x):
        while bool(x.sum() < 300):
            y = x
            while bool(y.max() < 8):
                y = y + 3
            x = x + y
        return x


@flow(cond=2, inputs=signs())
class BranchInAnUnrolledLoop(nn.Module):
    def forward(self, x):
        parts: List[Tensor] = []
        for i in range(2):
            if x.sum() > i:
                x = x * 0.1
            else:
                x = x + i + 1
            parts.append(x)
        return torch.stack(parts)


@flow(cond=1, while_loop=1, inputs=sizes(-20, -0.1, 0.5, 30))
class WritesToItsOwn(nn.Module):
    """In place, to tensors that nobody else has."""
    def forward(self, x):
        total = torch.zeros(3, 4)
        while bool(total.sum() < 40):
            total += x.abs() + 0.5
            total[0] *= 2.0
        if x.sum() > 0:
            total += x
            total[1] = 3.0
        return total + x


@flow(inputs=[(torch.rand(3, 4),)])
class Asserting(nn.Module):
    def forward(self, x):
        assert bool(x.abs().max() < 1e6), "x is too large"
        if bool(torch.isnan(x).any()):
            raise ValueError("x is not a number")
        return x + 1


# Refused, with what the message says.
REFUSED = {}


def refused(*words, options=("--input-shape", "x=3,4")):
    def register(cls):
        REFUSED[cls.__name__] = cls, list(options), words
        return cls
    return register


@refused("a branch that the data decide gives a tensor Float[12]", "its other side a tensor Float[3, 4]")
class ShapesDiffer(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x.reshape(-1)
        return x


@refused("a branch that the data decide gives a list of 2", "its other side a list of 1")
class ListsDiffer(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            parts = [x, x + 1]
        else:
            parts = [x * 2]
        return torch.cat(parts)


@refused("gives 'floor', and its other side 'trunc'")
class TextsDiffer(nn.Module):
    def forward(self, x):
        mode = "trunc"
        if x.sum() > 0:
            mode = "floor"
        return torch.div(x, 2.0, rounding_mode=mode)


@refused("'aten::append' writes to a list or dictionary from outside", "parts.append(x)")
class AppendInABranch(nn.Module):
    def forward(self, x):
        parts = [x]
        if x.sum() > 0:
            parts.append(x)
        return parts[0]


@refused("writes to a tensor from outside", "x = x + 1 for x += 1", "x.add_(1)")
class WriteInABranch(nn.Module):
    def forward(self, x):
        y = x * 2
        if x.sum() > 0:
            x.add_(1)
        return x + y


@refused("is one with another", "y = y + 1 for y += 1")
class WriteToWhatMayBeTheInput(nn.Module):
    def forward(self, x):
        y = x * 2
        if x.sum() > 0:
            y = x
        y.add_(1)
        return x + y


@refused("an assignment to the attribute 'count' in a branch or a loop that the data decide")
class AssignInABranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        if x.sum() > 0:
            self.count = self.count + 1
        return x


@refused("carries a list of 0 into its first iteration, and a list of 1 into the next")
class GrowingList(nn.Module):
    def forward(self, x):
        parts: List[Tensor] = []
        while bool(x.sum() < 10):
            parts = parts + [x]
            x = x * 2 + 1
        return x


@refused("carries a tensor Float[3, 4] into its first iteration, and a tensor Float[6, 4] into the next")
class GrowingTensor(nn.Module):
    def forward(self, x):
        while x.sum() < 10:
            x = torch.cat([x, x])
        return x


@refused("'' into its first iteration, and 'x' into the next")
class GrowingText(nn.Module):
    def forward(self, x):
        text = ""
        while bool(x.sum() < 10):
            x = x * 2 + 1
            text = text + "x"
        if len(text) > 3:
            x = x + 1
        return x


@refused("that a loop carries", "takes a number", "not on their sizes")
class SizeOfTheData(nn.Module):
    def forward(self, x):
        n = 0
        while bool(x.sum() < 10):
            x = x * 2 + 1
            n += 1
        return torch.zeros([n])


@refused("the model returns a number that 'aten::Int' reads out of a tensor")
class NumberOut(nn.Module):
    def forward(self, x):
        return x, int(x.sum())


@refused("takes a number that a branch decides", "x.view(sizes)")
class SizesOfTheData(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            sizes = [3, 4]
        else:
            sizes = [4, 3]
        return x.view(sizes)


@refused("'prim::tolist' reads numbers out of a tensor")
class ListOut(nn.Module):
    def forward(self, x):
        numbers: List[List[float]] = x.tolist()
        return x * numbers[0][0]


@refused("an exception in a branch or a loop that the data decide")
class RaiseInALoop(nn.Module):
    def forward(self, x):
        while bool(x.sum() < 10):
            if x.size(0) == 3:
                raise ValueError("three rows")
            x = x + 1
        return x


@refused("a loop that the data end and that the function returns from")
class ReturnOutOfAWhile(nn.Module):
    def forward(self, x):
        while bool(x.sum() < 10):
            if bool(x.max() > 3):
                return x * 2
            x = x + 1
        return x
