// Plugins that were made to fail, and the checks that each of them fails: all that test_bad_plugins
// runs, as data, so that checks without a bad plugin can be told.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fettle::conformance {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct Case {
  fs::path file;
  Names failed;           // all of its checks that fail
  std::string only = {};  // the one check that is asked, where the fault shows in others as well
  int limit = 60;         // seconds for each check
};
using Cases = std::vector<Case>;

inline fs::path bad(const std::string& name) {
  return fs::path(FETTLE_BAD_PLUGINS) / (name + ".so");
}
inline fs::path test_plugin(const std::string& name) {
  return fs::path(FETTLE_TEST_PLUGINS) / (name + ".so");
}
inline fs::path backend(const std::string& name) {
  return fs::path(FETTLE_BACKEND_PLUGINS) / (name + ".so");
}

inline Cases bad_libraries() {
  return {
      {bad("extra_symbol"), {"one-exported-symbol"}},
      {bad("unresolved_symbol"), {"resolves-now"}},
      {bad("entry_changes_pointer"), {"entry-pure"}},
      {bad("entry_changes_bytes"), {"entry-pure"}},
      {bad("entry_slow"), {"entry-fast"}},
      {bad("undocumented"), {"documented"}},
      {bad("unknown_interface"), {"unknown-interface"}},
      {bad("second_init_fails"), {"init-and-fini-twice"}},
  };
}

inline Cases refused_by_the_host() {
  return {
      {test_plugin("no_symbol"), {"exports-entry"}},
      {test_plugin("symbol_of_version_2"), {"exports-entry"}},
      {test_plugin("null_descriptor"), {"descriptor"}},
      {test_plugin("other_major"), {"abi-version"}},
      {test_plugin("needs_newer"), {"abi-version"}},
      {test_plugin("small_size"), {"descriptor"}},
      {test_plugin("two_of_one_name"), {"descriptor"}},
      {test_plugin("bad_promise"), {"descriptor"}},
      {test_plugin("option_default"), {"descriptor"}},
      {test_plugin("no_interface"), {"one-interface"}},
      {test_plugin("two_kinds"), {"one-interface"}},
      {test_plugin("init_fails"), {"init-and-fini-twice"}},
  };
}

// Whoever runs them puts a good library there, and spoils it as the name says.
inline Cases not_to_be_run(const fs::path& folder) {
  return {
      {folder / "others_may_write.so", {"trusted-file"}},
      {folder / "cut_in_half.so", {"whole-library"}},
  };
}

inline Cases bad_options() {
  return {
      {bad("default_refused"), {"options-default"}},
      {bad("bound_refused"), {"options-allowed"}},
      {bad("out_of_range_crashes"), {"options-out-of-range"}},
  };
}

inline Cases bad_guests() {
  return {
      {bad("absent_extension_crashes"), {"absent-extensions"}},
      {bad("absent_extension_silent"), {"absent-extensions"}},
      {bad("old_host_overrun"), {"old-host"}},
      {bad("newer_host_refused"), {"newer-host"}},
      {bad("writes_behind_its_struct"), {"newer-host"}},
      {bad("failure_ignored"), {"failing-calls"}},
      {bad("tensor_leak"), {"tensors-released"}},
      {bad("cancellation_spins"), {"cancellation"}, "cancellation", 5},
  };
}

inline Cases overwhelmed_passes() {
  return {
      {bad("empty_program_refused"), {"empty-program"}},
      {bad("one_node_exits"), {"one-node-program"}},
      {bad("nested_program_aborts"), {"nested-program"}},
      {bad("random_program_refused"), {"random-programs"}},
      {bad("large_program_crashes"), {"large-program"}},
  };
}

inline Cases lying_passes() {
  return {
      {bad("unchanged_is_a_lie"), {"unchanged-means-identical"}},
      {bad("other_edits_each_time"), {"same-edits"}},
      {bad("limit_is_error"), {"rewrite-limit"}},
      {bad("not_idempotent"), {"idempotent"}},
      {bad("preserves_wrongly"), {"preserved-analyses"}},
      {bad("numerics_wrong"), {"numerics"}},
  };
}

inline Cases bad_judges() {
  return {
      {bad("never_passes"), {"accepts-the-same"}},
      {bad("always_passes"), {"refuses-the-wrong"}},
      {bad("measures_first_alone"), {"measures-each-program"}},
      {bad("program_without_calls_refused"), {"answers-every-program"}},
      {backend("wrong_values"), {"agrees-with-libtorch"}, "agrees-with-libtorch"},
      // A verifier and a benchmark in one library, each wrong.
      {test_plugin("nonsense_answers"), {"refuses-the-wrong", "measures-each-program"}},
  };
}

inline Cases throwing_plugins() {
  return {
      {test_plugin("throwing"), {"exceptions-kept-inside"}},
      {test_plugin("throws_in_init"), {"exceptions-kept-inside"}},
  };
}

inline Cases good_plugins() {
  return {
      {bad("keeps_all_rules"), {}},
      {bad("counts_rightly"), {}},
      {bad("judges_rightly"), {}},
      {bad("measures_rightly"), {}},
      {test_plugin("c_relu_idempotent"), {}},
      {test_plugin("call_count"), {}},
      {test_plugin("checksum"), {}},
      {test_plugin("count_nodes"), {}},
      {test_plugin("well_behaved"), {}},
      {backend("relu_add"), {}},
  };
}

}  // namespace fettle::conformance
