// What a plugin is held to, in order: the file, the descriptor, each component's options, its
// manners towards the host, and what it does to programs.
#include "conformance/backend_checks.hpp"
#include "conformance/check.hpp"
#include "conformance/host_checks.hpp"
#include "conformance/judge_checks.hpp"
#include "conformance/library_checks.hpp"
#include "conformance/option_checks.hpp"
#include "conformance/pass_checks.hpp"

namespace fettle::conformance {
namespace {

using enum Scope;
constexpr bool kVital = true, kOneOfMany = false;

constexpr Check kChecks[] = {
    {"trusted-file", "nobody else could have changed the file", library, kVital,
     check_trusted_file},
    {"whole-library", "the file is a library for this machine, and all there", library, kVital,
     check_whole_library},
    {"exports-entry", "it exports fettle_plugin_v1", library, kVital, check_exports_entry},
    {"one-exported-symbol", "it exports nothing else", library, kOneOfMany,
     check_one_exported_symbol},
    {"resolves-now", "every symbol that it needs is found when it is loaded", library, kVital,
     check_resolves_now},
    {"entry-pure", "fettle_plugin_v1 always answers the same, before init and from any thread",
     library, kOneOfMany, check_entry_pure},
    {"entry-fast", "fettle_plugin_v1 takes no time", library, kOneOfMany, check_entry_fast},
    {"abi-version", "it was built for a version of the ABI that this host has", library, kVital,
     check_abi_version},
    {"descriptor", "its descriptor makes sense: sizes, names, options, tables", library, kVital,
     check_descriptor},
    {"one-interface", "each component answers for one interface that this host knows", library,
     kVital, check_one_interface},
    {"documented", "components and options say what they are for", library, kOneOfMany,
     check_documented},
    {"unknown-interface", "components answer null for interfaces that they do not have", library,
     kOneOfMany, check_unknown_interface},
    {"init-and-fini-twice", "init works again after fini, and leaves the descriptor alone", library,
     kVital, check_init_and_fini_twice},

    {"options-default", "create takes the declared defaults, for several instances", component,
     kVital, check_options_default},
    {"options-allowed", "create takes every bound and choice that is declared", component,
     kOneOfMany, check_options_allowed},
    {"options-out-of-range", "create survives values that are not allowed", component, kOneOfMany,
     check_options_out_of_range},

    {"absent-extensions", "without an extension of the host it works, or says what it misses",
     component, kOneOfMany, check_absent_extensions},
    {"old-host", "it works on the oldest host that it says will do", component, kOneOfMany,
     check_old_host},
    {"newer-host", "it works on a host whose structs go on behind what it knows", component,
     kOneOfMany, check_newer_host},
    {"failing-calls", "a call of the host that fails midway ends in an answer, and can be undone",
     component, kOneOfMany, check_failing_calls},
    {"cancellation", "it comes back when the user asked to stop", component, kOneOfMany,
     check_cancellation},
    {"tensors-released", "each DLPack tensor's deleter is called exactly once", component,
     kOneOfMany, check_tensors_released},

    {"empty-program", "it gets through programs without calls", pass, kOneOfMany,
     check_empty_program},
    {"one-node-program", "it gets through programs of one call", pass, kOneOfMany,
     check_one_node_program},
    {"nested-program", "it gets through branches in branches", pass, kOneOfMany,
     check_nested_program},
    {"random-programs", "it gets through random programs, and leaves valid ones", pass, kOneOfMany,
     check_random_programs},
    {"large-program", "it gets through 100,000 calls", pass, kOneOfMany, check_large_program},
    {"unchanged-means-identical", "what was not recorded did not happen", pass, kOneOfMany,
     check_unchanged_means_identical},
    {"same-edits", "the same program twice gives the same edits", pass, kOneOfMany,
     check_same_edits},
    {"rewrite-limit", "past the limit on rewrites it leaves sites alone", pass, kOneOfMany,
     check_rewrite_limit},
    {"preserved-analyses", "what it declares to preserve is preserved", pass, kOneOfMany,
     check_preserved_analyses},
    {"idempotent", "run over its own result it changes nothing, if it declares so", pass,
     kOneOfMany, check_idempotent},
    {"numerics", "programs compute what they did, as closely as it promises", pass, kOneOfMany,
     check_numerics},

    {"accepts-the-same", "it passes programs that compute the same", verifier, kOneOfMany,
     check_accepts_the_same},
    {"refuses-the-wrong", "it does not pass a program that computes something else", verifier,
     kOneOfMany, check_refuses_the_wrong},
    {"measures-each-program", "it hands in a metric for every program", benchmark, kOneOfMany,
     check_measures_each_program},
    {"answers-every-program", "it has an answer for every program", analysis, kOneOfMany,
     check_answers_every_program},
    {"agrees-with-libtorch", "what it runs comes out as libtorch computes it", backend, kOneOfMany,
     check_agrees_with_libtorch},
};

}  // namespace

std::span<const Check> checks() {
  return kChecks;
}

}  // namespace fettle::conformance
