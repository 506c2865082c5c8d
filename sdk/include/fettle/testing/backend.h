/* A backend on the fake host: what it claims of a graph is one part, compiled and launched once.
 * Inputs of the part are made up (elements count up from -1: -1, 0, 1, 2 …), its results are held
 * against the types that the graph records, copied, and given back.
 *
 *   fettle_test_part part;
 *   FETTLE_EXPECT(t, fettle_test_launch(t, graph, &part) == FETTLE_OK);
 *   FETTLE_EXPECT(t, part.n_nodes == 2);
 *   FETTLE_EXPECT(t, fettle_test_floats(&part.results[0])[0] == 0);
 *
 * Candidates are the calls that the fake host takes for pure; no unclaimed call may lie between
 * claimed ones. */
#ifndef FETTLE_TESTING_BACKEND_H
#define FETTLE_TESTING_BACKEND_H

#include <fettle/testing/host.h>

#if FETTLE_TARGET_MINOR >= 1

typedef struct fettle_test_part {
  uint64_t n_nodes, n_inputs, n_outputs;
  fettle_node* nodes; /* claimed calls */
  fettle_value* inputs;
  fettle_value* outputs; /* results that others take */
  fettle_datum* results; /* what launch made of them; dense */
} fettle_test_part;

static inline int fettle_fake_in_part(const fettle_test_part* part, fettle_node node) {
  uint64_t k;
  for (k = 0; k < part->n_nodes; ++k) {
    if (part->nodes[k] == node) return 1;
  }
  return 0;
}

static inline fettle_status fettle_fake_claim(fettle_test* t, const fettle_backend_v1* backend,
                                              const fettle_graph* g, fettle_test_part* part) {
  fettle_node* candidates = (fettle_node*)fettle_fake_take(t, g->n_nodes * sizeof *candidates);
  fettle_claim claim;
  fettle_status status;
  fettle_node at;
  uint64_t k;
  memset(&claim, 0, sizeof claim);
  claim.size = (uint32_t)sizeof claim;
  claim.device = fettle_fake_str("cpu");
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    if (fettle_fake_flags(g, &g->nodes[at]) & FETTLE_FACT_PURE) candidates[claim.n_nodes++] = at;
  }
  claim.nodes = candidates;
  claim.claimed = (uint8_t*)fettle_fake_take(t, claim.n_nodes);
  status = backend->claim(t->instance, &t->ctx, g, &claim);
  part->nodes = (fettle_node*)fettle_fake_take(t, claim.n_nodes * sizeof *candidates);
  for (k = 0; status == FETTLE_OK && k < claim.n_nodes; ++k) {
    if (claim.claimed[k] > 1)
      return fettle_fake_refuse(&t->ctx, FETTLE_E_ARGUMENT, "claimed is neither 0 nor 1");
    if (claim.claimed[k]) part->nodes[part->n_nodes++] = candidates[k];
  }
  return status;
}

/* What the part takes from outside and what others take of it, each once. */
static inline void fettle_fake_bounds(fettle_test* t, const fettle_graph* g,
                                      fettle_test_part* part) {
  uint8_t* seen = (uint8_t*)fettle_fake_take(t, g->n_values);
  fettle_node at;
  uint32_t k;
  part->inputs = (fettle_value*)fettle_fake_take(t, g->n_values * sizeof *part->inputs);
  part->outputs = (fettle_value*)fettle_fake_take(t, g->n_values * sizeof *part->outputs);
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    const fettle_fake_node* node = &g->nodes[at];
    const int inside = fettle_fake_in_part(part, at);
    for (k = 0; k < node->n_operands; ++k) {
      const fettle_value v = node->operands[k];
      if (fettle_fake_in_part(part, g->values[v].producer) == inside || seen[v]++) continue;
      if (inside) part->inputs[part->n_inputs++] = v;
      if (!inside) part->outputs[part->n_outputs++] = v;
    }
  }
}

static inline fettle_datum fettle_fake_made_up(fettle_test* t, const fettle_type* type) {
  const fettle_datum datum = fettle_fake_zeros(t, type);
  void* data = datum.tensor->dl_tensor.data;
  uint64_t k;
  for (k = 0; k < fettle_test_elements(&datum); ++k) {
    if (type->dtype == FETTLE_DTYPE_FLOAT32) ((float*)data)[k] = (float)k - 1;
    if (type->dtype == FETTLE_DTYPE_FLOAT64) ((double*)data)[k] = (double)k - 1;
    if (type->dtype == FETTLE_DTYPE_INT64) ((int64_t*)data)[k] = (int64_t)k - 1;
  }
  return datum;
}

/* A dense copy of what launch made, if it is of the recorded type; then it is given back. */
static inline fettle_status fettle_fake_take_result(fettle_test* t, const fettle_type* type,
                                                    DLManagedTensorVersioned* made,
                                                    fettle_datum* out) {
  const DLTensor *from, *to;
  uint64_t k, bytes;
  int32_t d;
  if (!made) return fettle_fake_refuse(&t->ctx, FETTLE_E_ARGUMENT, "launch left an output out");
  *out = fettle_fake_zeros(t, type);
  from = &made->dl_tensor;
  to = &out->tensor->dl_tensor;
  if (from->ndim != to->ndim || memcmp(&from->dtype, &to->dtype, sizeof to->dtype) != 0 ||
      (to->ndim && memcmp(from->shape, to->shape, (size_t)to->ndim * sizeof *to->shape) != 0))
    return fettle_fake_refuse(&t->ctx, FETTLE_E_ARGUMENT, "launch made another dtype or shape");
  bytes = to->dtype.bits / 8;
  for (k = 0; k < fettle_test_elements(out); ++k) {
    int64_t rest = (int64_t)k, at = 0, dense = 1;
    for (d = from->ndim - 1; d >= 0; --d) {
      at += rest % from->shape[d] * (from->strides ? from->strides[d] : dense);
      rest /= from->shape[d];
      dense *= from->shape[d];
    }
    memcpy((char*)to->data + k * bytes,
           (const char*)from->data + from->byte_offset + (uint64_t)at * bytes, bytes);
  }
  if (made->deleter) made->deleter(made);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_run_part(fettle_test* t, const fettle_backend_v1* backend,
                                                 const fettle_graph* g, fettle_compiled* compiled,
                                                 fettle_test_part* part) {
  fettle_datum* inputs = (fettle_datum*)fettle_fake_take(t, part->n_inputs * sizeof *inputs);
  DLManagedTensorVersioned** made =
      (DLManagedTensorVersioned**)fettle_fake_take(t, part->n_outputs * sizeof *made);
  fettle_status status;
  uint64_t k;
  for (k = 0; k < part->n_inputs; ++k)
    inputs[k] = fettle_fake_made_up(t, &g->types[g->values[part->inputs[k]].type]);
  status = backend->launch(t->instance, &t->ctx, compiled, part->n_inputs, inputs, part->n_outputs,
                           made);
  for (k = 0; k < part->n_inputs; ++k) fettle_fake_delete(inputs[k].tensor);
  part->results = (fettle_datum*)fettle_fake_take(t, part->n_outputs * sizeof *part->results);
  for (k = 0; k < part->n_outputs && status == FETTLE_OK; ++k) {
    status = fettle_fake_take_result(t, &g->types[g->values[part->outputs[k]].type], made[k],
                                     &part->results[k]);
    if (status == FETTLE_OK) --t->lent; /* the copy is the test's */
  }
  return status;
}

static inline fettle_status fettle_test_launch(fettle_test* t, const fettle_graph* g,
                                               fettle_test_part* part) {
  const fettle_backend_v1* backend =
      (const fettle_backend_v1*)t->component->get_interface(FETTLE_BACKEND_ID);
  fettle_compiled* compiled = NULL;
  fettle_subgraph subgraph;
  fettle_status status;
  if (!backend) fettle_fake_stop("the component is not a backend", "");
  t->messages = (char*)(uintptr_t) "";
  memset(part, 0, sizeof *part);
  status = fettle_fake_claim(t, backend, g, part);
  if (status != FETTLE_OK || part->n_nodes == 0) return status;
  fettle_fake_bounds(t, g, part);
  memset(&subgraph, 0, sizeof subgraph);
  subgraph.size = (uint32_t)sizeof subgraph;
  subgraph.device = fettle_fake_str("cpu");
  subgraph.n_nodes = part->n_nodes;
  subgraph.nodes = part->nodes;
  subgraph.n_inputs = part->n_inputs;
  subgraph.inputs = part->inputs;
  subgraph.n_outputs = part->n_outputs;
  subgraph.outputs = part->outputs;
  status = backend->compile(t->instance, &t->ctx, g, &subgraph, &compiled);
  if (status != FETTLE_OK) return status;
  status = fettle_fake_run_part(t, backend, g, compiled, part);
  backend->release(t->instance, compiled);
  return status;
}

#endif /* FETTLE_TARGET_MINOR >= 1 */
#endif
