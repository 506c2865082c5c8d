"""Synthetic programs of any size, as a .pt2 and as a torch.fx graph, node for node the same.

Of the N call nodes 30 % are exact duplicates, 10 % dead, 10 % computed from a constant alone, 10 %
in three-node patterns, the rest an elementwise chain. The archive's JSON is written directly, into an
envelope that torch.export.save made: saving 100,000 nodes through Python takes a minute.
"""
import copy
import json
import random
import zipfile

UNARY = ["relu", "neg", "abs", "tanh"]
BINARY = ["add", "sub", "mul"]
WIDTH = 4  # elements of each tensor: the graph is what is measured


def generate(count, seed=0):
    """([(operator, operands)], outputs); an operand is an index into the list, 'x' or 'c0'."""
    rng = random.Random(seed)
    program, unused, constants, current, history = [], [], ["c0"], "x", []

    def put(operator, *operands):
        program.append((operator, operands))
        return len(program) - 1

    while len(program) < count:
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
    return program, [current, *unused]


def operator_name(operator):
    return f"{operator}.{'Tensor' if operator in BINARY else 'default'}"


def fx_graph_module(count):
    """The same program as torch.fx sees it."""
    import torch
    program, outputs = generate(count)
    graph, root = torch.fx.Graph(), torch.nn.Module()
    torch.manual_seed(0)
    root.register_buffer("c0", torch.rand(WIDTH))
    values = {"x": graph.placeholder("x"), "c0": graph.get_attr("c0")}
    for index, (operator, operands) in enumerate(program):
        packet, overload = operator_name(operator).split(".")
        target = getattr(getattr(torch.ops.aten, packet), overload)
        values[index] = graph.call_function(target, tuple(values[o] for o in operands))
    graph.output(tuple(values[o] for o in outputs))
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


def model_json(count, model):
    """The envelope's models/model.json with its graph replaced by generate(count)."""
    program, outputs = generate(count)
    module = model["graph_module"]
    graph, pattern = module["graph"], module["graph"]["nodes"][0]
    description = graph["tensor_values"]["x"]
    names = {"x": "x", "c0": "b_c0"}
    names.update((i, f"{operator}_{i}") for i, (operator, _) in enumerate(program))

    def tensor(value):
        return {"as_tensor": {"name": names[value]}}

    graph["nodes"] = [
        {"target": f"torch.ops.aten.{operator_name(operator)}", "name": names[index],
         "inputs": [{"name": name, "arg": tensor(operand), "kind": 1}
                    for name, operand in zip(("self", "other"), operands)],
         "outputs": [tensor(index)], "is_hop_single_tensor_return": None,
         "metadata": pattern["metadata"]}
        for index, (operator, operands) in enumerate(program)]
    graph["tensor_values"] = {name: description for name in names.values()}
    graph["outputs"] = [tensor(value) for value in outputs]
    module["signature"]["output_specs"] = [{"user_output": {"arg": tensor(o)}} for o in outputs]
    spec = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])
    spec[1]["children_spec"] = spec[1]["children_spec"] * len(outputs)
    module["module_call_graph"][0]["signature"]["out_spec"] = json.dumps(spec)
    return model


def write_archive(count, path):
    """Writes generate(count) as a .pt2 that torch.export.load accepts."""
    records = envelope(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records.items():
            if name.endswith("models/model.json"):
                data = json.dumps(model_json(count, copy.deepcopy(json.loads(data)))).encode()
            info = zipfile.ZipInfo(name)
            padding = -(archive.start_dir + 34 + len(name)) % 64
            info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            archive.writestr(info, data)
