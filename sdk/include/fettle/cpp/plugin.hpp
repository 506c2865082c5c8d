// Components and the plugin that offers them. A component is a class that derives from Pass,
// Verifier, Benchmark, Analysis (cpp/analysis.hpp) or Backend (cpp/backend.hpp) and says, as static members,
//
//   static constexpr const char* name = "dce";         the one name in YAML, command line, reports
//   static constexpr const char* summary = "…";        one sentence
//   static constexpr fettle::Promise promise = …;      passes only: what it promises about results
//   static constexpr std::string_view preserves[] = {FETTLE_DOMINANCE_ID};
//                                                      passes only, if its edits preserve analyses
//   static constexpr std::uint32_t min_minor = 1;      if it cannot work on a host of version 1.0
//   static constexpr bool reads_rewrites = true;       verifiers only, if it looks at single rewrites
//   static void declare(fettle::Options<Self>&);       if it has options (cpp/options.hpp)
//
// and FETTLE_PLUGIN(id, version, Component…) once per library makes the rest: the descriptor, the
// exported symbol, and the wall that no exception passes.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "fettle/cpp/analysis.hpp"
#include "fettle/cpp/backend.hpp"
#include "fettle/cpp/boundary.hpp"
#include "fettle/cpp/edit.hpp"
#include "fettle/cpp/options.hpp"
#include "fettle/cpp/program.hpp"
#include "fettle/cpp/rewrites.hpp"

namespace fettle {
inline namespace sdk {

enum class Promise : std::uint32_t {
  exact = FETTLE_PROMISE_EXACT,                    // bitwise the same results
  tolerant = FETTLE_PROMISE_TOLERANT,              // within floating-point tolerance
  inference_only = FETTLE_PROMISE_INFERENCE_ONLY,  // tolerant, and gradients of parameters are gone
  changes_results = FETTLE_PROMISE_CHANGES_RESULTS,
};

class Pass {
 public:
  virtual ~Pass() = default;
  // Why there is nothing to do, or nothing. Cheap next to transform, which need not be called then.
  virtual std::optional<std::string> analyze(const Graph&) { return std::nullopt; }
  virtual void transform(MutableGraph& graph) = 0;
  // The pass's own invariants after transform; throws. Numerics are the verifiers' business.
  virtual void verify(const Graph&) {}
};

struct VerifyRequest {
  Promise promise;           // of what was done since the reference
  std::string_view subject;  // the pass, or "pipeline"
  const Program& reference;
  const Program& candidate;
#if FETTLE_TARGET_MINOR >= 1
  const Rewrites* rewrites;  // for verifiers with `reads_rewrites`, after a pass; else null
#endif
};

struct Verdict {
  enum class Judgement : std::uint32_t {
    pass = FETTLE_VERDICT_PASS,
    fail = FETTLE_VERDICT_FAIL,
    unable = FETTLE_VERDICT_UNABLE
  };
  Judgement judgement = Judgement::unable;
  double max_abs = 0, max_rel = 0;
  double allowed = 0;  // absolute error allowed at the worst element; NaN: not applicable
  std::uint64_t output = 0, element = 0;  // where the worst element is
  std::uint64_t comparisons = 0;          // input sets compared
  std::string reference, inputs;  // what was compared with, and on which inputs the worst came
  std::string detail;             // for people
  std::string place;              // where the worst element is, if not in an output
#if FETTLE_TARGET_MINOR >= 1
  std::string rule;               // what decided about the worst element: "noise floor" …
#endif
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual Verdict verify(const VerifyRequest& request) = 0;
};

struct Metric {
  std::size_t program = 0;  // index into the measured programs
  std::string name, unit;
  bool lower_is_better = true;
  double median = 0, low = 0, high = 0;  // `note` says what the spread is
  std::vector<double> samples;           // in the order taken
  std::string note;
};

class Benchmark {
 public:
  virtual ~Benchmark() = default;
  // Measures the programs side by side; the first is the baseline.
  virtual std::vector<Metric> measure(const std::deque<Program>& programs) = 0;
};

namespace detail __attribute__((visibility("hidden"))) {

  template <class T>
  std::span<const fettle_str> preserved() {
    if constexpr (requires { T::preserves; }) {
      static const std::vector<fettle_str> ids = [] {
        std::vector<fettle_str> all;
        for (const std::string_view id : T::preserves) all.push_back(str(id));
        return all;
      }();
      return ids;
    } else {
      return {};
    }
  }

  // Members of a pass that it may leave out: `preserves`, ids of analyses; `idempotent`, whether it
  // changes nothing when it is run again on its own result.
  template <class T>
  constexpr bool is_idempotent() {
    if constexpr (requires { T::idempotent; }) return T::idempotent;
    return false;
  }

  template <class T>
  const void* pass_interface() {
    static const fettle_pass_v1 table = {
        sizeof(fettle_pass_v1), static_cast<std::uint32_t>(T::promise),
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw,
           fettle_applicability* out) noexcept {
          return guarded(context, [&] {
            const Graph graph(context, raw);
            const std::optional<std::string> why = self<T>(instance).analyze(graph);
            out->applicable = why ? 0 : 1;
            if (why) out->why = graph.context().keep(*why);
          });
        },
        [](fettle_instance* instance, fettle_ctx* context, fettle_graph* raw) noexcept {
          return guarded(context, [&] {
            MutableGraph graph(context, raw);
            self<T>(instance).transform(graph);
          });
        },
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw) noexcept {
          return guarded(context, [&] { self<T>(instance).verify(Graph(context, raw)); });
        },
        preserved<T>().size(),
        preserved<T>().data(),
#if FETTLE_TARGET_MINOR >= 1
        is_idempotent<T>() ? FETTLE_PASS_IDEMPOTENT : 0u,
        0,
#endif
    };
    return &table;
  }

#if FETTLE_TARGET_MINOR >= 1
  template <class T>
  constexpr bool reads_rewrites() {
    if constexpr (requires { T::reads_rewrites; }) return T::reads_rewrites;
    return false;
  }
#endif

  template <class T>
  const void* verifier_interface() {
    static const fettle_verifier_v1 table = {
        sizeof(fettle_verifier_v1), 0,
        [](fettle_instance* instance, fettle_ctx* raw_context, const fettle_verify_request* request,
           fettle_verdict* out) noexcept {
          return guarded(raw_context, [&] {
            const Context context(raw_context);
            const Program reference(raw_context, request->reference);
            const Program candidate(raw_context, request->candidate);
#if FETTLE_TARGET_MINOR >= 1
            std::optional<Rewrites> rewrites;
            if (FETTLE_HAS(request, rewrites) && request->rewrites != nullptr)
              rewrites.emplace(raw_context, request->rewrites);
            const Verdict verdict = self<T>(instance).verify(
                {static_cast<Promise>(request->promise), text(request->subject), reference,
                 candidate, rewrites ? &*rewrites : nullptr});
            if (FETTLE_HAS(out, rule)) out->rule = context.keep(verdict.rule);
#else
            const Verdict verdict =
                self<T>(instance).verify({static_cast<Promise>(request->promise),
                                          text(request->subject), reference, candidate});
#endif
            out->verdict = static_cast<std::uint32_t>(verdict.judgement);
            out->max_abs = verdict.max_abs;
            out->max_rel = verdict.max_rel;
            out->allowed = verdict.allowed;
            out->output = verdict.output;
            out->element = verdict.element;
            out->comparisons = verdict.comparisons;
            out->reference = context.keep(verdict.reference);
            out->inputs = context.keep(verdict.inputs);
            out->detail = context.keep(verdict.detail);
            out->place = context.keep(verdict.place);
          });
        },
#if FETTLE_TARGET_MINOR >= 1
        reads_rewrites<T>() ? FETTLE_VERIFIER_READS_REWRITES : 0u, 0
#endif
    };
    return &table;
  }

  template <class T>
  const void* benchmark_interface() {
    static const fettle_benchmark_v1 table = {
        sizeof(fettle_benchmark_v1), 0,
        [](fettle_instance* instance, fettle_ctx* context, std::uint64_t n,
           const fettle_program* const* raw, const fettle_metric_sink* sink) noexcept {
          return guarded(context, [&] {
            std::deque<Program> programs;
            for (std::uint64_t k = 0; k < n; ++k) programs.emplace_back(context, raw[k]);
            for (const Metric& metric : self<T>(instance).measure(programs)) {
              const fettle_metric raw_metric = {
                  sizeof(fettle_metric),
                  metric.lower_is_better ? 1u : 0u,
                  metric.program,
                  str(metric.name),
                  str(metric.unit),
                  metric.median,
                  metric.low,
                  metric.high,
                  metric.samples.size(),
                  metric.samples.empty() ? nullptr : metric.samples.data(),
                  str(metric.note)};
              check(sink->add(sink->user, &raw_metric), "metric sink");
            }
          });
        }};
    return &table;
  }

  template <class T>
  const void* interface_of(const char* id) noexcept {
    const std::string_view asked(id);
    if constexpr (std::is_base_of_v<Pass, T>) {
      if (asked == FETTLE_PASS_ID) return pass_interface<T>();
    } else if constexpr (std::is_base_of_v<Verifier, T>) {
      if (asked == FETTLE_VERIFIER_ID) return verifier_interface<T>();
    } else if constexpr (std::is_base_of_v<Benchmark, T>) {
      if (asked == FETTLE_BENCHMARK_ID) return benchmark_interface<T>();
#if FETTLE_TARGET_MINOR >= 1
    } else if constexpr (std::is_base_of_v<AnalysisComponent, T>) {
      if (asked == FETTLE_ANALYSIS_ID) return analysis_interface<T>();
    } else if constexpr (std::is_base_of_v<Backend, T>) {
      if (asked == FETTLE_BACKEND_ID) return backend_interface<T>();
#endif
    } else {
      static_assert(!sizeof(T), "a component derives from fettle::Pass, Analysis, Verifier, "
                                "Benchmark or Backend");
    }
    return nullptr;
  }

  // The declared options of T, and an instance of it whose members are the defaults.
  template <class T>
  struct Declared {
    T defaults{};
    Options<T> options{defaults};
    Declared() {
      if constexpr (requires { T::declare(options); }) T::declare(options);
    }
    static const Declared& get() {
      static const Declared declared;
      return declared;
    }
  };

  template <class T>
  fettle_status create(fettle_ctx * context, [[maybe_unused]] const fettle_option* options,
                       [[maybe_unused]] std::uint64_t n, fettle_instance** out) noexcept {
    return guarded(context, [&] {
      auto component = std::make_unique<T>();
      if constexpr (requires(Options<T> & declared) { T::declare(declared); })
        Declared<T>::get().options.assign(*component, options, n);
      *out = reinterpret_cast<fettle_instance*>(component.release());
    });
  }

  template <class T>
  void destroy(fettle_instance * instance) noexcept {
    delete reinterpret_cast<T*>(instance);
  }

  template <class T>
  const fettle_component* component() {
    static const fettle_component described = {sizeof(fettle_component),
                                               0,
                                               str(T::name),
                                               str(T::summary),
                                               Declared<T>::get().options.size(),
                                               Declared<T>::get().options.data(),
                                               &create<T>,
                                               &destroy<T>,
                                               &interface_of<T>};
    return &described;
  }

  inline fettle_status plugin_init(const fettle_host* host, fettle_ctx*) noexcept {
    attach(host);
    return FETTLE_OK;
  }
  inline void plugin_fini() noexcept {}

  template <class T>
  constexpr std::uint32_t min_minor_of() {
    if constexpr (requires { T::min_minor; }) return T::min_minor;
    return 0;
  }

  template <class... Components>
  const fettle_plugin* plugin(const char* id, const char* version) noexcept {
    static const fettle_component* const components[] = {component<Components>()...};
    static const fettle_plugin described = {sizeof(fettle_plugin),
                                            FETTLE_ABI_MAJOR,
                                            std::max({min_minor_of<Components>()...}),
                                            FETTLE_TARGET_MINOR,
                                            str(id),
                                            str(version),
                                            &plugin_init,
                                            &plugin_fini,
                                            sizeof...(Components),
                                            components};
    return &described;
  }

}  // namespace )
}  // namespace sdk
}  // namespace fettle

// Once per library, at namespace scope: FETTLE_PLUGIN("org.example.mine", "1.0.0", MyPass,
// MyVerifier)
#define FETTLE_PLUGIN(id, version, ...)                                  \
  extern "C" FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) { \
    return ::fettle::detail::plugin<__VA_ARGS__>(id, version);           \
  }
