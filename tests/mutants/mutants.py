"""The table of mutants: in which program each is put to work, and what catches it.

A program is the name of a captured model (tests/python/models.py) or of a function of hosts.py.
`CAUGHT` names what catches a mutant: STRUCTURE (the host refuses the graph), or a verifier as VERIFIERS
spells it. `PENDING` are mutants that no verifier of today catches; they are asserted to get through, so
that an entry must move when the gate grows.
"""
STRUCTURE = "structure"
NUMERIC = "numeric"
EDGES = "numeric, edge sets"
GRADIENT = "gradient"
EQUIVALENCE = "equivalence"

# What each is in a pipeline's `with:`.
VERIFIERS = {
    NUMERIC: "numeric",
    EDGES: "numeric: {edge_sets: 1}",
    GRADIENT: "gradient",
    EQUIVALENCE: "equivalence",
}

# name: (program, what catches it)
CAUGHT = {
    "mutant_swapped_sub": ("differences", NUMERIC),
    "mutant_reassociated": ("chain_of_constants", NUMERIC),
}

# name: (program, what will)
PENDING = {
    "mutant_times_zero": ("product_with_zero", EDGES),
    "mutant_divided_by_itself": ("normalized", EDGES),
    "mutant_folded_self_comparison": ("nan_to_zero", EDGES),
    "mutant_plus_zero": ("signed_zero", EDGES),
}
