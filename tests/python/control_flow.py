"""Programs with nested graphs, beside those of exports.py: every higher-order operator that
torch.export leaves in a graph, in its forms: predicates and carried values that are tensors or
numbers, graphs within graphs, modes. They register among exports.CASES.
"""
import torch
from exports import case, export
from torch._higher_order_ops import map as map_over
from torch._higher_order_ops import scan, while_loop
from torch.export import Dim
from torch.utils.checkpoint import checkpoint


class Function(torch.nn.Module):
    """A module around a function of itself and its inputs."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x, *others):
        return self.function(self, x, *others)


def dynamic(function, sizes=(2, 3, 7)):
    """Exported with a dynamic first dimension; called at several sizes and signs."""
    calls = [((sign * torch.rand(n, 4),), {}) for n in sizes for sign in (1, -1)]
    shapes = {"x": {0: Dim("rows", min=2, max=16)}}
    return export(Function(function), (torch.rand(3, 4),), calls=calls, dynamic_shapes=shapes)


def fixed(function, *others, **options):
    calls = [((sign * torch.rand(3, 4), *others), {}) for sign in (1, -1)]
    return export(Function(function), (torch.rand(3, 4), *others), calls=calls, **options)


@case
def cond_on_a_size():
    return dynamic(lambda self, x: torch.cond(
        x.shape[0] > 4, lambda x: x.sum(0), lambda x: x.mean(0), (x,)))


@case
def cond_with_sizes_inside():
    return dynamic(lambda self, x: torch.cond(
        x.sum() > 0, lambda x: x.reshape(x.shape[0] * 4).sum() * x.shape[0],
        lambda x: x.mean(), (x,)))


@case
def cond_with_several_results():
    def run(self, x):
        first, second = torch.cond(x.sum() > 0, lambda x: (x.sin(), self.linear(x)),
                                   lambda x: (x.cos(), x.tan()), (x,))
        return first + second, second
    return fixed(run)


@case
def cond_without_operands():
    return fixed(lambda self, x: x + torch.cond(
        x.sum() > 0, lambda: torch.ones(4) * 3, lambda: torch.zeros(4), ()))


@case
def cond_on_a_constant():
    return fixed(lambda self, x: torch.cond(
        torch.tensor(True), lambda x: x.sum(0), lambda x: x.mean(0), (x,)))


def closing_over_a_dead_use(control):
    """control(first, x) may call first(x), which uses a value from outside for nothing."""
    def run(self, x):
        y = self.linear(x).exp()

        def first(x):
            y * 2
            return x.sin()
        return control(first, x)
    return fixed(run)


@case
def cond_with_an_unused_operand():
    return closing_over_a_dead_use(
        lambda first, x: torch.cond(x.sum() > 0, first, lambda x: x.cos(), (x,)))


@case
def while_loop_with_an_unused_operand():
    return closing_over_a_dead_use(lambda first, x: while_loop(
        lambda i, x: i < 3, lambda i, x: (i + 1, first(x)), (torch.tensor(0), x)))


@case
def cond_decomposed():
    made = cond_with_several_results()
    made.program = made.program.run_decompositions()
    return made


@case
def while_loop_to_a_size():
    return dynamic(lambda self, x: while_loop(
        lambda i, y: i < x.shape[0], lambda i, y: (i + 1, self.linear(y)), (torch.tensor(0), x)))


@case
def while_loop_over_integers():
    def run(self, x):
        i, j = while_loop(lambda i, j: i < x.shape[0], lambda i, j: (i + 1, j * 2), (0, 1))
        return x + i + j
    return dynamic(run)


@case
def cond_in_a_while_loop():
    def body(i, y):
        return i + 1, torch.cond(y.sum() > 0, lambda y: y - 1, lambda y: y * 2 + 3, (y,))
    return fixed(lambda self, x: while_loop(lambda i, y: i < 5, body, (torch.tensor(0), x)))


@case
def scan_forward():
    return dynamic(lambda self, x: scan(
        lambda carry, y: (self.linear(carry) + y, carry * x.shape[0]), torch.zeros(4), x, dim=0))


@case
def scan_backward_along_columns():
    return fixed(lambda self, x: scan(
        lambda carry, y: (carry + y, (carry * y).sum()), torch.zeros(3), x, dim=1, reverse=True))


@case
def scan_of_trees():
    def step(carry, y):
        return {"a": carry["a"] + y[0], "b": y[1] * carry["b"]}, (carry["a"] * y[1], y[0].cos())
    return fixed(lambda self, x: scan(
        step, {"a": torch.zeros(4), "b": torch.ones(4)}, (x, x + 1), dim=0))


@case
def map_with_operands():
    return dynamic(lambda self, x: map_over(
        lambda row, scale: (self.linear(row).relu() * scale, row.sum() + scale.sum()), x,
        self.linear.bias * 2))


@case
def cond_in_a_map():
    return fixed(lambda self, x: map_over(lambda row: torch.cond(
        row.sum() > 2, lambda row: row.sin(), lambda row: row.cos(), (row,)), x))


@case
def autocast():
    def run(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = self.linear(x)
            with torch.autocast("cpu", enabled=False):
                full = self.linear(low.float())
            low = self.linear(low)
        return low.float() * full
    return fixed(run)


@case
def autocast_of_an_absent_device():
    def run(self, x):
        with torch.autocast("cuda", dtype=torch.bfloat16):
            return self.linear(x)
    return fixed(run)


@case
def no_grad_regions():
    def run(self, x):
        with torch.no_grad():
            y = x.reshape(x.shape[0] * 4).reshape(-1, 4)
            y = self.linear(y)
            with torch.enable_grad():
                z = self.linear(y)
            y = y + z
        return y * x
    return dynamic(run)


@case
def no_grad_that_writes_a_buffer():
    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x):
            with torch.no_grad():
                self.total.add_(x[0])
            return x + self.total
    return export(Counting(), (torch.rand(3, 4),), calls=[((torch.rand(3, 4),), {})])


@case
def checkpointed():
    return fixed(lambda self, x: checkpoint(
        lambda y, k: self.linear(y).relu() * k, x, 2.0, use_reentrant=False) + 1)


@case
def strict_region():
    from torch._higher_order_ops.strict_mode import strict_mode
    return fixed(lambda self, x: strict_mode(lambda x: (x.sin() + x.sin(),), (x,))[0])


@case
def hinted():
    from torch._higher_order_ops.hints_wrap import hints_wrapper
    return fixed(lambda self, x: hints_wrapper(lambda x: x.sin() + 1, (x,), {}, hints={"a": 1}))


@case
def repeated_region():
    @torch.compiler.nested_compile_region
    def region(x):
        return x.sin() + x.sin()
    made = fixed(lambda self, x: region(x) + region(x * 2))
    made.program = torch.export.export(Function(lambda self, x: region(x) + region(x * 2)),
                                       made.program.example_inputs[0], strict=True)
    return made


# What fettle refuses, with the operator that its message names.

def associative():
    from torch._higher_order_ops import associative_scan
    return fixed(lambda self, x: associative_scan(
        lambda a, b: a + b, x, 0, combine_mode="generic"))


def printing():
    def run(self, x):
        torch._higher_order_ops.print("{x}", x=3)
        return x + 1
    return fixed(run)


def ordered_effect():
    made = printing()
    made.program = made.program.run_decompositions()
    return made


def accumulating_in_int32():
    from torch._higher_order_ops.out_dtype import out_dtype
    return fixed(lambda self, x: out_dtype(torch.ops.aten.mm.default, torch.int32,
                                           x.to(torch.int8), x.t().to(torch.int8)))


REFUSED = {  # the operator that the message names, and what it says to try
    associative: ("torch._functorch.predispatch", "run_decompositions()"),
    printing: ("higher_order.print", "leave the print out"),
    ordered_effect: ("higher_order.with_effects", "leave that out"),
    accumulating_in_int32: ("higher_order.out_dtype", "convert the operands first"),
}
