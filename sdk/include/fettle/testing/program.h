/* "fettle.program/1" of the fake host: a program is a graph for its signature, and a function of
 * the test that computes. One sample is stored; the elements of its inputs count up: 0, 1, 2 …
 *
 *   static void twice(void* user, const fettle_datum* in, fettle_datum* out) {
 *     fettle_test_floats(out)[0] = 2 * fettle_test_floats(in)[0];
 *   }
 *   fettle_program* p = fettle_test_program(t, "original", graph, twice, NULL);
 *
 * Sizes are plain numbers, dtypes f32, f64, i64 and b8. Tensors and bound programs that a plugin
 * does not give back, or gives back twice, fail the test. No float64 runs, no hooks, no effects. */
#ifndef FETTLE_TESTING_PROGRAM_H
#define FETTLE_TESTING_PROGRAM_H

#include <fettle/testing/edit.h>
#include <fettle/testing/facts.h>

typedef void (*fettle_test_run)(void* user, const fettle_datum* inputs, fettle_datum* outputs);

struct fettle_program {
  fettle_test* test;
  const char* name;
  const fettle_graph* graph;
  fettle_test_run run;
  void* user;
  uint64_t id;
  int64_t peak_bytes; /* what a run that measures memory answers; -1 */
};
struct fettle_bound {
  const fettle_program* program;
  const fettle_datum* inputs;
  uint32_t released;
};

/* ---- tensors, whose deleter is counted */

typedef struct fettle_fake_tensor {
  DLManagedTensorVersioned managed;
  fettle_test* test;
  uint32_t deleted;
} fettle_fake_tensor;

static inline void fettle_fake_delete(DLManagedTensorVersioned* managed) {
  fettle_fake_tensor* tensor = (fettle_fake_tensor*)managed->manager_ctx;
  if (tensor->deleted++) {
    fettle_fake_say(tensor->test, "a tensor's deleter was called twice");
    ++tensor->test->failures;
  }
  --tensor->test->lent;
}
/* Zeros of a type. */
static inline fettle_datum fettle_fake_zeros(fettle_test* t, const fettle_type* type) {
  fettle_fake_tensor* tensor = (fettle_fake_tensor*)fettle_fake_take(t, sizeof *tensor);
  DLTensor* dl = &tensor->managed.dl_tensor;
  fettle_datum datum;
  uint64_t k;
  if (type->bytes < 0) fettle_fake_stop("a program's sizes are numbers in the fake host", "");
  tensor->test = t;
  tensor->managed.version.major = 1;
  tensor->managed.manager_ctx = tensor;
  tensor->managed.deleter = fettle_fake_delete;
  dl->data = fettle_fake_take(t, (uint64_t)type->bytes);
  dl->device.device_type = kDLCPU;
  dl->ndim = (int32_t)type->rank;
  dl->dtype.code = type->dtype == FETTLE_DTYPE_BOOL    ? kDLBool
                   : type->dtype == FETTLE_DTYPE_INT64 ? kDLInt
                                                       : kDLFloat;
  dl->dtype.bits = (uint8_t)(8 * fettle_fake_dtype_bytes(type->dtype));
  dl->dtype.lanes = 1;
  dl->shape = (int64_t*)fettle_fake_take(t, type->rank * sizeof(int64_t));
  dl->strides = (int64_t*)fettle_fake_take(t, type->rank * sizeof(int64_t));
  for (k = 0; k < type->rank; ++k) {
    dl->shape[k] = type->sizes[k].value;
    dl->strides[k] = type->strides[k].value;
  }
  memset(&datum, 0, sizeof datum);
  datum.kind = FETTLE_DATUM_TENSOR;
  datum.tensor = &tensor->managed;
  ++t->lent;
  return datum;
}
static inline uint64_t fettle_test_elements(const fettle_datum* datum) {
  uint64_t n = 1;
  int32_t k;
  for (k = 0; k < datum->tensor->dl_tensor.ndim; ++k)
    n *= (uint64_t)datum->tensor->dl_tensor.shape[k];
  return n;
}
/* The elements of an f32 tensor, to read and, of an output, to write. */
static inline float* fettle_test_floats(const fettle_datum* datum) {
  return (float*)datum->tensor->dl_tensor.data;
}

/* ---- programs */

static inline fettle_program* fettle_test_program(fettle_test* t, const char* name,
                                                  const fettle_graph* graph, fettle_test_run run,
                                                  void* user) {
  fettle_program* p = (fettle_program*)fettle_fake_take(t, sizeof *p);
  p->test = t;
  p->name = name;
  p->graph = graph;
  p->run = run;
  p->user = user;
  p->id = (uint64_t)(uintptr_t)p;
  p->peak_bytes = -1;
  return p;
}

static inline const fettle_graph* fettle_fake_program_graph(const fettle_program* p) {
  return p->graph;
}
static inline fettle_str fettle_fake_program_name(const fettle_program* p) {
  return fettle_fake_str(p->name);
}
static inline fettle_str fettle_fake_device(const fettle_program* p) {
  (void)p;
  return fettle_fake_str("cpu");
}
/* The value of user input `index`, FETTLE_NONE past the last; *n: how many there are. */
static inline fettle_value fettle_fake_user_input(const fettle_program* p, uint64_t index,
                                                  uint64_t* n) {
  const fettle_graph* g = p->graph;
  fettle_value found = FETTLE_NONE;
  fettle_node at;
  *n = 0;
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    if (g->nodes[at].opcode != FETTLE_OPCODE_PLACEHOLDER) break;
    if (g->nodes[at].input_kind == FETTLE_INPUT_USER && (*n)++ == index)
      found = g->nodes[at].first_result;
  }
  return found;
}
static inline uint64_t fettle_fake_input_count(const fettle_program* p) {
  uint64_t n;
  fettle_fake_user_input(p, 0, &n);
  return n;
}
static inline uint64_t fettle_fake_output_count(const fettle_program* p) {
  return p->graph->nodes[p->graph->last].n_operands;
}
static inline fettle_status fettle_fake_slot(fettle_ctx* ctx, const fettle_program* p,
                                             fettle_value value, fettle_slot* out) {
  fettle_slot info;
  if (value == FETTLE_NONE) return fettle_fake_refuse(ctx, FETTLE_E_ARGUMENT, "no such slot");
  memset(&info, 0, sizeof info);
  info.type = p->graph->values[value].type;
  info.name = p->graph->values[value].name;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}
static inline fettle_status fettle_fake_input(fettle_ctx* ctx, const fettle_program* p,
                                              uint64_t index, fettle_slot* out) {
  uint64_t n;
  return fettle_fake_slot(ctx, p, fettle_fake_user_input(p, index, &n), out);
}
static inline fettle_value fettle_fake_output_value(const fettle_program* p, uint64_t index) {
  const fettle_fake_node* last = &p->graph->nodes[p->graph->last];
  return index < last->n_operands ? last->operands[index] : FETTLE_NONE;
}
static inline fettle_status fettle_fake_output(fettle_ctx* ctx, const fettle_program* p,
                                               uint64_t index, fettle_slot* out) {
  return fettle_fake_slot(ctx, p, fettle_fake_output_value(p, index), out);
}

static inline uint64_t fettle_fake_sample_count(const fettle_program* p) {
  (void)p;
  return 1;
}
static inline fettle_status fettle_fake_sample_inputs(fettle_ctx* ctx, const fettle_program* p,
                                                      uint64_t sample, fettle_datum* out) {
  uint64_t i, k, n = fettle_fake_input_count(p);
  if (sample) return fettle_fake_refuse(ctx, FETTLE_E_ARGUMENT, "no such sample");
  for (i = 0; i < n; ++i) {
    const fettle_type* type =
        &p->graph->types[p->graph->values[fettle_fake_user_input(p, i, &n)].type];
    void* data;
    out[i] = fettle_fake_zeros(p->test, type);
    data = out[i].tensor->dl_tensor.data;
    for (k = 0; k < fettle_test_elements(&out[i]); ++k) {
      if (type->dtype == FETTLE_DTYPE_FLOAT32) ((float*)data)[k] = (float)k;
      if (type->dtype == FETTLE_DTYPE_FLOAT64) ((double*)data)[k] = (double)k;
      if (type->dtype == FETTLE_DTYPE_INT64) ((int64_t*)data)[k] = (int64_t)k;
    }
  }
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_eager_outputs(fettle_ctx* ctx, const fettle_program* p,
                                                      uint64_t sample, fettle_datum* out) {
  (void)ctx, (void)p, (void)sample, (void)out;
  return FETTLE_E_ABSENT;
}

static inline fettle_status fettle_fake_run(fettle_ctx* ctx, const fettle_program* p,
                                            const fettle_run_options* options,
                                            const fettle_datum* inputs, fettle_datum* outputs,
                                            fettle_run_stats* stats) {
  const uint32_t flags = options ? options->flags : 0;
  fettle_run_stats info;
  uint64_t k;
  if ((flags & FETTLE_RUN_FLOAT64) || (options && (options->before_node || options->after_node)))
    return fettle_fake_refuse(ctx, FETTLE_E_UNSUPPORTED, "no float64 and no hooks in a fake run");
  for (k = 0; k < fettle_fake_output_count(p); ++k) {
    const fettle_value value = fettle_fake_output_value(p, k);
    outputs[k] = fettle_fake_zeros(p->test, &p->graph->types[p->graph->values[value].type]);
  }
  p->run(p->user, inputs, outputs);
  memset(&info, 0, sizeof info);
  info.peak_bytes = flags & FETTLE_RUN_MEASURE_MEMORY ? p->peak_bytes : -1;
  info.seconds = 1e-3;
#if FETTLE_TARGET_MINOR >= 1
  info.workspace_bytes = -1;
  info.workspace_node = FETTLE_NONE;
#endif
  return stats ? fettle_fake_answer(stats, &info, (uint32_t)sizeof info) : FETTLE_OK;
}

static inline fettle_status fettle_fake_bind(fettle_ctx* ctx, const fettle_program* p,
                                             const fettle_datum* inputs, fettle_bound** out) {
  (void)ctx;
  *out = (fettle_bound*)fettle_fake_take(p->test, sizeof **out);
  (*out)->program = p;
  (*out)->inputs = (const fettle_datum*)fettle_fake_copy(
      p->test, inputs, fettle_fake_input_count(p) * sizeof *inputs);
  ++p->test->lent;
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_launch(fettle_ctx* ctx, fettle_bound* bound) {
  const fettle_program* p = bound->program;
  const uint64_t n = fettle_fake_output_count(p);
  fettle_datum* outputs = (fettle_datum*)fettle_fake_take(p->test, n * sizeof *outputs);
  const fettle_status status = fettle_fake_run(ctx, p, NULL, bound->inputs, outputs, NULL);
  uint64_t k;
  for (k = 0; k < n; ++k) fettle_fake_delete(outputs[k].tensor);
  return status;
}
static inline fettle_status fettle_fake_synchronize(fettle_ctx* ctx, fettle_bound* bound) {
  (void)ctx, (void)bound;
  return FETTLE_OK;
}
static inline void fettle_fake_release(fettle_bound* bound) {
  fettle_test* t = bound->program->test;
  if (bound->released++) {
    fettle_fake_say(t, "a bound program was released twice");
    ++t->failures;
  }
  --t->lent;
}
static inline uint64_t fettle_fake_program_id(const fettle_program* p) {
  return p->id;
}
static inline uint64_t fettle_fake_effect_count(const fettle_program* p) {
  (void)p;
  return 0;
}
static inline fettle_status fettle_fake_effect(fettle_ctx* ctx, const fettle_program* p,
                                               uint64_t index, fettle_effect* out) {
  (void)p, (void)index, (void)out;
  return fettle_fake_refuse(ctx, FETTLE_E_ARGUMENT, "no such effect");
}
static inline uint64_t fettle_fake_eager_effect_count(const fettle_program* p, uint64_t sample) {
  (void)p, (void)sample;
  return UINT64_MAX;
}
static inline fettle_status fettle_fake_eager_effect(fettle_ctx* ctx, const fettle_program* p,
                                                     uint64_t sample, uint64_t index,
                                                     fettle_effect* out, fettle_datum* value) {
  (void)sample, (void)value;
  return fettle_fake_effect(ctx, p, index, out);
}

static const fettle_program_v1 fettle_fake_program_table = {
    (uint32_t)sizeof(fettle_program_v1),
    0,
    fettle_fake_program_graph,
    fettle_fake_program_name,
    fettle_fake_device,
    fettle_fake_input_count,
    fettle_fake_output_count,
    fettle_fake_input,
    fettle_fake_output,
    fettle_fake_sample_count,
    fettle_fake_sample_inputs,
    fettle_fake_eager_outputs,
    fettle_fake_run,
    fettle_fake_bind,
    fettle_fake_launch,
    fettle_fake_synchronize,
    fettle_fake_release,
    fettle_fake_program_id,
    fettle_fake_effect_count,
    fettle_fake_effect,
    fettle_fake_eager_effect_count,
    fettle_fake_eager_effect,
};

#endif
