"""Numbers and dtypes."""
import torch

from .cases import Call, case, ramp, stateless


def scalars_of_two_types(i, x):
    return i + 1, i + 1.0, x + 1, x + 1.0, i * True, x ** 2, x ** 2.0, i ** 2, i / 1


def special_numbers(x):
    inf, nan = float("inf"), float("nan")
    return (x * 0.0, x * -0.0, x + 0.0, x + -0.0, x * inf, x * -inf, x + nan, torch.full((2,), -0.0),
            torch.full((2,), 0.0), torch.full((2,), nan) + x.sum(), torch.tensor([-0.0, inf, nan]) * 1,
            x + 1e308, x.clamp(-inf, inf), x.masked_fill(x > 0, -inf))


stateless(scalars_of_two_types, torch.arange(3), ramp(3))
stateless(special_numbers, ramp(5))


@case
def all_dtypes():
    dtypes = (torch.bfloat16, torch.float16, torch.float64, torch.complex64, torch.complex128, torch.bool,
              torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64)
    state = {f"b{i}": ramp(4, dtype=dtype) for i, dtype in enumerate(dtypes)}

    def forward(self, *inputs):
        tables = [getattr(self, name) for name in state]
        folded = [t & t if t.dtype == torch.bool else t + t for t in tables]
        return [a | b if a.dtype == torch.bool else a * b for a, b in zip(inputs, folded)]
    return Call(forward, **state), tuple(ramp(4, dtype=dtype) for dtype in dtypes)


@case
def float8():
    return (Call(lambda self, x: (self.table.to(torch.float32) + x, x.to(torch.float8_e4m3fn)),
                 table=ramp(4, dtype=torch.float8_e4m3fn)), (ramp(4),))


def complex_views(x):
    return x.real, x.conj(), x.conj() + 1, x.imag * 2, torch.view_as_real(x), x * (1 + 2j)


stateless(complex_views, ramp(3, dtype=torch.complex64) * 1j)


@case
def large_numbers():
    return (Call(lambda self, i: (i + 2**62, i * -(2**63), i - 2**53 - 1, torch.full((1,), 2**63 - 1),
                                  i.double() + 1e-320, i.double() * 0.1)), (torch.arange(3),))
