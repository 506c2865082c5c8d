"""torch.fx and Inductor at the same work, each on a fresh graph: what `cost` measures.

Only the work itself is inside the clock; building the graph, imports and warm-up are not.
"""
import functools
import gc
import time

import synthetic

WARM_UP = 60  # nodes: the first run of anything in PyTorch pays for imports and caches


@functools.cache
def exported(count, path):
    """The program's file and its loaded form, for load and save."""
    import torch
    synthetic.write_archive(count, path)
    return torch.export.load(path)


def work(stage, count, folder):
    """A function of no arguments that does the stage's work once."""
    import torch
    path = f"{folder}/fx-{count}.pt2"
    if stage == "load":
        exported(count, path)
        return lambda: torch.export.load(path)
    if stage == "save":
        program = exported(count, path)
        return lambda: torch.export.save(program, f"{folder}/fx-saved.pt2")
    module = synthetic.fx_graph_module(count)
    if stage == "dce":
        return module.graph.eliminate_dead_code
    if stage == "check":
        return module.graph.lint
    if stage == "cse":
        from torch.fx.passes.dialect.common.cse_pass import CSEPass
        return lambda: CSEPass()(module)
    if stage == "constant_folding":
        from torch._inductor.constant_folding import constant_fold
        return lambda: constant_fold(module)
    if stage == "dominators":
        return dominators(module.graph)
    if stage == "shapes":
        from torch.fx.passes.shape_prop import ShapeProp
        return lambda: ShapeProp(module).propagate(torch.rand(synthetic.WIDTH))
    raise ValueError(stage)


def dominators(graph):
    """Both trees by networkx, on the same edges, entry and exit as fettle's snapshot has."""
    import networkx
    flow = networkx.DiGraph()
    for node in graph.nodes:
        flow.add_edges_from((given, node) for given in node.all_input_nodes or ["entry"])
        if not node.users:
            flow.add_edge(node, "exit")
    back = flow.reverse()

    def both():
        networkx.immediate_dominators(flow, "entry")
        networkx.immediate_dominators(back, "exit")
    return both


def cost(stage, count, folder):
    """(wall seconds, processor seconds)"""
    work(stage, WARM_UP, folder)()
    run = work(stage, count, folder)
    gc.collect()
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - processor
