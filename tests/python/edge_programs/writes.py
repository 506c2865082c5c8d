"""Writes: to temporaries, inputs, buffers, constants, through views and into `out`."""
import torch

from .cases import Call, case, ramp, stateless


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
