"""Expressions over sizes, some hundreds drawn from one seed, as torch.export writes them: fettle's
values are sympy's (with torch's functions), and its bounds contain them.
"""
import math
import os
import pathlib
import random
import re
import subprocess

import sympy
from conftest import ROOT
from sympy import Integer, Rational, ceiling, floor
from torch._export.serde.serialize import _print_sympy
from torch.utils._sympy import functions as of

EXPRESSIONS, VALUES = 500, 6
S, T = (sympy.Symbol(name, positive=True, integer=True) for name in ("s77", "s27"))
U = sympy.Symbol("u0", integer=True)
RANGES = {S: (2, 50), T: (1, None), U: (-6, 6)}

# What must be among them, so that a change of sympy's simplifications does not empty the test.
NAMES = set("""Add Mul Pow Mod PythonMod FloorDiv CleanDiv ModularIndexing Max Min Where floor
    ceiling FloorToInt CeilToInt TruncToInt RoundToInt TruncToFloat ToFloat IntTrueDiv FloatTrueDiv
    FloatPow PowByNatural BitwiseFn_bitwise_and BitwiseFn_bitwise_or
    BitwiseFn_bitwise_xor OpaqueUnaryFn_sqrt OpaqueUnaryFn_exp OpaqueUnaryFn_log2 Rational Float
    And Or Not Equality Unequality LessThan StrictLessThan GreaterThan StrictGreaterThan""".split())


class Draw:
    """Expressions at random; `depth` bounds how many calls lie in one another."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def constant(self, low=-6, high=9):
        return Integer(self.random.randint(low, high))

    def natural(self, depth):
        """Never negative."""
        kind = self.random.choice(["symbol", "linear", "max", "mod"] if depth else ["symbol"])
        if kind == "linear":
            return self.natural(depth - 1) * self.constant(1, 5) + self.constant(0, 4)
        if kind == "max":
            return of.Max(Integer(0), self.whole(depth - 1))
        if kind == "mod":
            return of.PythonMod(self.whole(depth - 1), self.positive(depth - 1))
        return self.random.choice([S, T])

    def positive(self, depth):
        return self.natural(depth) + self.constant(1, 4) if self.random.random() < 0.5 \
            else self.constant(1, 9)

    def whole(self, depth):
        if depth == 0:
            return self.random.choice([S, T, U, self.constant()])
        a, b = self.whole(depth - 1), self.whole(depth - 1)
        n, p, q = self.natural(depth - 1), self.positive(depth - 1), self.positive(0)
        few, x = self.constant(0, 3), self.real(depth - 1)
        return self.random.choice([
            lambda: a + b, lambda: a - b, lambda: a * b, lambda: -a, lambda: a ** few,
            lambda: a + b * self.constant(), lambda: of.FloorDiv(a, p), lambda: of.FloorDiv(a, b),
            lambda: of.PythonMod(a, p), lambda: of.PythonMod(a, -q), lambda: of.Mod(n, p),
            lambda: sympy.Mod(a, q), lambda: of.CeilDiv(n, p),
            lambda: of.CleanDiv(n * T, T), lambda: of.ModularIndexing(n, p, q),
            lambda: of.Max(a, b), lambda: of.Min(a, b, self.constant()),
            lambda: of.Where(self.truth(depth - 1), a, b), lambda: floor(a * self.fraction()),
            lambda: ceiling(a * self.fraction() + self.fraction()), lambda: of.FloorToInt(x),
            lambda: of.CeilToInt(x), lambda: of.TruncToInt(x), lambda: of.RoundToInt(x),
            lambda: of.PowByNatural(p, of.PythonMod(a, Integer(4))),
            lambda: of.LShift(a, few), lambda: of.RShift(a, few),
            lambda: of.BitwiseFn_bitwise_and(a, b), lambda: of.BitwiseFn_bitwise_or(a, b),
            lambda: of.BitwiseFn_bitwise_xor(a, b)])()

    def fraction(self):
        return Rational(self.random.randint(-7, 7), self.random.randint(2, 5))

    def real(self, depth):
        if depth == 0:
            return of.ToFloat(self.random.choice([S, T, U])) * self.random.choice(
                [1, sympy.Float("0.5", precision=53)])
        x, y = self.real(depth - 1), self.real(depth - 1)
        a, p = self.whole(depth - 1), self.positive(depth - 1)
        return self.random.choice([
            lambda: of.ToFloat(a), lambda: of.IntTrueDiv(a, p),
            lambda: of.FloatTrueDiv(x, of.ToFloat(p)),
            lambda: x + y, lambda: x * y, lambda: of.FloatPow(x, of.ToFloat(self.constant(0, 3))),
            lambda: of.TruncToFloat(x), lambda: of.OpaqueUnaryFn_sqrt(of.ToFloat(p)),
            lambda: of.OpaqueUnaryFn_log2(of.ToFloat(p)), lambda: a * self.fraction(),
            lambda: of.OpaqueUnaryFn_exp(of.FloatTrueDiv(of.ToFloat(U), of.ToFloat(S))),
            lambda: of.Max(x, y), lambda: sympy.Pow(p, Rational(1, 2))])()

    def truth(self, depth):
        relations = [sympy.Eq, sympy.Ne, sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge]
        kind = self.random.choice(["and", "or", "not"] + ["relation"] * 3) if depth else "relation"
        if kind == "relation":
            operands = self.whole(depth), self.whole(max(depth - 1, 0))
            return self.random.choice(relations)(*operands)
        if kind == "not":
            return sympy.Not(sympy.Eq(self.whole(depth - 1), self.whole(depth - 1)),
                             evaluate=False)
        join = sympy.And if kind == "and" else sympy.Or
        return join(self.truth(depth - 1), self.truth(depth - 1))

    def expression(self):
        depth = self.random.randint(1, 3)
        return self.random.choice([self.whole] * 3 + [self.real, self.truth])(depth)

    def values(self):
        return {symbol: self.random.randint(low, low + 30 if high is None else high)
                for symbol, (low, high) in RANGES.items()}


def drawn():
    """(expression, the values to try), each expression once."""
    draw, made = Draw(4), {}
    while len(made) < EXPRESSIONS:
        try:
            expression = draw.expression()
        except (ZeroDivisionError, AssertionError, TypeError, ValueError,
                RecursionError):
            continue  # the functions refuse the operands, or sympy does not get done
        if expression.free_symbols:
            made.setdefault(expression, [draw.values() for _ in range(VALUES)])
    return list(made.items())


def sympys(expression, values):
    """What sympy makes of it; None: nothing that is a number."""
    try:
        result = expression.xreplace({symbol: Integer(value) for symbol, value in values.items()})
    except (ZeroDivisionError, AssertionError, TypeError, ValueError, OverflowError):
        return None
    if result in (sympy.true, sympy.false):
        return bool(result)
    if result.free_symbols or not result.is_number or not result.is_real or not result.is_finite:
        return None
    try:
        return int(result) if result.is_Integer else float(result)
    except TypeError:
        return None  # it stays a call, such as of an irrational number


def ask(lines):
    program = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
    done = subprocess.run([program / "tests" / "graph" / "evaluate_expressions"], timeout=300,
                          input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def same(ours, theirs):
    if ours in ("True", "False"):
        return ours == str(theirs)
    return not isinstance(theirs, bool) and math.isclose(
        float(ours), theirs, rel_tol=1e-12, abs_tol=1e-12)


def line_of(expression, values):
    def end(bound):
        return "" if bound is None else str(bound)
    ranges = " ".join(f"{symbol}={end(low)}:{end(high)}" for symbol, (low, high) in RANGES.items())
    return "\t".join([_print_sympy(expression), ranges] + [
        " ".join(f"{symbol}={value}" for symbol, value in one.items()) for one in values])


def test_values_and_bounds_are_sympys():
    cases = drawn()
    lines = [line_of(*case) for case in cases]
    names = {name for line in lines for name in re.findall(r"([A-Za-z_]\w*)\(", line)}
    assert NAMES <= names, NAMES - names
    wrong, compared, bounded = [], 0, 0
    for (expression, values), (bounds, *answers) in zip(cases, ask(lines), strict=True):
        low, high = (float(end) if end else other
                     for end, other in zip(bounds.split(":"), (-math.inf, math.inf)))
        bounded += low > -math.inf or high < math.inf
        for one, ours in zip(values, answers, strict=True):
            theirs = sympys(expression, one)
            if theirs is None:
                continue
            compared += 1
            where = f"{expression} at {one}: {ours}, sympy {theirs}, bounds {bounds}"
            if ours.startswith("?") or not same(ours, theirs):
                wrong.append(where)
            elif not low <= theirs <= high:
                wrong.append("out of bounds: " + where)
    assert not wrong, "\n".join(wrong[:30])
    assert compared > EXPRESSIONS * VALUES * 0.8 and bounded > EXPRESSIONS * 0.3
