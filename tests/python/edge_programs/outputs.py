"""Outputs: which ones there are, and what they share storage with."""
import dataclasses

import torch

from .cases import Call, case, ramp, stateless


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
