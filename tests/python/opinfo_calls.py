"""Calls of ATen operators on the sample inputs of torch's own OpInfo database, as graphs in fettle's
text form, and what each is seen to do: which storage is shared, what is written, whether it draws.

Taken are the operator that an OpInfo names, and what its function calls below autograd. Left out are
arguments and results that are no tensors, numbers or lists of them."""
import dataclasses
import warnings

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

DTYPES = {torch.float32: "f32", torch.float64: "f64", torch.float16: "f16", torch.bfloat16: "bf16",
          torch.int8: "i8", torch.int16: "i16", torch.int32: "i32", torch.int64: "i64",
          torch.uint8: "u8", torch.bool: "b8", torch.complex64: "c64", torch.complex128: "c128"}


class Unwritable(Exception):
    """Not a call that this file can write as text."""


@dataclasses.dataclass
class Call:
    operator: str               # "aten.add.Tensor"
    function: object            # the OpOverload
    args: tuple
    kwargs: dict


def tensors_of(tree):
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def is_plain(tensor):
    return (type(tensor) in (torch.Tensor, torch.nn.Parameter) and tensor.layout == torch.strided
            and tensor.device.type == "cpu" and not tensor.is_quantized
            and tensor.dtype in DTYPES and not tensor.is_conj() and not tensor.is_neg())


# -- which calls

class Recorder(TorchDispatchMode):
    """Keeps the first calls of each operator, as they are before they run."""
    def __init__(self, calls, most):
        super().__init__()
        self.calls, self.most = calls, most

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        keep(self.calls, self.most, function, args, kwargs or {})
        return function(*args, **(kwargs or {}))


def keep(calls, most, function, args, kwargs):
    kept = calls.setdefault(str(function), [])
    if function.namespace != "aten" or len(kept) >= most:
        return
    if all(map(is_plain, tensors_of((args, kwargs)))):
        args, kwargs = copied((args, kwargs))
        kept.append(Call(str(function), function, args, kwargs))


def overload_of(name, args, kwargs):
    """The overload that aten's packet of that name takes for these arguments, or None."""
    packet = getattr(torch.ops.aten, name, None)
    if packet is None:
        return None
    try:
        chosen = torch._C._jit_resolve_packet(f"aten::{name}", *args, **kwargs)
    except RuntimeError:
        return None
    return getattr(packet, chosen or "default", None)


def samples_of(info, most):
    wanted = [torch.float32, torch.int64, torch.bool, torch.complex64]
    dtype = next((d for d in wanted if d in info.dtypes), None)
    if dtype is None:
        return
    samples = iter(info.sample_inputs("cpu", dtype))
    for _ in range(most):
        try:
            yield next(samples)
        except StopIteration:
            return


def collect(most_samples=4, most_calls=6):
    """Calls by operator, and the OpInfos whose samples could not be made or run."""
    from torch.testing._internal.common_methods_invocations import op_db
    calls, failed = {}, []
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        for info in op_db:
            try:
                torch.manual_seed(0)
                for sample in samples_of(info, most_samples):
                    args, kwargs = (sample.input, *sample.args), sample.kwargs
                    function = overload_of(info.aten_name, args, kwargs)
                    if function is not None:
                        keep(calls, most_calls, function, args, kwargs)
                    with Recorder(calls, most_calls):
                        info(*args, **kwargs)
            except Exception as error:  # whatever torch's own tests leave to be skipped
                failed.append(f"{info.name}: {type(error).__name__}")
    return {name: kept for name, kept in calls.items() if kept}, failed


# -- as text

def type_text(tensor):
    sizes = ", ".join(map(str, tensor.shape))
    strides = ", ".join(map(str, tensor.stride()))
    return f"{DTYPES[tensor.dtype]}[{sizes}]" + (f"[{strides}]" if tensor.dim() else "")


class Writer:
    """One call as a graph: each tensor is an input of its own, by the order in which they come."""
    def __init__(self, call):
        self.names, self.inputs = {}, []
        schema = call.function._schema
        shown = [self.value(value, schema.arguments[k].type) for k, value in enumerate(call.args)]
        types = {argument.name: argument.type for argument in schema.arguments}
        shown += [f"{name}={self.value(value, types[name])}" for name, value in call.kwargs.items()]
        self.call = f"{call.operator}({', '.join(shown)})"

    def value(self, value, wanted):
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, (list, tuple, torch.Size)):
            element = wanted.getElementType() if hasattr(wanted, "getElementType") else wanted
            return f"[{', '.join(self.value(v, element) for v in value)}]"
        if value is None or isinstance(value, (bool, int)):
            return repr(value)
        if isinstance(value, float):
            return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(repr(value), repr(value))
        if isinstance(value, complex):
            return f"complex({value.real!r} {value.imag!r})"
        if isinstance(value, str) and value.isprintable() and "'" not in value:
            return f"'{value}'"
        if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
            return str(value)
        if isinstance(value, torch.device):
            return "device(type='cpu')"
        raise Unwritable(type(value).__name__)

    def tensor(self, tensor):
        if id(tensor) not in self.names:
            self.names[id(tensor)] = f"t{len(self.names)}"
            self.inputs.append(f"t{len(self.inputs)}: {type_text(tensor)}")
        return self.names[id(tensor)]

    def text(self, results):
        forms, count = [], 0
        for result in results:
            if isinstance(result, torch.Tensor):
                forms.append(f"r{count}: {type_text(result)}")
                count += 1
            elif (isinstance(result, (list, tuple))
                  and all(isinstance(element, torch.Tensor) for element in result)):
                names = [f"r{count + k}: {type_text(tensor)}" for k, tensor in enumerate(result)]
                count += len(names)
                forms.append(f"[{', '.join(names)}]")
            else:
                raise Unwritable(type(result).__name__)
        group = f"({', '.join(forms)})" if len(forms) != 1 or forms[0][0] == "[" else None
        made = f"call: {group}" if group else forms[0]
        return f"graph({', '.join(self.inputs)}):\n  {made} = {self.call}\n  return ()\n---\n"


# -- what is seen

@dataclasses.dataclass
class Seen:
    text: str
    names: list                 # of the operands, by place among the inputs
    changed: set                # names of operands whose bytes or form changed
    shared: set                 # (result, operand name) that lie in one storage
    among_results: set          # (result, result) that do
    differs: bool               # between two runs from different seeds


def copied(tree):
    """Tensors of one storage stay so, and those that are one object."""
    storages, done = {}, {}

    def copy(value):
        if not isinstance(value, torch.Tensor):
            return value
        if id(value) not in done:
            storage = value.untyped_storage()
            key = storage.data_ptr(), storage.nbytes()
            if key not in storages:
                storages[key] = storage.clone()
            fresh = torch.empty(0, dtype=value.dtype).set_(
                storages[key], value.storage_offset(), value.shape, value.stride())
            done[id(value)] = fresh
        return done[id(value)]
    return pytree.tree_map(copy, tree)


def form(tensor):
    storage = tensor.untyped_storage()
    raw = torch.empty(0, dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,))
    return tuple(tensor.shape), tensor.stride(), tensor.storage_offset(), bytes(raw.tolist())


def share(a, b):
    return (a.untyped_storage().nbytes() > 0
            and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())


def run(call, seed):
    args, kwargs = copied((call.args, call.kwargs))
    torch.manual_seed(seed)
    results = call.function(*args, **kwargs)
    count = len(call.function._schema.returns)
    return args, kwargs, [] if count == 0 else [results] if count == 1 else list(results)


def same(a, b):
    return torch.allclose(a, b, rtol=0, atol=0, equal_nan=True) if a.shape == b.shape else False


def observe(call):
    """What one call does to fresh copies of its operands. Raises Unwritable."""
    before = copied((call.args, call.kwargs))
    args, kwargs, results = run(call, 0)
    for tensor in tensors_of((args, kwargs, results)):
        if not is_plain(tensor):
            raise Unwritable("a tensor that is not plain")
    writer = Writer(Call(call.operator, call.function, *before))
    text = writer.text(results)
    operands = tensors_of((args, kwargs))
    names = [writer.names[id(tensor)] for tensor in tensors_of(before)]
    changed = {name for name, old, new in zip(names, tensors_of(before), operands)
               if form(old) != form(new)}
    # Operands that shared a storage from the start are told apart by nobody.
    flat = tensors_of(results)
    shared = {(k, name) for k, result in enumerate(flat)
              for name, operand in zip(names, operands) if share(result, operand)}
    among = {(k, j) for k in range(len(flat)) for j in range(k) if share(flat[k], flat[j])}
    again = [tensors_of(run(call, 1)[2]), tensors_of(run(call, 2)[2])]
    differs = any(not same(a, b) for other in again for a, b in zip(flat, other))
    return Seen(text, names, changed, shared, among, differs)
