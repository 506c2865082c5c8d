"""The table of mutants: in which program each is put to work, and what catches it.

A program is the name of a captured model (tests/python/models.py) or of a function of hosts.py. What
catches a mutant is STRUCTURE (the host refuses the graph), or a verifier as VERIFIERS spells it: the
default gate where it does, else the named option that does.
"""
STRUCTURE = "structure"
NUMERIC = "numeric"
EDGES = "numeric, edge sets"
GRADIENT = "gradient"
EQUIVALENCE = "equivalence"

# What each is in a pipeline's `with:`.
VERIFIERS = {
    NUMERIC: "numeric",
    EDGES: "numeric: {edge: fail}",
    GRADIENT: "gradient",
    EQUIVALENCE: "equivalence",
}

# name: (program, what catches it)
MUTANTS = {
    "mutant_swapped_sub": ("differences", NUMERIC),
    "mutant_reassociated": ("chain_of_constants", NUMERIC),
    "mutant_transposed_weight": ("gpt2", NUMERIC),
    "mutant_dropped_mask": ("gpt2", NUMERIC),
    "mutant_dropped_scale": ("unscaled_attention", NUMERIC),
    "mutant_relu6": ("resnet18", NUMERIC),
    "mutant_dropped_bound": ("mobilenetv2", NUMERIC),
    "mutant_dropped_cast": ("rounded_to_half", NUMERIC),
    "mutant_sunk_cast": ("product_in_float", NUMERIC),
    "mutant_logical_as_bitwise": ("both_nonzero", NUMERIC),
    "mutant_truncated_division": ("halves", NUMERIC),
    "mutant_narrow_positions": ("positions", NUMERIC),
    "mutant_negative_slice": ("near_the_end", NUMERIC),
    "mutant_composed_permutations": ("permuted_twice", NUMERIC),
    "mutant_merged_means": ("square_means", NUMERIC),
    "mutant_negative_dim": ("column", NUMERIC),
    "mutant_squeezed_batch": ("squeezed", NUMERIC),
    "mutant_modulo_broadcast": ("scaled_table", NUMERIC),
    "mutant_cse_across_write": ("sum_before_and_after", NUMERIC),
    "mutant_cse_of_random": ("two_draws", NUMERIC),
    "mutant_dead_write": ("write_whose_result_is_unused", NUMERIC),
    "mutant_removed_clone": ("write_to_copy", NUMERIC),
    "mutant_aliased_output": ("product_with_one", STRUCTURE),
    "mutant_reused_memory": ("view_read_later", NUMERIC),
    "mutant_sunk_read": ("read_before_write", NUMERIC),
    "mutant_folded_buffer": ("counter", NUMERIC),
    "mutant_specialized_cond": ("branches", NUMERIC),
    "mutant_cond_of_not": ("negated_branches", NUMERIC),
    "mutant_names_across_blocks": ("names_used_twice", NUMERIC),
    "mutant_times_zero": ("product_with_zero", EDGES),
    "mutant_divided_by_itself": ("normalized", NUMERIC),
    "mutant_folded_self_comparison": ("nan_to_zero", NUMERIC),
    "mutant_plus_zero": ("signed_zero", NUMERIC),
    "mutant_dropped_nan_to_num": ("repaired", NUMERIC),
    "mutant_relu_loses_nan": ("resnet18", NUMERIC),
    "mutant_softmax_without_max": ("probabilities", EDGES),
    "mutant_wrong_epsilon": ("unit_variance_norm", NUMERIC),
    "mutant_cancelling_variance": ("variance", NUMERIC),
    "mutant_accumulated_in_bf16": ("sum_in_float", EQUIVALENCE),
    "mutant_tanh_gelu": ("bert", EQUIVALENCE),
    "mutant_detached": ("vit", GRADIENT),
    "mutant_straight_through": ("quantized", GRADIENT),
    "mutant_folded_parameter": ("learned_scale", GRADIENT),
    "mutant_dropped_zero_bias": ("bert", GRADIENT),
    "mutant_inlined_no_grad": ("without_gradient", GRADIENT),
}
