/* The host's own table, and a component with its options. */
#ifndef FETTLE_TESTING_HOST_H
#define FETTLE_TESTING_HOST_H

#include <fettle/testing/program.h>

typedef struct fettle_fake_statistic {
  struct fettle_fake_statistic* next;
  fettle_str name;
  int64_t value;
} fettle_fake_statistic;

/* No tensors are stored and no operators run: what asks for them is told so, and should cope. */
static inline fettle_status fettle_fake_constant(fettle_ctx* ctx, const fettle_graph* g,
                                                 fettle_value value,
                                                 DLManagedTensorVersioned** out) {
  (void)ctx, (void)g, (void)value, (void)out;
  return FETTLE_E_ABSENT;
}
static inline fettle_status fettle_fake_call(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                                             uint64_t n_operands, const DLTensor* const* operands,
                                             uint64_t n_results,
                                             DLManagedTensorVersioned** results) {
  (void)ctx, (void)g, (void)id, (void)n_operands, (void)operands, (void)n_results, (void)results;
  return FETTLE_E_UNSUPPORTED;
}
static const fettle_evaluate_v1 fettle_fake_evaluate_table = {
    (uint32_t)sizeof(fettle_evaluate_v1), 0, fettle_fake_constant, fettle_fake_call};

static inline const void* fettle_fake_extension(const char* id) {
  if (strcmp(id, FETTLE_GRAPH_ID) == 0) return &fettle_fake_graph_table;
  if (strcmp(id, FETTLE_EDIT_ID) == 0) return &fettle_fake_edit_table;
  if (strcmp(id, FETTLE_FACTS_ID) == 0) return &fettle_fake_facts_table;
  if (strcmp(id, FETTLE_EVALUATE_ID) == 0) return &fettle_fake_evaluate_table;
  if (strcmp(id, FETTLE_PROGRAM_ID) == 0) return &fettle_fake_program_table;
  return NULL;
}
static inline void fettle_fake_report(fettle_ctx* ctx, const fettle_diagnostic* d) {
  static const char* const severities[] = {"note", "warning", "error"};
  const uint32_t severity = d->severity > FETTLE_SEVERITY_ERROR ? 2 : d->severity;
  fettle_fake_say(
      ctx->test, fettle_fake_format(ctx->test, "%s: %.*s%s%.*s", severities[severity],
                                    (int)d->message.size, d->message.data, d->hint.size ? "; " : "",
                                    (int)d->hint.size, d->hint.data));
}
static inline uint32_t fettle_fake_cancelled(fettle_ctx* ctx) {
  return ctx->test->cancelled;
}
static inline void* fettle_fake_scratch(fettle_ctx* ctx, uint64_t bytes, uint64_t align) {
  uintptr_t at;
  if (!align || (align & (align - 1)) || align > 4096) return NULL;
  at = (uintptr_t)fettle_fake_take(ctx->test, bytes + align);
  return (void*)((at + (uintptr_t)align - 1) & ~((uintptr_t)align - 1));
}
static inline void fettle_fake_count(fettle_ctx* ctx, fettle_str name, int64_t value) {
  fettle_test* t = ctx->test;
  fettle_fake_statistic* s;
  for (s = t->statistics; s; s = s->next) {
    if (fettle_fake_same(s->name, name)) break;
  }
  if (!s) {
    s = (fettle_fake_statistic*)fettle_fake_take(t, sizeof *s);
    s->name = fettle_fake_keep(t, name.data, name.size);
    s->next = t->statistics;
    t->statistics = s;
  }
  s->value += value;
}

static const fettle_host fettle_fake_host = {
    (uint32_t)sizeof(fettle_host),
    FETTLE_ABI_MAJOR,
    FETTLE_TARGET_MINOR,
    0,
    {"fake", 4},
    fettle_fake_extension,
    fettle_fake_report,
    fettle_fake_cancelled,
    fettle_fake_scratch,
    fettle_fake_count,
};

/* ---- options, as the host checks them before create */

static inline int fettle_fake_in_range(const fettle_option_decl* d, const fettle_option_value* v) {
  uint64_t k;
  if (d->has_range && d->type == FETTLE_OPTION_INT) return v->i >= d->min.i && v->i <= d->max.i;
  if (d->has_range && d->type == FETTLE_OPTION_FLOAT) return v->f >= d->min.f && v->f <= d->max.f;
  for (k = 0; d->type == FETTLE_OPTION_STRING && k < d->n_choices; ++k) {
    if (fettle_fake_same(d->choices[k], v->s)) return 1;
  }
  return d->type != FETTLE_OPTION_STRING || d->n_choices == 0;
}
static inline int fettle_fake_read_option(const fettle_option_decl* d, fettle_str text,
                                          fettle_option_value* out) {
  char* end = (char*)(uintptr_t)text.data + text.size;
  switch (d->type) {
    case FETTLE_OPTION_BOOL:
      out->i = fettle_fake_is(text, "true");
      return out->i || fettle_fake_is(text, "false");
    case FETTLE_OPTION_INT:
      out->i = (int64_t)strtoll(text.data, &end, 10);
      break;
    case FETTLE_OPTION_FLOAT:
      out->f = strtod(text.data, &end);
      break;
    default:
      out->s = text;
  }
  return end == text.data + text.size && fettle_fake_in_range(d, out);
}

/* "name=value other=value": every declared option, in declared order, with what the text says. */
static inline fettle_option* fettle_fake_options(fettle_test* t, const char* text) {
  const fettle_component* c = t->component;
  fettle_option* options = (fettle_option*)fettle_fake_take(t, c->n_options * sizeof *options);
  uint64_t k;
  for (k = 0; k < c->n_options; ++k) {
    options[k].name = c->options[k].name;
    options[k].type = c->options[k].type;
    options[k].value = c->options[k].default_value;
  }
  while (text && *(text += strspn(text, " "))) {
    const uint64_t size = strcspn(text, " "), name_size = strcspn(text, "= ");
    const fettle_str name = fettle_fake_keep(t, text, name_size);
    const uint64_t skip = name_size < size ? name_size + 1 : size;
    const fettle_str value = fettle_fake_keep(t, text + skip, size - skip);
    for (k = 0; k < c->n_options && !fettle_fake_same(options[k].name, name); ++k) continue;
    if (k == c->n_options) fettle_fake_stop("the component has no option", name.data);
    if (!fettle_fake_read_option(&c->options[k], value, &options[k].value))
      fettle_fake_stop("the option does not take this value", fettle_fake_keep(t, text, size).data);
    text += size;
  }
  return options;
}

#endif
