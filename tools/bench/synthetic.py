"""Synthetic programs of any size and several shapes, as a .pt2 and as a torch.fx graph.

The archive's JSON is written directly, into an envelope that torch.export.save made: saving 100,000
nodes through Python takes a minute. Of the shapes, `mixed` has work for every pass: 30 % exact
duplicates, 10 % dead, 10 % computed from a constant alone, 10 % in three-node patterns, the rest an
elementwise chain. The others each stretch one thing to its limit.
"""
import copy
import dataclasses
import json
import random
import zipfile

UNARY = ["relu", "neg", "abs", "tanh"]
BINARY = ["add", "sub", "mul"]
WIDTH = 4  # elements of each tensor: the graph is what is measured
NESTED = "wrap_with_set_grad_enabled"
NESTED_BODY = ["relu", "neg"]  # of each nested graph, one after the other
STACK_TRACE_BYTES = 1000  # of each node in the shape `metadata`


@dataclasses.dataclass
class Program:
    """Calls (operator, operands) in order; an operand is an index into them, 'x' or 'c<number>'."""
    calls: list
    outputs: list
    constants: int = 1
    long_metadata: bool = False
    later_schema: bool = False


def mixed(count):
    rng = random.Random(0)
    calls, unused, constants, current, history = [], [], ["c0"], "x", []

    def put(operator, *operands):
        calls.append((operator, operands))
        return len(calls) - 1

    while len(calls) < count:
        kind = rng.random()
        if kind < 0.1:  # dead
            put(rng.choice(UNARY), current)
        elif kind < 0.4 and history:  # a duplicate of something recent
            unused.append(put(*rng.choice(history[-64:])))
        elif kind < 0.5:  # constant
            constants.append(put("sub", rng.choice(constants[-8:]), rng.choice(constants[-8:])))
            unused.append(constants[-1])
        elif kind < 0.5 + 0.1 / 3:  # x * sigmoid(x), and tanh of it
            gate = put("sigmoid", current)
            current = put("tanh", put("mul", gate, current))
        else:
            step = ((rng.choice(BINARY), current, unused.pop()) if unused
                    else (rng.choice(UNARY), current))
            current = put(*step)
            history.append(step)
    return Program(calls, [current, *unused])


def chain(count):
    """As deep as it is long."""
    return Program([(UNARY[i % 4], (i - 1 if i else "x",)) for i in range(count)], [count - 1])


def fan_out(count):
    """One value with as many users as there are calls."""
    return Program([("add", ("x", i - 1 if i else "c0")) for i in range(count)], [count - 1])


def nested(count):
    """Many small nested graphs: a call, its graph's input, two calls and output are five nodes."""
    calls = max(1, count // 5)
    return Program([(NESTED, (i - 1 if i else "x",)) for i in range(calls)], [calls - 1])


def constants(count):
    """Every call uses a constant of its own."""
    calls = max(1, count // 2)
    return Program([("add", (i - 1 if i else "x", f"c{i}")) for i in range(calls)], [calls - 1],
                   constants=calls)


def metadata(count):
    """A chain whose calls remember long stack traces."""
    program = chain(count)
    program.long_metadata = True
    return program


def later(count):
    """A chain whose calls have a field of a later schema, which is kept as it came."""
    program = chain(count)
    program.later_schema = True
    return program


SHAPES = {f.__name__: f for f in (mixed, chain, fan_out, nested, constants, metadata, later)}


def operator_name(operator):
    if operator == NESTED:
        return f"higher_order.{NESTED}"
    return f"aten.{operator}.{'Tensor' if operator in BINARY else 'default'}"


def fx_graph_module(count):
    """`mixed` as torch.fx sees it."""
    import torch
    program = mixed(count)
    graph, root = torch.fx.Graph(), torch.nn.Module()
    torch.manual_seed(0)
    root.register_buffer("c0", torch.rand(WIDTH))
    values = {"x": graph.placeholder("x"), "c0": graph.get_attr("c0")}
    for index, (operator, operands) in enumerate(program.calls):
        _, packet, overload = operator_name(operator).split(".")
        target = getattr(getattr(torch.ops.aten, packet), overload)
        values[index] = graph.call_function(target, tuple(values[o] for o in operands))
    graph.output(tuple(values[o] for o in program.outputs))
    return torch.fx.GraphModule(root, graph)


def envelope(path):
    """{record: bytes} of a program with one operator, saved by torch itself at `path`."""
    import torch

    class Single(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.register_buffer("c0", torch.rand(WIDTH))

        def forward(self, x):
            return (torch.ops.aten.sub.Tensor(x, self.c0),)

    torch.export.save(torch.export.export(Single(), (torch.rand(WIDTH),), strict=False), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tensor(name):
    return {"as_tensor": {"name": name}}


def call_json(operator, name, inputs, metadata):
    """Members in the order in which torch writes them: fettle keeps a node written otherwise."""
    return {"target": f"torch.ops.{operator_name(operator)}",
            "inputs": [{"name": key, "arg": arg, "kind": 1} for key, arg in inputs],
            "outputs": [tensor(name)], "metadata": metadata,
            "is_hop_single_tensor_return": None, "name": name}


def nested_json(name, operand, description, metadata):
    """wrap_with_set_grad_enabled(False, graph, operand), and the graph."""
    inner = [f"{operator}_of_{name}" for operator in NESTED_BODY]
    nodes = [call_json(operator, result, [("self", tensor(given))], metadata)
             for operator, result, given in zip(NESTED_BODY, inner, [operand, *inner])]
    graph = {"inputs": [tensor(operand)], "outputs": [tensor(inner[-1])], "nodes": nodes,
             "tensor_values": {value: description for value in [operand, *inner]},
             "sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": False,
             "custom_obj_values": {}, "sym_float_values": {}}
    body = {"as_graph": {"name": f"body_of_{name}", "graph": graph}}
    node = call_json(NESTED, f"call_{name}", [("", {"as_bool": False}), ("", body), ("", tensor(operand))],
                     metadata)
    return node | {"outputs": [tensor(name)], "is_hop_single_tensor_return": False}


def model_json(program, model):
    """The envelope's models/model.json with its graph replaced by the program."""
    module = model["graph_module"]
    graph, pattern = module["graph"], module["graph"]["nodes"][0]
    description = graph["tensor_values"]["x"]
    names = {"x": "x"} | {f"c{k}": f"b_c{k}" for k in range(program.constants)}
    names.update((i, f"{operator}_{i}") for i, (operator, _) in enumerate(program.calls))

    def metadata(index):
        if not program.long_metadata:
            return pattern["metadata"]
        trace = f'  File "model.py", line {index}, in forward\n    x = layer_{index}(x)\n'
        repeated = trace * (STACK_TRACE_BYTES // len(trace) + 1)
        return pattern["metadata"] | {"stack_trace": repeated}

    def node(index, operator, operands):
        if operator == NESTED:
            return nested_json(names[index], names[operands[0]], description, metadata(index))
        inputs = [(key, tensor(names[operand])) for key, operand in zip(("self", "other"), operands)]
        call = call_json(operator, names[index], inputs, metadata(index))
        return call | {"of_a_later_schema": {"index": index}} if program.later_schema else call

    graph["nodes"] = [node(index, *call) for index, call in enumerate(program.calls)]
    graph["tensor_values"] = {name: description for name in names.values()}
    graph["outputs"] = [tensor(names[value]) for value in program.outputs]
    signature = module["signature"]
    signature["output_specs"] = [{"user_output": {"arg": tensor(names[o])}}
                                 for o in program.outputs]
    extra = range(1, program.constants)
    buffer = json.dumps(next(s for s in signature["input_specs"] if "buffer" in s))
    signature["input_specs"][:0] = [json.loads(buffer.replace("c0", f"c{k}")) for k in extra]
    graph["inputs"][:0] = [tensor(f"b_c{k}") for k in extra]
    spec = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])
    spec[1]["children_spec"] = spec[1]["children_spec"] * len(program.outputs)
    module["module_call_graph"][0]["signature"]["out_spec"] = json.dumps(spec)
    return model


def add_constants(records, count):
    """c1 … beside c0, each with a record of its own."""
    config_name = next(name for name in records if name.endswith("weights_config.json"))
    config = json.loads(records[config_name])
    first = config["config"]["c0"]
    folder = config_name.rsplit("/", 1)[0]
    data = records[f"{folder}/{first['path_name']}"]
    for k in range(1, count):
        config["config"][f"c{k}"] = first | {"path_name": f"weight_{k}"}
        records[f"{folder}/weight_{k}"] = data
    records[config_name] = json.dumps(config).encode()


def write_archive(count, path, shape="mixed"):
    """Writes the program as a .pt2 that torch.export.load accepts."""
    program = SHAPES[shape](count)
    records = envelope(path)
    add_constants(records, program.constants)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records.items():
            if name.endswith("models/model.json"):
                data = json.dumps(model_json(program, copy.deepcopy(json.loads(data)))).encode()
            info = zipfile.ZipInfo(name)
            padding = -(archive.start_dir + 34 + len(name)) % 64
            info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            archive.writestr(info, data)
    return path
