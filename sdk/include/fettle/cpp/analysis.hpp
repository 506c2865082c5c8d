// An analysis that a plugin brings, and asking for those of others. (What the host itself computes is
// in cpp/analyses.hpp.)
//
//   struct Depths { std::uint64_t n_values; const std::uint32_t* by_value; };  // in your own header
//
//   class CallDepth : public fettle::Analysis<Depths> {
//    public:
//     static constexpr const char* name = "call_depth";
//     static constexpr const char* summary = "How many calls each value rests on.";
//     static constexpr const char* answer_id = "org.example.depths/1";
//     static constexpr std::uint32_t reads = FETTLE_READS_STRUCTURE;
//     std::unique_ptr<Depths> compute(const fettle::Graph& graph) override;
//     std::string describe(const fettle::Graph& graph, const Depths& depths) override;  // optional
//   };
//
//   const Depths* depths = fettle::find_answer<Depths>(graph, "call_depth", "org.example.depths/1");
//
// The answer crosses between plugins that were compiled apart: give it a layout that every compiler
// agrees on (numbers, pointers), name that layout by an id, and never change it under that id. It
// must not hold what the graph lent.
#pragma once

#include <memory>
#include <string>

#include "fettle/cpp/boundary.hpp"
#include "fettle/cpp/graph.hpp"

namespace fettle {
inline namespace sdk {

#if FETTLE_TARGET_MINOR >= 1

class AnalysisComponent {
 public:
  virtual ~AnalysisComponent() = default;
};

// `Shared` is what others see; `Owned`, derived from it, may hold the memory that it points to.
template <class Shared, class Owned = Shared>
class Analysis : public AnalysisComponent {
 public:
  using SharedAnswer = Shared;
  using OwnedAnswer = Owned;
  virtual std::unique_ptr<Owned> compute(const Graph& graph) = 0;
  // For people, a line or several.
  virtual std::string describe(const Graph&, const Owned&) { return {}; }
};

// The answer of another plugin's analysis about the graph as it is, or null: there is no such analysis
// here. It lives until your function returns, and does not follow edits.
template <class T>
const T* find_answer(const Graph& graph, std::string_view name, std::string_view answer_id) {
  const void* answer = nullptr;
  if (detail::tables.answers == nullptr) return nullptr;
  const fettle_status status = detail::tables.answers->get(
      graph.context().raw(), graph.raw(), str(name), str(answer_id), &answer);
  if (status == FETTLE_E_ABSENT) return nullptr;
  detail::check(status, "get");
  return static_cast<const T*>(answer);
}

namespace detail __attribute__((visibility("hidden"))) {

  template <class T>
  const void* analysis_interface() {
    using Shared = typename T::SharedAnswer;
    using Owned = typename T::OwnedAnswer;
    static const fettle_analysis_v1 table = {
        sizeof(fettle_analysis_v1), T::reads, str(T::answer_id),
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw,
           void** answer) noexcept {
          return guarded(context, [&] {
            Shared* made = self<T>(instance).compute(Graph(context, raw)).release();
            *answer = made;
          });
        },
        [](fettle_instance*, void* answer) noexcept {
          delete static_cast<Owned*>(static_cast<Shared*>(answer));
        },
        [](fettle_instance* instance, fettle_ctx* context, const fettle_graph* raw,
           const void* answer, fettle_str* text) noexcept {
          return guarded(context, [&] {
            const Graph graph(context, raw);
            const auto& owned = static_cast<const Owned&>(*static_cast<const Shared*>(answer));
            *text = graph.context().keep(self<T>(instance).describe(graph, owned));
          });
        }};
    return &table;
  }

}  // namespace )

#endif

}  // namespace sdk
}  // namespace fettle
