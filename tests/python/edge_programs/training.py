"""What a call draws, and what models that stay in training leave behind."""
import torch
import torch.nn.functional as F

from .cases import CASES, Call, case, ramp, stateless


class Training(torch.nn.Sequential):
    """A model that stays in training: its statistics and counters change with each call."""

    def train(self, mode=True):
        return super().train(True)


@case
def training_batch_norm():
    return (Training(torch.nn.Conv1d(2, 3, 1), torch.nn.BatchNorm1d(3), torch.nn.ReLU(inplace=True),
                     torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)),
            (ramp(4, 2, 5),))


@case
def recurrent_networks():
    class Networks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = torch.nn.GRU(3, 4, 2, batch_first=True)
            self.rnn = torch.nn.RNN(3, 4, nonlinearity="relu")

        def forward(self, x):
            y, state = self.gru(x)
            y.mul_(2)
            return y, state, *self.rnn(x), y + 1
    return Networks(), (ramp(2, 5, 3),)


@case
def counter():
    def forward(self, x):
        before = self.count + 0
        self.count.add_(1)
        return x * self.count, before, self.count + 0
    return Call(forward, count=torch.zeros(())), (ramp(2),)


@case
def buffer_replaced():
    def forward(self, x):
        y = self.state + x
        self.state = y * 1
        return y, self.state.sum()
    return Call(forward, state=ramp(3)), (ramp(3),)


@case
def unused_counter():
    def forward(self, x):
        self.count.add_(1)
        return x + 1
    return Call(forward, count=torch.zeros((), dtype=torch.int64)), (ramp(2),)


def batch_norm(training):
    def forward(self, x):
        first = F.batch_norm(x, self.mean, self.var, self.weight, self.bias, training)
        second = F.batch_norm(x, self.mean, self.var, self.weight, self.bias, training)
        return first + second, self.mean * 1
    return Call(forward, mean=torch.zeros(3), var=torch.ones(3), weight=torch.nn.Parameter(ramp(3)),
                bias=torch.nn.Parameter(ramp(3))), (ramp(4, 3),)


CASES["batch_norm_training"] = lambda: batch_norm(True)
CASES["batch_norm_eval"] = lambda: batch_norm(False)


@case
def batch_norm_dead():
    def forward(self, x):
        F.batch_norm(x, self.mean, self.var, None, None, True)
        return x + 1
    return Call(forward, mean=torch.zeros(3), var=torch.ones(3)), (ramp(4, 3),)


def dropout_active(x):
    return F.dropout(x, 0.5, True), F.dropout(x, 0.5, True)


def dropout_inactive(x):
    return F.dropout(x, 0.5, False), F.dropout(x, 0.0, True) + 1


def random_draws(x):
    torch.rand(3)  # unused, but later draws depend on it
    return torch.rand(3), torch.randn(3) + x, torch.rand_like(x), torch.randint(0, 9, (2,))


def random_from_tensors(x):
    p = torch.sigmoid(x)
    return torch.bernoulli(p), torch.bernoulli(p), torch.multinomial(p, 2), torch.normal(x, p)


def attention_with_dropout(x):
    q = x.view(1, 1, 1, 3)
    return (F.scaled_dot_product_attention(q, q, q, dropout_p=0.5),
            F.scaled_dot_product_attention(q, q, q), F.scaled_dot_product_attention(q, q, q))


for function in (dropout_active, dropout_inactive, random_draws, random_from_tensors,
                 attention_with_dropout):
    stateless(function, ramp(3))
