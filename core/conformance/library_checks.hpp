// Checks of the library as a whole: its file, its symbols, its entry point, its descriptor, and
// init and fini. Most look at it before the host does.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_trusted_file(Subject& subject);
Finding check_whole_library(Subject& subject);
Finding check_exports_entry(Subject& subject);
Finding check_one_exported_symbol(Subject& subject);
Finding check_resolves_now(Subject& subject);
Finding check_abi_version(Subject& subject);
Finding check_descriptor(Subject& subject);
Finding check_one_interface(Subject& subject);
Finding check_documented(Subject& subject);
Finding check_entry_pure(Subject& subject);
Finding check_entry_fast(Subject& subject);
Finding check_unknown_interface(Subject& subject);
Finding check_init_and_fini_twice(Subject& subject);

}  // namespace fettle::conformance
