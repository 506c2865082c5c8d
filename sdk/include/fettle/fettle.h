/* fettle's plugin ABI, version 1: the one header between the host and its plugins. C99.
 *
 * A plugin is a shared library that exports one function, fettle_plugin_v1, and offers components
 * (passes, analyses, verifiers, benchmarks, backends), each of which answers for an interface by string id. The host
 * offers what it can do the same way. C++ authors include fettle.hpp instead, which wraps this.
 *
 * Rules that hold everywhere
 *   - Structs that start with `size` may grow at the end within this major version: whoever fills one
 *     in sets `size` to sizeof its own; whoever reads one asks FETTLE_HAS first for what is newer than
 *     version 1.0. Structs without `size` are elements of arrays and frozen.
 *   - Text is UTF-8 by pointer and length, not terminated, and may be empty.
 *   - Functions answer FETTLE_OK or a negative FETTLE_E_*; an unknown negative number is treated as
 *     FETTLE_E_INTERNAL. The message goes to the host's diagnostics (fettle_host.report).
 *   - Everything borrowed lives until the callback that got it returns. Only DLManagedTensorVersioned
 *     transfers ownership: who holds one calls its deleter exactly once.
 *   - No exception, allocator or C++ type crosses. A C++ plugin catches all at its boundary.
 *   - Ids of nodes, values and blocks are checked on every call: a stale or foreign one is an error.
 *   - A callback runs on one thread; functions taking its fettle_ctx are called on that thread only.
 *
 * Life cycle
 *   fettle_plugin_v1()  pure, may be called before anything else and repeatedly
 *   plugin.init         once for each host in the process (there is one, but for tests), before any
 *                       component is created; every host gives the same fettle_host
 *   component.create    for each use in a pipeline, with checked options
 *   interface calls     one at a time per instance
 *   component.destroy   once per successful create
 *   plugin.fini         at most once for each init that succeeded, after that host's instances are
 *                       gone; the library stays loaded
 */
#ifndef FETTLE_FETTLE_H
#define FETTLE_FETTLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FETTLE_ABI_MAJOR 1u
#define FETTLE_ABI_MINOR 1u

/* The oldest minor that a plugin is written for: what came later is hidden, so that using it by mistake does
 * not compile. Without it all of this header is there; what is newer than abi_min_minor is then asked for with
 * FETTLE_HAS, or by extension, before it is used. */
#ifndef FETTLE_TARGET_MINOR
#define FETTLE_TARGET_MINOR FETTLE_ABI_MINOR
#endif

#if defined(_WIN32)
#define FETTLE_EXPORT __declspec(dllexport)
#else
#define FETTLE_EXPORT __attribute__((visibility("default")))
#endif

/* Whether the other side's struct really contains member m. */
#define FETTLE_HAS(p, m) \
  ((size_t)(p)->size >= fettle_end_((p), m))
#define fettle_end_(p, m) ((size_t)((const char*)(&(p)->m + 1) - (const char*)(p)))

/* ---------------------------------------------------------------- tensors: DLPack 1.x
 * Declared here so that plugins need no other header; the layout is held against the real dlpack.h by a
 * test. Who also uses the real one includes it first. */
#ifndef DLPACK_DLPACK_H_

#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)

typedef struct {
  uint32_t major;
  uint32_t minor;
} DLPackVersion;

/* Upstream's enum of devices is stored as 32 bits; plain constants keep enums out of structs. */
typedef int32_t DLDeviceType;
#define kDLCPU 1
#define kDLCUDA 2
#define kDLMetal 8

typedef struct {
  DLDeviceType device_type;
  int32_t device_id;
} DLDevice;

/* DLDataType.code */
#define kDLInt 0U
#define kDLUInt 1U
#define kDLFloat 2U
#define kDLBfloat 4U
#define kDLComplex 5U
#define kDLBool 6U
#define kDLFloat8_e4m3fn 10U
#define kDLFloat8_e4m3fnuz 11U
#define kDLFloat8_e5m2 12U
#define kDLFloat8_e5m2fnuz 13U
#define kDLFloat8_e8m0fnu 14U

typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides; /* in elements; may be null for contiguous tensors */
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self); /* may be null */
  uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;

#endif /* DLPACK_DLPACK_H_ */

/* ---------------------------------------------------------------- basics */

typedef int32_t fettle_status;
#define FETTLE_OK 0
#define FETTLE_E_INTERNAL (-1)     /* anything else; the message says what */
#define FETTLE_E_ARGUMENT (-2)     /* a null or nonsensical argument */
#define FETTLE_E_STALE (-3)        /* an id that does not exist (any more) */
#define FETTLE_E_REFUSED (-4)      /* an edit that the graph does not permit */
#define FETTLE_E_LIMIT (-5)        /* rewrite_begin: past the limit, leave this site alone */
#define FETTLE_E_ABSENT (-6)       /* what was asked for does not exist (not an error by itself) */
#define FETTLE_E_UNSUPPORTED (-7)  /* this host, device or operator cannot do that */
#define FETTLE_E_FAILED (-8)       /* an operator or a program failed while running */
#define FETTLE_E_CANCELLED (-9)    /* the user asked to stop */
#define FETTLE_E_PLUGIN (-10)      /* the plugin's own failure; it reported why */

#define FETTLE_NONE 0xffffffffu /* no node, value, block, symbol or type */

typedef struct fettle_str {
  const char* data;
  uint64_t size;
} fettle_str;

typedef uint32_t fettle_node;
typedef uint32_t fettle_value;
typedef uint32_t fettle_block;  /* a nested graph; the program's own graph is 0 */
typedef uint32_t fettle_sym;    /* an interned string of a graph */
typedef uint32_t fettle_type_id; /* an interned type of a graph */

typedef struct fettle_ctx fettle_ctx;           /* one per callback */
typedef struct fettle_graph fettle_graph;       /* const: reading only */
typedef struct fettle_program fettle_program;   /* something that can be run */
typedef struct fettle_bound fettle_bound;       /* a program with its inputs in place */
typedef struct fettle_instance fettle_instance; /* the plugin's own; may be null */

#define FETTLE_SEVERITY_NOTE 0u
#define FETTLE_SEVERITY_WARNING 1u
#define FETTLE_SEVERITY_ERROR 2u

/* A message for people, as fettle_host.report takes it; the host copies it. Errors explain the status that the
 * callback answers; notes and warnings go into the report. */
typedef struct fettle_diagnostic {
  uint32_t size;
  uint32_t severity;
  fettle_str message; /* what and why */
  fettle_str hint;    /* what to try; may be empty */
  fettle_node node;   /* where, or FETTLE_NONE */
  uint32_t reserved;
} fettle_diagnostic;

/* ---------------------------------------------------------------- options */

#define FETTLE_OPTION_BOOL 1u   /* i: 0 or 1 */
#define FETTLE_OPTION_INT 2u    /* i */
#define FETTLE_OPTION_FLOAT 3u  /* f */
#define FETTLE_OPTION_STRING 4u /* s; with choices: one of them */

/* Only the member that the option's type names means anything. */
typedef struct fettle_option_value {
  int64_t i;
  double f;
  fettle_str s;
} fettle_option_value;

/* Declared by a component. The host checks and fills in defaults before create. */
typedef struct fettle_option_decl {
  fettle_str name; /* snake_case */
  fettle_str help; /* one sentence, with the unit */
  uint32_t type;
  uint32_t has_range; /* INT: min.i..max.i; FLOAT: min.f..max.f; inclusive */
  fettle_option_value default_value;
  fettle_option_value min;
  fettle_option_value max;
  uint64_t n_choices; /* STRING only; 0: any text */
  const fettle_str* choices;
} fettle_option_decl;

/* An option as create gets it: the declared name and type, and its checked value. Borrowed until create
 * returns. */
typedef struct fettle_option {
  fettle_str name;
  uint32_t type;
  uint32_t reserved;
  fettle_option_value value;
} fettle_option;

/* ---------------------------------------------------------------- graph: "fettle.graph/1"
 * Reading a graph. Allowed in every callback that is given one, and on fettle_program_v1.graph. */

#define FETTLE_OPCODE_PLACEHOLDER 0u
#define FETTLE_OPCODE_GET_ATTR 1u
#define FETTLE_OPCODE_CALL_FUNCTION 2u
#define FETTLE_OPCODE_CALL_METHOD 3u
#define FETTLE_OPCODE_CALL_MODULE 4u
#define FETTLE_OPCODE_OUTPUT 5u

/* What a placeholder of the program stands for. */
#define FETTLE_INPUT_USER 0u
#define FETTLE_INPUT_PARAMETER 1u
#define FETTLE_INPUT_BUFFER 2u
#define FETTLE_INPUT_TENSOR_CONSTANT 3u
#define FETTLE_INPUT_CUSTOM_OBJ 4u
#define FETTLE_INPUT_TOKEN 5u
#define FETTLE_INPUT_CONSTANT 6u

/* What an output of the program stands for: what the caller does with the value. A buffer or parameter
 * that an output mutates is not a constant, though no call writes it. */
#define FETTLE_OUTPUT_USER 0u
#define FETTLE_OUTPUT_LOSS 1u
#define FETTLE_OUTPUT_BUFFER_MUTATION 2u
#define FETTLE_OUTPUT_PARAMETER_MUTATION 3u
#define FETTLE_OUTPUT_USER_INPUT_MUTATION 4u
#define FETTLE_OUTPUT_GRADIENT_TO_PARAMETER 5u
#define FETTLE_OUTPUT_GRADIENT_TO_USER_INPUT 6u
#define FETTLE_OUTPUT_TOKEN 7u

/* The argument's type as torch.export's schema tags it. */
#define FETTLE_ARG_NONE 0u
#define FETTLE_ARG_TENSOR 1u
#define FETTLE_ARG_TENSORS 2u
#define FETTLE_ARG_OPTIONAL_TENSOR 3u
#define FETTLE_ARG_OPTIONAL_TENSORS 4u
#define FETTLE_ARG_NESTED_TENSORS 5u
#define FETTLE_ARG_INT 6u
#define FETTLE_ARG_INTS 7u
#define FETTLE_ARG_INT_LISTS 8u
#define FETTLE_ARG_FLOAT 9u
#define FETTLE_ARG_FLOATS 10u
#define FETTLE_ARG_FLOAT_LISTS 11u
#define FETTLE_ARG_BOOL 12u
#define FETTLE_ARG_BOOLS 13u
#define FETTLE_ARG_COMPLEX 14u
#define FETTLE_ARG_STRING 15u
#define FETTLE_ARG_STRINGS 16u
#define FETTLE_ARG_SYM_INT 17u
#define FETTLE_ARG_SYM_INTS 18u
#define FETTLE_ARG_SYM_FLOAT 19u
#define FETTLE_ARG_SYM_FLOATS 20u
#define FETTLE_ARG_SYM_BOOL 21u
#define FETTLE_ARG_SYM_BOOLS 22u
#define FETTLE_ARG_SCALAR_TYPE 23u
#define FETTLE_ARG_LAYOUT 24u
#define FETTLE_ARG_MEMORY_FORMAT 25u
#define FETTLE_ARG_DEVICE 26u
#define FETTLE_ARG_GRAPH 27u
#define FETTLE_ARG_OPERATOR 28u
#define FETTLE_ARG_CUSTOM_OBJ 29u
#define FETTLE_ARG_DICT 30u

/* Which member of fettle_arg holds the argument. */
#define FETTLE_PAYLOAD_NONE 0u
#define FETTLE_PAYLOAD_BOOL 1u    /* i: 0 or 1 */
#define FETTLE_PAYLOAD_INT 2u     /* i; dtypes, layouts and memory formats by the schema's numbers */
#define FETTLE_PAYLOAD_FLOAT 3u   /* f */
#define FETTLE_PAYLOAD_COMPLEX 4u /* f, imaginary */
#define FETTLE_PAYLOAD_STRING 5u  /* s */
#define FETTLE_PAYLOAD_VALUE 6u   /* value; reading also gives operand */
#define FETTLE_PAYLOAD_BLOCK 7u   /* block */
#define FETTLE_PAYLOAD_DEVICE 8u  /* s the type, i the index or -1 */
#define FETTLE_PAYLOAD_INTS 9u    /* n, ints */
#define FETTLE_PAYLOAD_FLOATS 10u /* n, floats */
#define FETTLE_PAYLOAD_LIST 11u   /* n, elements */
#define FETTLE_PAYLOAD_DICT 12u   /* n, elements: each element's name is its key */

#define FETTLE_FORM_POSITIONAL 0u
#define FETTLE_FORM_KEYWORD 1u
#define FETTLE_FORM_DEFAULTED 2u /* omitted by the call; the schema's default */

/* An argument of a call. What `payload` names is filled in, the rest is 0. Reading: text, ints, floats and
 * elements are borrowed until the callback returns or the graph is edited. Giving: the host copies. */
typedef struct fettle_arg {
  fettle_str name; /* of the operator's schema */
  uint32_t kind;   /* FETTLE_ARG_* */
  uint32_t payload;
  uint32_t form;
  uint32_t operand; /* reading: index into the node's operands */
  fettle_value value;
  fettle_block block;
  int64_t i;
  double f;
  double imaginary;
  fettle_str s;
  uint64_t n;
  const int64_t* ints;
  const double* floats;
  const struct fettle_arg* elements;
} fettle_arg;

#define FETTLE_TYPE_UNKNOWN 0u
#define FETTLE_TYPE_TENSOR 1u
#define FETTLE_TYPE_SYM_INT 2u
#define FETTLE_TYPE_SYM_FLOAT 3u
#define FETTLE_TYPE_SYM_BOOL 4u
#define FETTLE_TYPE_TOKEN 5u
#define FETTLE_TYPE_CUSTOM_OBJ 6u
#define FETTLE_TYPE_NONE 7u

/* ScalarType by the numbers of torch.export's schema (not c10's). */
#define FETTLE_DTYPE_UINT8 1u
#define FETTLE_DTYPE_INT8 2u
#define FETTLE_DTYPE_INT16 3u
#define FETTLE_DTYPE_INT32 4u
#define FETTLE_DTYPE_INT64 5u
#define FETTLE_DTYPE_FLOAT16 6u
#define FETTLE_DTYPE_FLOAT32 7u
#define FETTLE_DTYPE_FLOAT64 8u
#define FETTLE_DTYPE_COMPLEX32 9u
#define FETTLE_DTYPE_COMPLEX64 10u
#define FETTLE_DTYPE_COMPLEX128 11u
#define FETTLE_DTYPE_BOOL 12u
#define FETTLE_DTYPE_BFLOAT16 13u
#define FETTLE_DTYPE_UINT16 28u
#define FETTLE_DTYPE_FLOAT8_E4M3FN 29u
#define FETTLE_DTYPE_FLOAT8_E5M2 30u
#define FETTLE_DTYPE_FLOAT8_E4M3FNUZ 31u
#define FETTLE_DTYPE_FLOAT8_E5M2FNUZ 32u
#define FETTLE_DTYPE_FLOAT8_E8M0FNU 33u
#define FETTLE_DTYPE_UINT32 34u
#define FETTLE_DTYPE_UINT64 35u

/* A size or a stride. */
typedef struct fettle_dim {
  int64_t value;         /* the number; for an expression its hint */
  fettle_str expression; /* empty: a plain number; else sympy srepr text */
  uint32_t has_hint;
  uint32_t reserved;
} fettle_dim;

/* The type of a value. Arrays are borrowed; those of an interned type live as long as the callback. */
typedef struct fettle_type {
  uint32_t size;
  uint32_t kind;     /* FETTLE_TYPE_*; dtype to device_index are those of a TENSOR */
  uint32_t dtype;
  uint32_t requires_grad;
  uint64_t rank;
  const fettle_dim* sizes;
  const fettle_dim* strides; /* in elements */
  fettle_str device_type;    /* "cpu" */
  int64_t device_index;      /* -1: none */
  int64_t bytes;             /* of all elements; -1: a size is symbolic. Ignored when given to the host */
  const fettle_dim* scalar;  /* SYM_INT, SYM_BOOL: the number or expression; else null. Likewise ignored */
} fettle_type;

typedef struct fettle_node_info { /* text and operands are borrowed until the graph is edited */
  uint32_t size;
  uint32_t opcode;
  fettle_sym op; /* "aten.relu.default"; FETTLE_NONE for placeholders and outputs */
  fettle_block block;
  fettle_str name;
  uint32_t n_operands;
  uint32_t n_args;
  const fettle_value* operands;
  fettle_value first_result; /* results are consecutive values */
  uint32_t n_results;
  uint32_t input_kind;      /* FETTLE_INPUT_*; FETTLE_NONE: not a placeholder of the program */
  uint32_t reserved;
  fettle_str input_target;  /* the parameter's or buffer's qualified name */
} fettle_node_info;

typedef struct fettle_value_info {
  uint32_t size;
  fettle_node producer;
  uint32_t result; /* which of the producer's results */
  uint32_t n_uses;
  fettle_type_id type;
  uint32_t reserved;
  fettle_str name;
} fettle_value_info;

/* An output of the program's own graph. */
typedef struct fettle_output_info {
  uint32_t size;
  uint32_t kind;      /* FETTLE_OUTPUT_* */
  fettle_value value; /* FETTLE_NONE: a Python constant */
  uint32_t reserved;
  fettle_str target;  /* the buffer, parameter or user input that it updates; else empty */
} fettle_output_info;

/* Operand `operand` of node `user` is the value. */
typedef struct fettle_use {
  fettle_node user;
  uint32_t operand;
} fettle_use;

/* All live nodes at once, for scans: program order, a call's nested blocks right before the call. */
typedef struct fettle_columns {
  uint32_t size;
  uint32_t reserved;
  uint64_t n_nodes;
  const fettle_node* nodes;
  const fettle_sym* ops;
  const uint8_t* opcodes;
  const fettle_block* blocks;
  const uint64_t* operand_offsets; /* n_nodes + 1 */
  const fettle_value* operands;
  uint64_t n_values;              /* bound of value ids */
  const fettle_node* producers;   /* by value id; FETTLE_NONE: no such value */
  const uint32_t* use_counts;     /* by value id */
  const fettle_value* first_results; /* by position; results are consecutive values */
  const uint32_t* result_counts;
} fettle_columns;

/* Reading. Pointers handed out live until the callback returns or the graph is edited, whichever is
 * first, unless said otherwise. */
typedef struct fettle_graph_v1 {
  uint32_t size;
  uint32_t reserved;
  /* Strings of this graph. find answers FETTLE_NONE for text that no operator or name has. */
  fettle_sym (*find_symbol)(const fettle_graph*, fettle_str text);
  fettle_str (*symbol_text)(const fettle_graph*, fettle_sym);
  /* Live nodes of all blocks, placeholders and outputs among them. */
  uint32_t (*node_count)(const fettle_graph*);
  /* Program order. FETTLE_NONE at the end and for ids that do not exist. Asking a pass's graph what stands
   * beside a node that the pass has erased ends the pass: it was edited while iterating. */
  fettle_node (*first_node)(const fettle_graph*, fettle_block);
  fettle_node (*last_node)(const fettle_graph*, fettle_block);
  fettle_node (*next_node)(const fettle_graph*, fettle_node);
  fettle_node (*prev_node)(const fettle_graph*, fettle_node);
  /* FETTLE_E_STALE for ids that do not exist. */
  fettle_status (*node_info)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_node_info* out);
  fettle_status (*value_info)(fettle_ctx*, const fettle_graph*, fettle_value, fettle_value_info* out);
  /* Cheap single facts, FETTLE_NONE for ids that do not exist. */
  fettle_sym (*node_op)(const fettle_graph*, fettle_node);
  fettle_node (*value_producer)(const fettle_graph*, fettle_value);
  uint32_t (*value_use_count)(const fettle_graph*, fettle_value);
  /* Arguments in schema order, defaults included. by name: FETTLE_E_ABSENT if there is none. */
  fettle_status (*node_arg)(fettle_ctx*, const fettle_graph*, fettle_node, uint32_t index, fettle_arg* out);
  fettle_status (*node_arg_named)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_str name,
                                  fettle_arg* out);
  /* Writes at most `capacity` uses and answers how many there are in *n. */
  fettle_status (*value_uses)(fettle_ctx*, const fettle_graph*, fettle_value, uint64_t capacity,
                              fettle_use* out, uint64_t* n);
  /* What an id of a type stands for. Equal types have one id. */
  fettle_status (*type)(fettle_ctx*, const fettle_graph*, fettle_type_id, fettle_type* out);
  /* Metadata by key ("stack_trace", "nn_module_stack", …); FETTLE_E_ABSENT. */
  fettle_status (*node_metadata)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_str key,
                                 fettle_str* out);
  /* A snapshot; it stays valid (and does not follow edits) until the callback returns. */
  fettle_status (*columns)(fettle_ctx*, const fettle_graph*, fettle_columns* out);
  /* The node in FX's notation, for messages. */
  fettle_status (*node_text)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_str* out);
  /* The program's outputs, in the signature's order; FETTLE_E_ABSENT past the last. */
  fettle_status (*output_info)(fettle_ctx*, const fettle_graph*, uint64_t index,
                               fettle_output_info* out);
} fettle_graph_v1;

/* ---------------------------------------------------------------- facts: "fettle.facts/1" */

#define FETTLE_FACT_KNOWN 1u        /* without it nothing is promised */
#define FETTLE_FACT_PURE 2u         /* same operands, same results, nothing else */
#define FETTLE_FACT_RANDOM 4u       /* draws from a generator */
#define FETTLE_FACT_MUTATES 8u      /* writes the storage of operands */
#define FETTLE_FACT_SIDE_EFFECT 16u /* asserts, prints, changes a mode: stays where it is */
#define FETTLE_FACT_ALIASES 32u     /* a result may share storage with an operand */
#define FETTLE_FACT_UNINITIALIZED 64u /* results hold whatever memory held (RANDOM is set, too) */

typedef struct fettle_call_facts {
  uint32_t size;
  uint32_t flags;
  fettle_str why; /* which rule decided */
} fettle_call_facts;

#define FETTLE_CLASS_WRITTEN 1u  /* some call writes it */
#define FETTLE_CLASS_INPUT 2u    /* holds an input or a constant of the program */
#define FETTLE_CLASS_RETURNED 4u /* holds an output of its block */

/* May-alias classes: values of different classes never share storage. */
typedef struct fettle_alias_classes {
  uint32_t size;
  uint32_t n_classes;
  uint64_t n_values;
  const uint32_t* class_of; /* by value id */
  const uint32_t* flags;    /* by class: FETTLE_CLASS_* */
} fettle_alias_classes;

typedef struct fettle_facts_v1 {
  uint32_t size;
  uint32_t reserved;
  fettle_status (*call_facts)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_call_facts* out);
  /* A snapshot of the graph as it is now; valid until the callback returns. */
  fettle_status (*alias_classes)(fettle_ctx*, const fettle_graph*, fettle_alias_classes* out);
  /* Two calls are the same when operator, operands, arguments (bit for bit and by type: 1 differs
   * from 1.0) and result types are. Nested graphs make calls differ. The hash agrees. */
  fettle_status (*call_hash)(fettle_ctx*, const fettle_graph*, fettle_node, uint64_t* out);
  fettle_status (*same_call)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_node, uint32_t* same);
} fettle_facts_v1;

/* ---------------------------------------------------------------- dominators: "fettle.dominance/1"
 * The data flow of one block: edges lead from a node to the users of its results. Nodes are named by
 * position: 0 is a virtual entry, which leads to every node without operands; then the block's nodes in
 * program order; the last is a virtual exit, to which every node without users leads.
 * All answers are about the graph as it is and live until the callback returns or the graph is edited;
 * until an edit, asking again is cheap. FETTLE_E_REFUSED while a use stands before its definition. */

#define FETTLE_DOMINATORS 0u      /* a dominates v: every path from the entry to v leads through a */
#define FETTLE_POST_DOMINATORS 1u /* a post-dominates v: every path from v to the exit does */

typedef struct fettle_dominator_tree {
  uint32_t size;
  uint32_t root;             /* the entry; of post-dominators the exit */
  uint64_t n_positions;
  const fettle_node* nodes;  /* by position; FETTLE_NONE at both ends */
  const uint32_t* immediate; /* by position: of the immediate dominator; the root's is the root */
  const uint32_t* depth;     /* by position: 0 for the root */
  const uint32_t* first;     /* by position: a dominates v exactly if, in uint32_t, */
  const uint32_t* subtree;   /*   first[v] - first[a] < subtree[a]; each dominates itself */
} fettle_dominator_tree;

/* `entry` dominates `exit`, which post-dominates it; positions. */
typedef struct fettle_region {
  uint32_t entry, exit;
} fettle_region;

typedef struct fettle_dominance_v1 {
  uint32_t size;
  uint32_t reserved;
  fettle_status (*tree)(fettle_ctx*, const fettle_graph*, fettle_block, uint32_t kind,
                        fettle_dominator_tree* out);
  /* Where the dominance of a position ends: positions that it does not strictly dominate, right behind (of
   * post-dominators: right before) one that it does. In program order. */
  fettle_status (*frontier)(fettle_ctx*, const fettle_graph*, fettle_block, uint32_t kind, uint32_t position,
                            uint64_t* n, const uint32_t** positions);
  /* Single entry, single exit: for each node the smallest region that begins there, if there is one. Chains of
   * them make the larger ones. */
  fettle_status (*regions)(fettle_ctx*, const fettle_graph*, fettle_block, uint64_t* n,
                           const fettle_region** out);
} fettle_dominance_v1;

/* ---------------------------------------------------------------- memory: "fettle.liveness/1"
 * How long what the calls of a block allocate lives, when the block runs in program order and each value is
 * let go after its last use; a view keeps what it is a view of. Lifetimes and refusals are those of
 * "fettle.dominance/1". Inputs, weights and kernels' workspace are not counted. */

#define FETTLE_LIVENESS_AT_HINTS 1u      /* some size is symbolic: its value at export was taken */
#define FETTLE_LIVENESS_UNKNOWN_SIZES 2u /* some size only data tell: it was taken as 0 */

/* One allocation: alive from the node at `first`, which makes `value`, to the node at `last`. */
typedef struct fettle_storage {
  int64_t bytes;
  fettle_value value;
  uint32_t first, last; /* into fettle_liveness.nodes */
  uint32_t reserved;
} fettle_storage;

typedef struct fettle_liveness {
  uint32_t size;
  uint32_t flags; /* FETTLE_LIVENESS_* */
  uint64_t n_nodes;
  const fettle_node* nodes;    /* of the block, in program order */
  const int64_t* live_bytes;   /* by position in nodes: alive while it runs */
  const int64_t* nested_bytes; /* of those, inside the nested graphs of the node itself */
  uint64_t n_storages;
  const fettle_storage* storages; /* by first; those without bytes are left out */
  uint64_t peak;                  /* where most is alive: the first such position; 0 in an empty block */
} fettle_liveness;

typedef struct fettle_liveness_v1 {
  uint32_t size;
  uint32_t reserved;
  fettle_status (*of_block)(fettle_ctx*, const fettle_graph*, fettle_block, fettle_liveness* out);
  /* The node after which nobody reads the value; its own producer if nobody does. */
  fettle_status (*last_use)(fettle_ctx*, const fettle_graph*, fettle_value, fettle_node* out);
} fettle_liveness_v1;

/* ---------------------------------------------------------------- work: "fettle.cost/1"
 * What calls have to compute and to move, counted from the recorded sizes, symbolic ones at export's hints.
 * A call with nested graphs costs nothing itself: the calls inside are counted, once each, as program text.
 * Lifetimes are those of "fettle.dominance/1". */

#define FETTLE_COST_PRODUCT 0u  /* matrices, convolutions, attention: has flops */
#define FETTLE_COST_ELEMENTS 1u /* pointwise, reductions, normalizations: has element_ops */
#define FETTLE_COST_MOVEMENT 2u /* copies, gathers, fills: bytes alone */
#define FETTLE_COST_VIEW 3u     /* shares storage: nothing */
#define FETTLE_COST_SCALAR 4u   /* sizes, numbers, assertions; what is no call: nothing */
#define FETTLE_COST_NESTED 5u   /* runs its nested graphs: nothing itself */
#define FETTLE_COST_UNKNOWN 6u  /* the host has no rule for the operator; more kinds may come */

#define FETTLE_COST_AT_HINTS 1u /* some size is symbolic: its value at export was taken */

/* Columns are by fettle_node, from 0 to n_nodes; 0 for what is no call. */
typedef struct fettle_costs {
  uint32_t size;
  uint32_t flags; /* FETTLE_COST_AT_HINTS */
  uint64_t n_nodes;
  const int64_t* flops;         /* of products, as torch.utils.flop_counter counts: two for a multiply-add */
  const int64_t* element_ops;   /* of all else that computes: one for each element of its largest float tensor */
  const int64_t* bytes_read;    /* at least: each operand once, of an embedding the rows that it picks */
  const int64_t* bytes_written; /* at least: new results, and what is written in place */
  const uint8_t* kinds;         /* FETTLE_COST_PRODUCT ... */
  const uint8_t* unknown;       /* 1: not all of the call's cost is known; what is counted is too little */
  uint64_t n_calls, n_unknown;
  int64_t total_flops, total_element_ops, total_bytes_read, total_bytes_written;
} fettle_costs;

typedef struct fettle_cost_v1 {
  uint32_t size;
  uint32_t reserved;
  fettle_status (*of_graph)(fettle_ctx*, const fettle_graph*, fettle_costs* out);
} fettle_cost_v1;

/* ---------------------------------------------------------------- edits: "fettle.edit/1" */

typedef struct fettle_node_spec {
  uint32_t size;
  uint32_t reserved;
  fettle_str op;   /* "aten.add.Tensor" */
  fettle_str name; /* empty: made from the operator's */
  uint64_t n_args;
  const fettle_arg* args; /* positional ones first; payload VALUE names values; defaults may be left out */
  uint64_t n_results;                 /* 0: the types are inferred, as by "fettle.types/1" */
  const fettle_type_id* result_types;
  fettle_node before;     /* program order: right before this node */
  fettle_node provenance; /* inherits this node's metadata (stack trace, module); or FETTLE_NONE */
} fettle_node_spec;

/* Every edit happens inside a rewrite. A refused edit changes nothing. */
typedef struct fettle_edit_v1 {
  uint32_t size;
  uint32_t reserved;
  /* Opens a rewrite, the unit that is limited, blamed and undone: `root` is the node that it is about, `why`
   * what people read. Rewrites do not nest. FETTLE_E_LIMIT: the limit is reached; leave this site alone and go
   * on. */
  fettle_status (*rewrite_begin)(fettle_ctx*, fettle_graph*, fettle_node root, fettle_str why);
  fettle_status (*rewrite_end)(fettle_ctx*, fettle_graph*); /* keeps what was done in it */
  fettle_status (*rewrite_abort)(fettle_ctx*, fettle_graph*); /* undoes the open rewrite */

  /* A call of a registered operator, bound to its schema as Python binds it. Its operands stand before it. */
  fettle_status (*create_node)(fettle_ctx*, fettle_graph*, const fettle_node_spec*, fettle_node* out);
  /* Its results must be unused. A placeholder of a parameter, buffer or constant may be erased and
   * takes its constant along when nobody else names it; user inputs may not. */
  fettle_status (*erase_node)(fettle_ctx*, fettle_graph*, fettle_node);
  /* Every use of the value, the program's outputs among them, becomes one of `by`, which stands before all of
   * them. Types are not looked at before the pass ends. */
  fettle_status (*replace_all_uses)(fettle_ctx*, fettle_graph*, fettle_value, fettle_value by);
  fettle_status (*set_operand)(fettle_ctx*, fettle_graph*, fettle_node, uint32_t operand, fettle_value);
  fettle_status (*set_arg)(fettle_ctx*, fettle_graph*, fettle_node, const fettle_arg*); /* by name */
  fettle_status (*move_before)(fettle_ctx*, fettle_graph*, fettle_node, fettle_node before); /* in one block */
  /* The recorded type of a value: a type of this graph. */
  fettle_status (*set_type)(fettle_ctx*, fettle_graph*, fettle_value, fettle_type_id);
  /* The id of a tensor's type, made if the graph has none like it. Strides may be null where sizes are
   * numbers: contiguous. */
  fettle_status (*intern_type)(fettle_ctx*, fettle_graph*, const fettle_type*, fettle_type_id* out);
  /* Copies the tensor into the program as a constant of the root block, with a fresh name from `name`. */
  fettle_status (*add_constant)(fettle_ctx*, fettle_graph*, fettle_str name, const DLTensor*,
                                fettle_value* out);
} fettle_edit_v1;

#if FETTLE_TARGET_MINOR >= 1
/* ---------------------------------------------------------------- types: "fettle.types/1" (1.1)
 * What rules make of operands' types: dtype, sizes (symbolic ones too), strides and device of results. There is
 * no rule for some operators, and none for what only data tell: then the author of a node supplies its types.
 * After each pass the host holds recorded types against these rules, and refuses a difference that is new. */

typedef struct fettle_types_v1 {
  uint32_t size;
  uint32_t reserved;
  /* The types of the results of a call, which need not be in the graph: of `spec`, op and args are read. Writes
   * at most `capacity` and answers how many there are in *n. FETTLE_E_ABSENT: no rule tells. */
  fettle_status (*infer)(fettle_ctx*, const fettle_graph*, const fettle_node_spec* spec, uint64_t capacity,
                         fettle_type_id* out, uint64_t* n);
  /* An edit, in a rewrite: sets every recorded type of the program that rules compute otherwise, nested graphs
   * included, and answers how many in *n (may be null). Once per pass, after the edits that change types: it
   * looks at the whole program. FETTLE_E_REFUSED, and nothing is set, if a type changes that a call without a
   * rule takes: that call's types are yours to set first. */
  fettle_status (*propagate)(fettle_ctx*, fettle_graph*, uint64_t* n);
} fettle_types_v1;
#endif

/* ---------------------------------------------------------------- nested graphs: "fettle.blocks/1" */

/* How a call runs the blocks it owns. */
#define FETTLE_NESTED_ONCE 0u   /* the one block runs once; its outputs are the results */
#define FETTLE_NESTED_BRANCH 1u /* the predicate picks the first block or the second */
#define FETTLE_NESTED_LOOP 2u   /* while the first answers true, the second makes what is carried: the results */
#define FETTLE_NESTED_SCAN 3u   /* once per slice: outputs are what is carried, then what is stacked */
#define FETTLE_NESTED_MAP 4u    /* once per slice: outputs are stacked */

#define FETTLE_MODE_NONE 0u     /* nothing surrounds the blocks */
#define FETTLE_MODE_GRAD 1u     /* gradients are turned on or off around them */
#define FETTLE_MODE_AUTOCAST 2u /* autocast is: what is moved out of them computes something else */

/* A call that owns blocks. Placeholder k of each of them stands for input k. */
typedef struct fettle_nested_call {
  uint32_t size;
  uint32_t runs; /* FETTLE_NESTED_* */
  uint32_t mode; /* FETTLE_MODE_* */
  uint32_t n_carried; /* the first inputs: what one iteration hands to the next */
  uint32_t n_sliced;  /* the ones behind them: given slice by slice along the first dimension */
  fettle_value predicate; /* FETTLE_NONE: there is none, or it is a constant */
  uint64_t n_blocks;
  const fettle_block* blocks;
  uint64_t n_inputs;
  const fettle_value* inputs; /* FETTLE_NONE: a number that the call names */
} fettle_nested_call;

#define FETTLE_BLOCK_SINGLE 1u /* returns a value itself, not a tuple of one: conditions of while_loop do */

/* A nested graph is built first and given to a call last: an argument of payload BLOCK of
 * create_node or append_node, for a block that no call owns yet. What nobody owns when the pass ends
 * is refused. Edits lie in a rewrite, as those of "fettle.edit/1". */
typedef struct fettle_blocks_v1 {
  uint32_t size;
  uint32_t reserved;
  /* FETTLE_E_ABSENT: the node owns no blocks. */
  fettle_status (*nested_call)(fettle_ctx*, const fettle_graph*, fettle_node, fettle_nested_call* out);
  fettle_status (*create_block)(fettle_ctx*, fettle_graph*, fettle_str name, uint32_t flags,
                                fettle_block* out);
  /* Behind the block's other placeholders. */
  fettle_status (*create_placeholder)(fettle_ctx*, fettle_graph*, fettle_block, fettle_str name,
                                      fettle_type_id, fettle_value* out);
  /* create_node at the end of a block, before its output; `before` is not looked at. */
  fettle_status (*append_node)(fettle_ctx*, fettle_graph*, fettle_block, const fettle_node_spec*,
                               fettle_node* out);
  /* What the block returns; once for each block. */
  fettle_status (*create_output)(fettle_ctx*, fettle_graph*, fettle_block, uint64_t n,
                                 const fettle_value* values);
  /* A copy that no call owns, nested graphs included. */
  fettle_status (*clone_block)(fettle_ctx*, fettle_graph*, fettle_block, fettle_block* out);
  /* Copies a nested block's calls to right before a node; inputs stand for its placeholders. outputs
   * gets the values that stand for what it returns, FETTLE_NONE for constants. */
  fettle_status (*inline_block)(fettle_ctx*, fettle_graph*, fettle_block, fettle_node before,
                                uint64_t n_inputs, const fettle_value* inputs, uint64_t n_outputs,
                                fettle_value* outputs);
  /* Hands a value of the call's block to its blocks as one more input, passed as it is; placeholders
   * gets one for each block. */
  fettle_status (*pass_value)(fettle_ctx*, fettle_graph*, fettle_node call, fettle_value,
                              uint64_t n_blocks, fettle_value* placeholders);
  /* Takes away an input that is passed as it is and that no block uses, and its placeholders. */
  fettle_status (*drop_input)(fettle_ctx*, fettle_graph*, fettle_node call, uint64_t input);
} fettle_blocks_v1;

/* ---------------------------------------------------------------- evaluation: "fettle.evaluate/1" */

typedef struct fettle_evaluate_v1 {
  uint32_t size;
  uint32_t reserved;
  /* The stored tensor behind a parameter, buffer or constant placeholder (read only); FETTLE_E_ABSENT
   * for other values. The receiver owns the result. */
  fettle_status (*constant)(fettle_ctx*, const fettle_graph*, fettle_value,
                            DLManagedTensorVersioned** out);
  /* Evaluates one call on given operand tensors (one per operand, in order). The receiver owns each
   * of the n_results results. FETTLE_E_UNSUPPORTED: operands or results that are not tensors. */
  fettle_status (*call)(fettle_ctx*, const fettle_graph*, fettle_node, uint64_t n_operands,
                        const DLTensor* const* operands, uint64_t n_results,
                        DLManagedTensorVersioned** results);
} fettle_evaluate_v1;

/* ---------------------------------------------------------------- programs: "fettle.program/1" */

#define FETTLE_DATUM_NONE 0u
#define FETTLE_DATUM_TENSOR 1u
#define FETTLE_DATUM_INT 2u
#define FETTLE_DATUM_FLOAT 3u
#define FETTLE_DATUM_BOOL 4u
#define FETTLE_DATUM_STRING 5u

/* An input or output of a program. The holder of a tensor calls its deleter. */
typedef struct fettle_datum {
  uint32_t kind;
  uint32_t reserved;
  DLManagedTensorVersioned* tensor;
  int64_t i; /* INT, BOOL */
  double f;
  fettle_str s; /* borrowed */
} fettle_datum;

typedef struct fettle_slot {
  uint32_t size;
  fettle_type_id type; /* of the program's graph */
  fettle_str name;
} fettle_slot;

/* What a run leaves behind for the caller of the Python program, besides what it returns: buffers,
 * parameters, constants and user inputs that it may have written, in place or by an output that
 * updates them, under each of their names; and the gradients that a joint program returns. */
#define FETTLE_EFFECT_BUFFER 0u
#define FETTLE_EFFECT_PARAMETER 1u
#define FETTLE_EFFECT_CONSTANT 2u
#define FETTLE_EFFECT_USER_INPUT 3u
#define FETTLE_EFFECT_PARAMETER_GRADIENT 4u
#define FETTLE_EFFECT_USER_INPUT_GRADIENT 5u

typedef struct fettle_effect {
  uint32_t size;
  uint32_t kind;      /* FETTLE_EFFECT_* */
  fettle_str target;  /* "bn1.running_mean"; a user input's name. With the kind, it is unique */
  fettle_value value; /* the placeholder of the program's graph; FETTLE_NONE: not known */
  uint32_t reserved;
} fettle_effect;

#define FETTLE_RUN_FLOAT64 1u        /* floating tensors and explicit dtypes lifted to float64 */
#define FETTLE_RUN_MEASURE_MEMORY 2u /* fills fettle_run_stats.peak_bytes */
#define FETTLE_RUN_SEEDED 4u         /* `seed` is set before the run */
#define FETTLE_RUN_CPU_OUTPUTS 8u    /* outputs are copied to the CPU, wherever the program ran */

typedef struct fettle_run_options {
  uint32_t size;
  uint32_t flags;
  uint64_t seed;
  /* Hooks; either may be null. Data are borrowed for the call. */
  void* user;
  void (*before_node)(void* user, fettle_node, uint64_t n, const fettle_datum* operands);
  void (*after_node)(void* user, fettle_node, uint64_t n, const fettle_datum* results);
  /* What memory that nobody initialized holds (torch.empty …). 0: whatever it held; other numbers:
   * contents of their own, the same in each run. What differs between 1 and 2 depends on it. */
  uint32_t uninitialized;
  uint32_t reserved;
  /* effect_count values to start from, as an earlier run left them; null, and NONE: as stored. Those
   * of user inputs and gradients are ignored. */
  const fettle_datum* start;
  /* Room for effect_count values after the run, owned by the receiver; null: not wanted. */
  fettle_datum* effects;
} fettle_run_options;

typedef struct fettle_run_stats {
  uint32_t size;
  uint32_t reserved;
  int64_t peak_bytes; /* most tensor bytes allocated during the run, weights and inputs not counted; -1: not measured */
  double seconds;     /* wall clock of the run, device synchronized */
#if FETTLE_TARGET_MINOR >= 1
  /* The most that one call had allocated for itself, neither there before it nor among its results, and which
   * call that was (FETTLE_NONE: no call had any); -1: not measured. */
  int64_t workspace_bytes;
  fettle_node workspace_node;
  uint32_t reserved2;
#endif
} fettle_run_stats;

typedef struct fettle_program_v1 {
  uint32_t size;
  uint32_t reserved;
  const fettle_graph* (*graph)(const fettle_program*);
  fettle_str (*name)(const fettle_program*);   /* "original", "optimized", or the file's name */
  fettle_str (*device)(const fettle_program*); /* "cpu", "cuda:0" */
  uint64_t (*input_count)(const fettle_program*); /* user inputs, in the signature's order */
  uint64_t (*output_count)(const fettle_program*);
  fettle_status (*input)(fettle_ctx*, const fettle_program*, uint64_t index, fettle_slot* out);
  fettle_status (*output)(fettle_ctx*, const fettle_program*, uint64_t index, fettle_slot* out);
  /* Stored samples: their inputs, and what the eager model answered when the program was captured
   * (FETTLE_E_ABSENT: not stored). `out` has input_count or output_count elements. */
  uint64_t (*sample_count)(const fettle_program*);
  fettle_status (*sample_inputs)(fettle_ctx*, const fettle_program*, uint64_t sample, fettle_datum* out);
  fettle_status (*eager_outputs)(fettle_ctx*, const fettle_program*, uint64_t sample, fettle_datum* out);
  /* Runs on borrowed inputs; the receiver owns the outputs. options and stats may be null. */
  fettle_status (*run)(fettle_ctx*, const fettle_program*, const fettle_run_options*,
                       const fettle_datum* inputs, fettle_datum* outputs, fettle_run_stats* stats);
  /* For timing: inputs are put in place once; launch runs and drops the outputs. Whoever binds
   * releases; what is bound may outlive the callback. */
  fettle_status (*bind)(fettle_ctx*, const fettle_program*, const fettle_datum* inputs, fettle_bound** out);
  fettle_status (*launch)(fettle_ctx*, fettle_bound*);
  fettle_status (*synchronize)(fettle_ctx*, fettle_bound*); /* waits for the device */
  void (*release)(fettle_bound*);                           /* on any thread, while no launch runs */
  /* A number that no other program of this process has or had: the key of what is remembered about one. */
  uint64_t (*id)(const fettle_program*);
  /* What a run leaves behind; placeholders in the signature's order, then gradients. */
  uint64_t (*effect_count)(const fettle_program*);
  fettle_status (*effect)(fettle_ctx*, const fettle_program*, uint64_t index, fettle_effect* out);
  /* What the eager model had changed after a sample: all of it, so that what is not listed is as it
   * was. Count UINT64_MAX: not stored. The receiver owns the value. */
  uint64_t (*eager_effect_count)(const fettle_program*, uint64_t sample);
  fettle_status (*eager_effect)(fettle_ctx*, const fettle_program*, uint64_t sample, uint64_t index,
                                fettle_effect* out, fettle_datum* value);
} fettle_program_v1;

/* ---------------------------------------------------------------- dynamic sizes: "fettle.shapes/1"
 * A size of an input may be an expression over symbols (fettle_dim.expression). Who makes inputs chooses
 * values for the symbols, checks them, and evaluates each size under them. */

#define FETTLE_SYMBOL_LOW 1u  /* `low` is known */
#define FETTLE_SYMBOL_HIGH 2u /* `high` is known */
#define FETTLE_SYMBOL_HINT 4u /* `hint` is known */

typedef struct fettle_symbol_info {
  uint32_t size;
  uint32_t known;    /* FETTLE_SYMBOL_* */
  fettle_str name;   /* "s77"; lives as long as the program */
  int64_t low, high; /* the range that the program was exported for, inclusive */
  int64_t hint;      /* the value that it was exported with */
} fettle_symbol_info;

typedef struct fettle_symbol_value {
  fettle_str name;
  int64_t value;
} fettle_symbol_value;

typedef struct fettle_shapes_v1 {
  uint32_t size;
  uint32_t reserved;
  /* The symbols that the program's inputs determine, by name; those that only a run tells are not among
   * them. */
  uint64_t (*symbol_count)(const fettle_program*);
  fettle_status (*symbol)(fettle_ctx*, const fettle_program*, uint64_t index, fettle_symbol_info* out);
  /* FETTLE_E_REFUSED if inputs of these sizes would be refused before a run: ranges, guards. */
  fettle_status (*check)(fettle_ctx*, const fettle_program*, uint64_t n, const fettle_symbol_value* values);
  /* A whole number: the expression (of a fettle_dim, or as people write it, 2*s77) under these values.
   * FETTLE_E_ABSENT: they do not determine it, or it is no whole number of 64 bits. */
  fettle_status (*evaluate)(fettle_ctx*, const fettle_program*, fettle_str expression, uint64_t n,
                            const fettle_symbol_value* values, int64_t* out);
  /* The expression for people: "2*s77". Lives until the callback returns. */
  fettle_status (*text)(fettle_ctx*, const fettle_program*, fettle_str expression, fettle_str* out);
  /* Bytes of all tensors that a run under these values takes or makes, weights not counted: what a choice
   * of values costs. */
  fettle_status (*tensor_bytes)(fettle_ctx*, const fettle_program*, uint64_t n,
                                const fettle_symbol_value* values, int64_t* out);
} fettle_shapes_v1;

#if FETTLE_TARGET_MINOR >= 1
/* ---------------------------------------------------------------- gradients: "fettle.gradients/1" (1.1)
 * A run forwards and backwards, by libtorch's autograd: the gradients of sum(output * cotangent) over the
 * outputs that have a cotangent, with respect to the program's leaves: its floating user inputs and
 * parameters. Parameters that are the same memory are one leaf, named by the first. What runs in a region
 * that records no gradient has none, as in Python. */

typedef struct fettle_gradients_v1 {
  uint32_t size;
  uint32_t reserved;
  uint64_t (*leaf_count)(const fettle_program*);
  /* kind: FETTLE_EFFECT_PARAMETER_GRADIENT or FETTLE_EFFECT_USER_INPUT_GRADIENT; target and value of the leaf. */
  fettle_status (*leaf)(fettle_ctx*, const fettle_program*, uint64_t index, fettle_effect* out);
  /* `inputs` and `cotangents` (output_count; NONE: that output counts for nothing; tensors have the output's
   * shape and dtype) are borrowed. `outputs` (output_count) may be null; `gradients` has leaf_count elements,
   * NONE where no path leads to the leaf; the receiver owns both. Of the options, flags and seed count.
   * `no_derivative`: the operators met on the way that have no derivative, for people, empty if all have one:
   * gradients then lack what would have come through these. Lives until the callback returns; may be null. */
  fettle_status (*run)(fettle_ctx*, const fettle_program*, const fettle_run_options*,
                       const fettle_datum* inputs, const fettle_datum* cotangents, fettle_datum* outputs,
                       fettle_datum* gradients, fettle_str* no_derivative);
} fettle_gradients_v1;

/* ---------------------------------------------------------------- evidence: "fettle.rewrites/1" (1.1)
 * What one pass did, rewrite by rewrite, for verifiers (fettle_verify_request.rewrites). */

typedef struct fettle_rewrites fettle_rewrites;

typedef struct fettle_rewrite_info {
  uint32_t size;
  uint32_t reserved;
  fettle_str root; /* the node's name that it began at; both live as long as the request */
  fettle_str why;
} fettle_rewrite_info;

/* Two programs of the same inputs, which stand for the values around the place that was rewritten, and the
 * same outputs: what the rest of the program sees of that place. Weights are in them. Borrowed until the
 * next cut or the callback's end. */
typedef struct fettle_rewrite_cut {
  uint32_t size;
  uint32_t whole; /* 1: nothing was left out, a larger radius cuts the same */
  const fettle_program* before;
  const fettle_program* after;
} fettle_rewrite_cut;

typedef struct fettle_rewrites_v1 {
  uint32_t size;
  uint32_t reserved;
  uint64_t (*count)(const fettle_rewrites*);
  fettle_status (*info)(fettle_ctx*, const fettle_rewrites*, uint64_t index, fettle_rewrite_info* out);
  /* `radius`: how many calls upstream of the place are taken along, at least: what a rewrite relies on may lie
   * there. In ascending order of index this is cheap. FETTLE_E_UNSUPPORTED: this rewrite cannot be looked at by
   * itself (it writes to memory that others read, it is in a nested graph …), and the message says why. */
  fettle_status (*cut)(fettle_ctx*, const fettle_rewrites*, uint64_t index, uint64_t radius,
                       fettle_rewrite_cut* out);
} fettle_rewrites_v1;
#endif

/* ---------------------------------------------------------------- the host */

/* The host as init gets it; valid for the process. Functions that take a fettle_ctx are called during the
 * callback that it belongs to, on its thread. */
typedef struct fettle_host {
  uint32_t size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  fettle_str version;
  /* What the host offers, by id ("fettle.graph/1"); null: not offered. Valid for the process. */
  const void* (*extension)(const char* id);
  void (*report)(fettle_ctx*, const fettle_diagnostic*);
  uint32_t (*cancelled)(fettle_ctx*); /* 1: the user asked to stop; answer FETTLE_E_CANCELLED soon */
  /* Memory that lives until the callback's answer has been read; null: out of memory. `align`: a power of two. */
  void* (*scratch)(fettle_ctx*, uint64_t bytes, uint64_t align);
  /* A named number for the report ("folded_bytes", 4096); the same name again adds up. */
  void (*statistic)(fettle_ctx*, fettle_str name, int64_t value);
} fettle_host;

/* ---------------------------------------------------------------- interfaces of components */

#define FETTLE_PASS_ID "fettle.pass/1"
#define FETTLE_VERIFIER_ID "fettle.verifier/1"
#define FETTLE_BENCHMARK_ID "fettle.benchmark/1"
#define FETTLE_GRAPH_ID "fettle.graph/1"
#define FETTLE_FACTS_ID "fettle.facts/1"
#define FETTLE_EDIT_ID "fettle.edit/1"
#define FETTLE_BLOCKS_ID "fettle.blocks/1"
#define FETTLE_EVALUATE_ID "fettle.evaluate/1"
#define FETTLE_PROGRAM_ID "fettle.program/1"
#define FETTLE_SHAPES_ID "fettle.shapes/1"
#define FETTLE_DOMINANCE_ID "fettle.dominance/1"
#define FETTLE_LIVENESS_ID "fettle.liveness/1"
#define FETTLE_COST_ID "fettle.cost/1"
#if FETTLE_TARGET_MINOR >= 1
#define FETTLE_ANALYSIS_ID "fettle.analysis/1"
#define FETTLE_BACKEND_ID "fettle.backend/1"
#define FETTLE_TYPES_ID "fettle.types/1"
#define FETTLE_ANSWERS_ID "fettle.answers/1"
#define FETTLE_GRADIENTS_ID "fettle.gradients/1"
#define FETTLE_REWRITES_ID "fettle.rewrites/1"
#endif

/* What a pass promises about results; verifiers judge it by that. */
#define FETTLE_PROMISE_EXACT 0u           /* bitwise the same */
#define FETTLE_PROMISE_TOLERANT 1u        /* within floating-point tolerance */
#define FETTLE_PROMISE_INFERENCE_ONLY 2u  /* tolerant, and gradients of parameters are gone */
#define FETTLE_PROMISE_CHANGES_RESULTS 3u /* within the error budget that the pipeline accepts */

#if FETTLE_TARGET_MINOR >= 1
#define FETTLE_PASS_IDEMPOTENT 1u /* run again on its own result, it changes nothing */
#endif

typedef struct fettle_applicability {
  uint32_t size;
  uint32_t applicable; /* preset to 1 */
  fettle_str why;      /* if not: what was looked for and not found */
} fettle_applicability;

typedef struct fettle_pass_v1 {
  uint32_t size;
  uint32_t promise; /* FETTLE_PROMISE_* */
  /* May say that there is nothing to do; null: always applicable. */
  fettle_status (*analyze)(fettle_instance*, fettle_ctx*, const fettle_graph*, fettle_applicability* out);
  fettle_status (*transform)(fettle_instance*, fettle_ctx*, fettle_graph*);
  /* The pass's own invariants after transform; null: none. Numerics are the verifiers' business. */
  fettle_status (*verify)(fettle_instance*, fettle_ctx*, const fettle_graph*);
  /* Analyses whose answers hold after transform as they did before it, by the ids of their interfaces
   * ("fettle.dominance/1"; "fettle.facts/1": alias classes): the host keeps them for the next pass. Only
   * edits in place can preserve any. A pass that changes what it declares here is refused by name. Ids
   * that the host does not have are passed over. */
  uint64_t n_preserves;
  const fettle_str* preserves;
#if FETTLE_TARGET_MINOR >= 1
  uint32_t flags; /* FETTLE_PASS_* */
  uint32_t reserved;
#endif
} fettle_pass_v1;

#define FETTLE_VERDICT_PASS 0u
#define FETTLE_VERDICT_FAIL 1u
#define FETTLE_VERDICT_UNABLE 2u /* could not judge; treated as a failure unless the pipeline says otherwise */

#if FETTLE_TARGET_MINOR >= 1
#define FETTLE_VERIFIER_READS_REWRITES 1u /* wants fettle_verify_request.rewrites, which costs the run a record */
#endif

/* What a verifier is asked; borrowed until it answers. */
typedef struct fettle_verify_request {
  uint32_t size;
  uint32_t promise;                 /* of what was done to the reference; the weakest, for several passes */
  fettle_str subject;               /* the pass, or "pipeline" */
  const fettle_program* reference;  /* the original program */
  const fettle_program* candidate;
#if FETTLE_TARGET_MINOR >= 1
  const fettle_rewrites* rewrites; /* of the pass; null: it is not about one pass, or nobody recorded them */
#endif
} fettle_verify_request;

/* Its answer. Text may lie in the callback's scratch memory. */
typedef struct fettle_verdict {
  uint32_t size;
  uint32_t verdict;
  double max_abs;    /* largest absolute error */
  double max_rel;    /* largest relative error */
  double allowed;    /* allowed absolute error where the worst element is; NaN: not applicable */
  uint64_t output;   /* the worst output, and the element in it (flat, row-major) */
  uint64_t element;
  uint64_t comparisons; /* input sets compared */
  fettle_str reference;  /* what was the reference: "eager outputs", "original program" … */
  fettle_str inputs;     /* the input set of the worst element: "sample 0", "random seed 3" */
  fettle_str detail;     /* for people, one or two lines */
  fettle_str place;      /* where the worst element is, if not in an output: "buffer 'count'" */
#if FETTLE_TARGET_MINOR >= 1
  fettle_str rule;       /* what decided about the worst element: "bitwise", "noise floor", "tolerance" … */
#endif
} fettle_verdict;

typedef struct fettle_verifier_v1 {
  uint32_t size;
  uint32_t reserved;
  /* A negative status is a failure of the verifier; that it says no is a verdict. */
  fettle_status (*verify)(fettle_instance*, fettle_ctx*, const fettle_verify_request*, fettle_verdict* out);
#if FETTLE_TARGET_MINOR >= 1
  uint32_t flags; /* FETTLE_VERIFIER_* */
  uint32_t reserved2;
#endif
} fettle_verifier_v1;

/* A number that a benchmark measured; the host copies it. Finite, low <= median <= high. */
typedef struct fettle_metric {
  uint32_t size;
  uint32_t lower_is_better;
  uint64_t program; /* index into measure's programs */
  fettle_str name;  /* "latency" */
  fettle_str unit;  /* "ms", "bytes" */
  double median, low, high; /* low and high: the spread, as `note` says (quartiles, min and max …) */
  uint64_t n_samples;
  const double* samples; /* in the order taken; may be null */
  fettle_str note;
} fettle_metric;

/* Where a benchmark puts what it measured. */
typedef struct fettle_metric_sink {
  uint32_t size;
  uint32_t reserved;
  void* user;
  fettle_status (*add)(void* user, const fettle_metric*);
} fettle_metric_sink;

typedef struct fettle_benchmark_v1 {
  uint32_t size;
  uint32_t reserved;
  /* Measures the programs side by side (interleaved); the first is the baseline. */
  fettle_status (*measure)(fettle_instance*, fettle_ctx*, uint64_t n_programs,
                           const fettle_program* const* programs, const fettle_metric_sink*);
} fettle_benchmark_v1;

#if FETTLE_TARGET_MINOR >= 1
/* ---------------------------------------------------------------- analyses: "fettle.analysis/1" (1.1)
 * What a plugin finds out about a graph, for other plugins ("fettle.answers/1") and for people. The host computes
 * it when it is asked for, and keeps it while the parts of the graph stand that it read. */

#define FETTLE_READS_STRUCTURE 1u /* nodes, their order, operands and arguments */
#define FETTLE_READS_TYPES 2u
#define FETTLE_READS_SIGNATURE 4u /* what inputs and outputs stand for, constants */
#define FETTLE_READS_LABELS 8u    /* names and metadata */

typedef struct fettle_analysis_v1 {
  uint32_t size;
  uint32_t reads; /* FETTLE_READS_*, all that compute looks at; 0: nothing, so that it never changes */
  /* What *answer points at, as an interface's id names a table: "org.example.depth/1". Its layout is the
   * plugin's to declare, in a header of its own; another layout is another id. */
  fettle_str answer_id;
  /* The answer is the plugin's memory and holds nothing borrowed: it may outlive the callback. It does not change
   * once it is made. A call that fails leaves nothing to release. */
  fettle_status (*compute)(fettle_instance*, fettle_ctx*, const fettle_graph*, void** answer);
  void (*release)(fettle_instance*, void* answer); /* once for each answer, before the instance is destroyed */
  /* For people, one line or several; null: the answer has no text. */
  fettle_status (*describe)(fettle_instance*, fettle_ctx*, const fettle_graph*, const void* answer,
                            fettle_str* text);
} fettle_analysis_v1;

/* Offered by the host: "fettle.answers/1". */
typedef struct fettle_answers_v1 {
  uint32_t size;
  uint32_t reserved;
  /* The answer of the analysis `name`, with its default options, about the graph as it is; it lives until the
   * callback returns and does not follow edits. Asking again without an edit between is cheap.
   * FETTLE_E_ABSENT: no plugin has it, or its answers are not `answer_id`. FETTLE_E_REFUSED: it is being computed
   * (an analysis that asks for itself). */
  fettle_status (*get)(fettle_ctx*, const fettle_graph*, fettle_str name, fettle_str answer_id,
                       const void** answer);
} fettle_answers_v1;

/* ---------------------------------------------------------------- backends: "fettle.backend/1" (1.1)
 * A backend runs parts of a program in place of libtorch. For a program that is to run on it:
 *   claim    once: which of the candidate calls it can run; the rest libtorch runs
 *   compile  once for each part: claimed calls between which no other call has to run
 *   launch   once for each part in each run, with the tensors that the part takes
 *   release  once for each part that compile made, possibly after the callback that compiled it and
 *            on the thread that drops the program; not while a launch runs
 * All calls of an instance come one at a time. Candidates are calls of the program's own graph whose facts
 * are known and pure, on storages that no call writes; views are among them. So a part never has to
 * write or alias anything: what it hands out is memory of its own (a view of what it was given becomes
 * a copy), and inputs are only read. Runs lifted to float64 are libtorch's alone. */

typedef struct fettle_compiled fettle_compiled; /* the plugin's own: one compiled part */

typedef struct fettle_claim {
  uint32_t size;
  uint32_t reserved;
  fettle_str device; /* where the program runs: "cpu", "cuda:0". Tensors lie there */
  uint64_t n_nodes;
  const fettle_node* nodes; /* candidates, in program order */
  uint8_t* claimed;         /* by position in nodes; preset to 0; 1: the backend runs this call, in any part */
} fettle_claim;

/* A part of the program's own graph. Values may be numbers (types SYM_INT, SYM_FLOAT, SYM_BOOL). */
typedef struct fettle_subgraph {
  uint32_t size;
  uint32_t reserved;
  fettle_str device;
  uint64_t n_nodes;
  const fettle_node* nodes; /* claimed calls, in an order in which they can run */
  uint64_t n_inputs;
  const fettle_value* inputs; /* what they take from outside, weights included, each once */
  uint64_t n_outputs;
  const fettle_value* outputs; /* what others take of theirs; tensors only, in the order of launch's */
} fettle_subgraph;

typedef struct fettle_backend_v1 {
  uint32_t size;
  uint32_t reserved;
  fettle_status (*claim)(fettle_instance*, fettle_ctx*, const fettle_graph*, const fettle_claim*);
  /* The graph may be asked for stored weights ("fettle.evaluate/1"), but not kept. The host releases *out
   * exactly once, also if it is null; a call that fails leaves nothing to release. */
  fettle_status (*compile)(fettle_instance*, fettle_ctx*, const fettle_graph*, const fettle_subgraph*,
                           fettle_compiled** out);
  /* `inputs`: n_inputs data, borrowed and not to be written; strides are as they come, sizes those of this
   * run. `outputs`: room for n_outputs tensors, preset to null; of a call that answers FETTLE_OK the host
   * owns them all, of one that fails none. Each has the dtype and sizes that libtorch's call would answer, on
   * the same device, any strides (where the program records strides, the host lays the tensor out so). */
  fettle_status (*launch)(fettle_instance*, fettle_ctx*, fettle_compiled*, uint64_t n_inputs,
                          const fettle_datum* inputs, uint64_t n_outputs,
                          DLManagedTensorVersioned** outputs);
  void (*release)(fettle_instance*, fettle_compiled*);
} fettle_backend_v1;
#endif

/* What a plugin offers under one name. Constant data of the plugin. */
typedef struct fettle_component {
  uint32_t size;
  uint32_t reserved;
  fettle_str name;    /* snake_case: the one name in YAML, command line, reports and logs */
  fettle_str summary; /* one sentence */
  uint64_t n_options;
  const fettle_option_decl* options;
  /* Options: every declared one, checked, in declared order. *out may be null if there is no state. */
  fettle_status (*create)(fettle_ctx*, const fettle_option* options, uint64_t n, fettle_instance** out);
  void (*destroy)(fettle_instance*); /* once; also for null if that is what create gave */
  /* The interface of that id, or null. One component answers for one kind. Pure. */
  const void* (*get_interface)(const char* id);
} fettle_component;

/* The plugin's descriptor: constant data, the same at every call of fettle_plugin_v1. */
typedef struct fettle_plugin {
  uint32_t size;
  uint32_t abi_major;     /* FETTLE_ABI_MAJOR */
  uint32_t abi_min_minor; /* the oldest host that will do */
  uint32_t abi_minor;     /* FETTLE_TARGET_MINOR at build time */
  fettle_str id;          /* "org.example.hello" */
  fettle_str version;
  fettle_status (*init)(const fettle_host*, fettle_ctx*); /* null: nothing to do */
  void (*fini)(void);                                     /* null: nothing to do */
  uint64_t n_components;
  const fettle_component* const* components;
} fettle_plugin;

/* The only exported symbol. No allocation, threads or input/output; callable before init. */
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void);

#ifdef __cplusplus
}
#endif
#endif /* FETTLE_FETTLE_H */
