/* The fake host's memory: everything of a test is taken from one arena and freed by
 * fettle_test_end, so that what was handed out stays readable, and giving something back twice is
 * seen, not suffered. */
#ifndef FETTLE_TESTING_MEMORY_H
#define FETTLE_TESTING_MEMORY_H

#include <fettle/fettle.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fettle_test fettle_test;
typedef struct fettle_fake_chunk {
  struct fettle_fake_chunk* next;
} fettle_fake_chunk;

/* A fact about an operator that the test declared. */
typedef struct fettle_fake_op {
  const char* name;
  uint32_t flags;
} fettle_fake_op;

#define FETTLE_FAKE_MOST_OPS 64

struct fettle_ctx {
  fettle_test* test;
};

struct fettle_test {
  fettle_fake_chunk* memory;
  fettle_ctx ctx;
  const fettle_plugin* plugin;
  const fettle_component* component;
  fettle_instance* instance;
  char* messages; /* all that was reported since the last transform, verify, measure, compute … */
  const char* unneeded; /* what analyze said, if there was nothing to do; else null */
  struct fettle_fake_statistic* statistics;
  struct fettle_fake_metric* metrics;
  fettle_fake_op ops[FETTLE_FAKE_MOST_OPS];
  uint32_t n_ops;
  void* answer; /* of the last fettle_test_compute; null: none, or given back */
  uint64_t rewrite_limit;
  uint32_t cancelled, lost; /* lost: asked what stands beside an erased node */
  int64_t lent;             /* tensors and bound programs that nobody gave back yet */
  uint32_t failures;
};

/* Zeroed. A test that runs out of memory ends. */
static inline void* fettle_fake_take(fettle_test* t, uint64_t bytes) {
  fettle_fake_chunk* chunk = (fettle_fake_chunk*)calloc(1, sizeof(fettle_fake_chunk) + 16 + bytes);
  if (!chunk) {
    fputs("fettle/testing.h: out of memory\n", stderr);
    exit(2);
  }
  chunk->next = t->memory;
  t->memory = chunk;
  return (char*)chunk + 16; /* as aligned as calloc's answer */
}

static inline void* fettle_fake_copy(fettle_test* t, const void* from, uint64_t bytes) {
  void* copy = fettle_fake_take(t, bytes);
  if (bytes) memcpy(copy, from, bytes);
  return copy;
}

static inline fettle_str fettle_fake_str(const char* terminated) {
  fettle_str s;
  s.data = terminated;
  s.size = strlen(terminated);
  return s;
}
/* A copy; also terminated, for printf. */
static inline fettle_str fettle_fake_keep(fettle_test* t, const char* data, uint64_t size) {
  fettle_str s;
  char* copy = (char*)fettle_fake_take(t, size + 1);
  if (size) memcpy(copy, data, size);
  s.data = copy;
  s.size = size;
  return s;
}
static inline int fettle_fake_same(fettle_str a, fettle_str b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline int fettle_fake_is(fettle_str a, const char* b) {
  return fettle_fake_same(a, fettle_fake_str(b));
}

static inline const char* fettle_fake_format(fettle_test* t, const char* format, ...) {
  char* text;
  int size;
  va_list once, again;
  va_start(once, format);
  va_copy(again, once);
  size = vsnprintf(NULL, 0, format, once);
  va_end(once);
  text = (char*)fettle_fake_take(t, (uint64_t)(size < 0 ? 0 : size) + 1);
  if (size >= 0) vsnprintf(text, (size_t)size + 1, format, again);
  va_end(again);
  return text;
}

/* One more line of what a failed expectation shows. */
static inline void fettle_fake_say(fettle_test* t, const char* line) {
  t->messages = (char*)(uintptr_t)fettle_fake_format(t, "%s  %s\n", t->messages, line);
}
/* A call of the host that is refused: the reason is kept, as the real host does. */
static inline fettle_status fettle_fake_refuse(fettle_ctx* ctx, fettle_status status,
                                               const char* why) {
  if (ctx) fettle_fake_say(ctx->test, fettle_fake_format(ctx->test, "refused: %s", why));
  return status;
}
/* The test itself is written wrongly. */
static inline void fettle_fake_stop(const char* what, const char* detail) {
  fprintf(stderr, "fettle/testing.h: %s%s%s\n", what, *detail ? ": " : "", detail);
  exit(2);
}

#endif
