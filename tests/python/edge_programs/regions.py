"""Regions of a mode, branches and symbols."""
import torch

from .cases import Call, case, ramp


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
