// Text, failures, and the way back to the host: what the rest of the SDK stands on.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "fettle/fettle.h"

namespace fettle {
inline namespace sdk {

inline std::string_view text(fettle_str s) {
  return s.data == nullptr ? std::string_view{} : std::string_view(s.data, s.size);
}
inline fettle_str str(std::string_view s) {
  return {s.data(), s.size()};
}

// A call of the host that failed, or a plugin's own reason to stop. Thrown out of a component it
// becomes its answer; the host has already been told what a call of its own found wrong.
class Failure : public std::runtime_error {
 public:
  // A plugin's own failure.
  explicit Failure(const std::string& what) : Failure(FETTLE_E_PLUGIN, what, false) {}
  Failure(fettle_status status, const std::string& what, bool reported)
      : std::runtime_error(what), status_(status), reported_(reported) {}
  fettle_status status() const { return status_; }
  bool reported() const { return reported_; }

 private:
  fettle_status status_;
  bool reported_;
};

namespace detail __attribute__((visibility("hidden"))) {

  // What the host offers, found in the plugin's init. One per plugin library.
  struct HostTables {
    const fettle_host* host = nullptr;
    const fettle_graph_v1* graph = nullptr;
    const fettle_facts_v1* facts = nullptr;
    const fettle_edit_v1* edit = nullptr;
    const fettle_evaluate_v1* evaluate = nullptr;
    const fettle_program_v1* program = nullptr;
    const fettle_shapes_v1* shapes = nullptr;
    const fettle_blocks_v1* blocks = nullptr;
    const fettle_dominance_v1* dominance = nullptr;
    const fettle_liveness_v1* liveness = nullptr;
    const fettle_cost_v1* cost = nullptr;
#if FETTLE_TARGET_MINOR >= 1
    const fettle_types_v1* types = nullptr;
    const fettle_answers_v1* answers = nullptr;
    const fettle_gradients_v1* gradients = nullptr;
    const fettle_rewrites_v1* rewrites = nullptr;
#endif
  };
  inline HostTables tables;

  [[noreturn]] inline void fail_absent(const char* id) {
    throw Failure(FETTLE_E_UNSUPPORTED, std::string("this host does not offer ") + id, false);
  }
  inline const fettle_graph_v1& graph_table() {
    if (tables.graph == nullptr) fail_absent(FETTLE_GRAPH_ID);
    return *tables.graph;
  }
  inline const fettle_facts_v1& facts_table() {
    if (tables.facts == nullptr) fail_absent(FETTLE_FACTS_ID);
    return *tables.facts;
  }
  inline const fettle_edit_v1& edit_table() {
    if (tables.edit == nullptr) fail_absent(FETTLE_EDIT_ID);
    return *tables.edit;
  }
  inline const fettle_evaluate_v1& evaluate_table() {
    if (tables.evaluate == nullptr) fail_absent(FETTLE_EVALUATE_ID);
    return *tables.evaluate;
  }
  inline const fettle_program_v1& program_table() {
    if (tables.program == nullptr) fail_absent(FETTLE_PROGRAM_ID);
    return *tables.program;
  }

  inline const fettle_blocks_v1& blocks_table() {
    if (tables.blocks == nullptr) fail_absent(FETTLE_BLOCKS_ID);
    return *tables.blocks;
  }

  inline const fettle_dominance_v1& dominance_table() {
    if (tables.dominance == nullptr) fail_absent(FETTLE_DOMINANCE_ID);
    return *tables.dominance;
  }
  inline const fettle_liveness_v1& liveness_table() {
    if (tables.liveness == nullptr) fail_absent(FETTLE_LIVENESS_ID);
    return *tables.liveness;
  }
  inline const fettle_cost_v1& cost_table() {
    if (tables.cost == nullptr) fail_absent(FETTLE_COST_ID);
    return *tables.cost;
  }
#if FETTLE_TARGET_MINOR >= 1
  inline const fettle_types_v1& types_table() {
    if (tables.types == nullptr) fail_absent(FETTLE_TYPES_ID);
    return *tables.types;
  }
  inline const fettle_gradients_v1& gradients_table() {
    if (tables.gradients == nullptr) fail_absent(FETTLE_GRADIENTS_ID);
    return *tables.gradients;
  }
  inline const fettle_rewrites_v1& rewrites_table() {
    if (tables.rewrites == nullptr) fail_absent(FETTLE_REWRITES_ID);
    return *tables.rewrites;
  }
#endif

  inline void check(fettle_status status, const char* call) {
    if (status == FETTLE_OK) return;
    throw Failure(status, std::string(call) + " failed (status " + std::to_string(status) + ")",
                  true);
  }

  // A table of the host, if it is there and holds all that version 1.0 of it has. What later
  // versions append is asked for with FETTLE_HAS where it is used.
  template <class Table, class Member>
  const Table* find_table(const fettle_host* host, const char* id, Member Table::*last) {
    const auto* table = static_cast<const Table*>(host->extension(id));
    if (table == nullptr) return nullptr;
    const auto* end = reinterpret_cast<const char*>(&(table->*last)) + sizeof(Member);
    const auto needed = static_cast<std::size_t>(end - reinterpret_cast<const char*>(table));
    return table->size >= needed ? table : nullptr;
  }

  inline void attach(const fettle_host* host) {
    tables.host = host;
    tables.graph = find_table(host, FETTLE_GRAPH_ID, &fettle_graph_v1::output_info);
    tables.facts = find_table(host, FETTLE_FACTS_ID, &fettle_facts_v1::same_call);
    tables.edit = find_table(host, FETTLE_EDIT_ID, &fettle_edit_v1::add_constant);
    tables.evaluate = find_table(host, FETTLE_EVALUATE_ID, &fettle_evaluate_v1::call);
    tables.program = find_table(host, FETTLE_PROGRAM_ID, &fettle_program_v1::eager_effect);
    tables.shapes = find_table(host, FETTLE_SHAPES_ID, &fettle_shapes_v1::tensor_bytes);
    tables.blocks = find_table(host, FETTLE_BLOCKS_ID, &fettle_blocks_v1::drop_input);
    tables.dominance = find_table(host, FETTLE_DOMINANCE_ID, &fettle_dominance_v1::regions);
    tables.liveness = find_table(host, FETTLE_LIVENESS_ID, &fettle_liveness_v1::last_use);
    tables.cost = find_table(host, FETTLE_COST_ID, &fettle_cost_v1::of_graph);
#if FETTLE_TARGET_MINOR >= 1
    tables.types = find_table(host, FETTLE_TYPES_ID, &fettle_types_v1::propagate);
    tables.answers = find_table(host, FETTLE_ANSWERS_ID, &fettle_answers_v1::get);
    tables.gradients = find_table(host, FETTLE_GRADIENTS_ID, &fettle_gradients_v1::run);
    tables.rewrites = find_table(host, FETTLE_REWRITES_ID, &fettle_rewrites_v1::cut);
#endif
  }

}  // namespace )

// The running callback: where notes and statistics go, and whether the user has had enough.
class Context {
 public:
  explicit Context(fettle_ctx* raw) : raw_(raw) {}
  fettle_ctx* raw() const { return raw_; }

  void note(std::string_view message) const { report(FETTLE_SEVERITY_NOTE, message, {}); }
  void warning(std::string_view message, std::string_view hint = {}) const {
    report(FETTLE_SEVERITY_WARNING, message, hint);
  }
  void error(std::string_view message, std::string_view hint = {}) const {
    report(FETTLE_SEVERITY_ERROR, message, hint);
  }
  void report(std::uint32_t severity, std::string_view message, std::string_view hint,
              fettle_node node = FETTLE_NONE) const {
    const fettle_diagnostic diagnostic{
        sizeof(fettle_diagnostic), severity, str(message), str(hint), node, 0};
    detail::tables.host->report(raw_, &diagnostic);
  }

  // A named number for the report; the same name again adds up.
  void statistic(std::string_view name, std::int64_t value) const {
    detail::tables.host->statistic(raw_, str(name), value);
  }

  // Worth asking now and then in long loops; `stop_if_cancelled` throws.
  bool cancelled() const { return detail::tables.host->cancelled(raw_) != 0; }
  void stop_if_cancelled() const {
    if (cancelled()) throw Failure(FETTLE_E_CANCELLED, "cancelled", true);
  }

  // A copy of the text that outlives the callback, for answers.
  fettle_str keep(std::string_view s) const {
    if (s.empty()) return {nullptr, 0};
    auto* copy = static_cast<char*>(detail::tables.host->scratch(raw_, s.size(), 1));
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy, s.data(), s.size());
    return {copy, s.size()};
  }

 private:
  fettle_ctx* raw_;
};

}  // namespace sdk
}  // namespace fettle
