"""Constants in forms that a file does not store as they are."""
import torch

from .cases import Call, case, ramp


@case
def folded_forms():
    def forward(self, x):
        c = self.complex
        return (x * (c.conj() * 1), x * c.conj(), x * c.real, x * (c.imag + 1), x + self.image.to(
            memory_format=torch.channels_last).sum(), (self.image + 1).mT.sum() + x, x * c.conj().imag.sum())
    return (Call(forward, complex=ramp(3, dtype=torch.complex64) * 1j + 1, image=ramp(1, 2, 3, 3)),
            (ramp(3),))


@case
def folded_layouts():
    def forward(self, x):
        image = (self.image.to(memory_format=torch.channels_last) * 2)
        return (image * x, image.permute(0, 1, 2, 3) + x, self.image[:, ::2] * x, self.image.flip(0) * x,
                self.image.expand(2, 2, 3, 4) * x, self.image.new_zeros(0, 4) * x)
    return Call(forward, image=ramp(1, 2, 3, 4)), (ramp(4),)


@case
def number_from_a_buffer():
    def forward(self, x):
        return x * self.scale.item(), x + int(3), x * float(2)
    return Call(forward, scale=torch.tensor(2.5)), (ramp(2),)


@case
def sparse_constant():
    return Call(lambda self, x: torch.mm(self.table.to_sparse(), x), table=ramp(3, 3)), (ramp(3, 3),)
