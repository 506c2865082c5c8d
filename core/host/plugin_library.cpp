#define BOOST_DLL_USE_STD_FS
#include "host/plugin_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <utility>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/options.hpp"
#include "host/sha256.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse_plugin(Code code, const std::filesystem::path& path, std::string what,
                                std::string why = {}, std::string hint = {}) {
  throw Error({.code = code,
               .what = std::move(what),
               .where = path.string(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

[[noreturn]] void refuse_major(const std::filesystem::path& path, unsigned major) {
  refuse_plugin(Code::plugin_other_major, path,
                fmt::format("a plugin was built for version {} of the plugin ABI", major),
                fmt::format("this fettle speaks version {}", FETTLE_ABI_MAJOR),
                "build it against this fettle's sdk");
}

// A plugin's pure functions run before anything is known of it; what they throw is a refusal too.
template <class Fn>
auto ask(const std::filesystem::path& path, std::string_view what, Fn&& fn) -> decltype(fn()) {
  try {
    return fn();
  } catch (const std::exception& e) {
    refuse_plugin(Code::plugin_threw, path, fmt::format("{} threw a C++ exception", what),
                  e.what());
  } catch (...) {
    refuse_plugin(Code::plugin_threw, path, fmt::format("{} threw a C++ exception", what));
  }
}

// The file's own symbol table, read without loading it: a file that is cut off would take the
// process down inside the system's loader, and a library that is no plugin must not run its
// initializers here.
std::vector<std::string> exported_symbols(const std::filesystem::path& path) {
  try {
    return boost::dll::library_info(path).symbols();
  } catch (const std::exception&) {  // whose text tells of streams, not of the file
    refuse_plugin(Code::plugin_not_loadable, path,
                  "a plugin is not a whole library for this machine",
                  "its headers and symbols cannot be read", "build or copy it again");
  }
}

std::string entry_name(unsigned major) {
  return fmt::format("fettle_plugin_v{}", major);
}

void require_entry(const std::filesystem::path& path) {
  const std::vector<std::string> symbols = exported_symbols(path);
  const auto exports = [&](unsigned major) {
    return std::ranges::find(symbols, entry_name(major)) != symbols.end();
  };
  if (exports(FETTLE_ABI_MAJOR)) return;
  constexpr unsigned kMajorsToTry = 16;
  for (unsigned major = 1; major < kMajorsToTry; ++major) {
    if (exports(major)) refuse_major(path, major);
  }
  refuse_plugin(Code::plugin_no_entry, path, "a library is not a fettle plugin",
                fmt::format("it does not export '{}'", entry_name(FETTLE_ABI_MAJOR)),
                "FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void)");
}

using EntryPoint = const fettle_plugin*();

// Loads the library and finds its entry point. Boost's handle closes on the way out, and the loader
// keeps the library all the same.
EntryPoint* load_entry(const std::filesystem::path& path) {
  using boost::dll::load_mode::type;
  const auto mode = static_cast<type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  try {
    boost::dll::shared_library library(path, mode);
    return &library.get<EntryPoint>(entry_name(FETTLE_ABI_MAJOR));
  } catch (const std::exception& e) {
    refuse_plugin(
        Code::plugin_not_loadable, path, "a plugin's library cannot be loaded", e.what(),
        "plugins must not need symbols of the host: everything comes through fettle_host");
  }
}

}  // namespace

PluginLibrary::PluginLibrary(const std::filesystem::path& path) {
  info_.path = path;
  info_.sha256 = sha256_of_file(path);
  require_entry(path);
  const std::string loading = "loading " + path.string();  // its initializers run
  const PluginCallScope scope(loading, {});
  EntryPoint* entry = load_entry(path);
  plugin_ = ask(path, "fettle_plugin_v1", [&] { return entry(); });
  check_descriptor();
}

PluginLibrary::~PluginLibrary() {
  try {
    fini();
  } catch (...) {
    // Nobody is left to tell, and the plugin's work is done.
  }
}

void PluginLibrary::check_descriptor() {
  const auto bad = [&](std::string why) {
    refuse_plugin(Code::plugin_bad_descriptor, info_.path, "a plugin's descriptor is wrong",
                  std::move(why));
  };
  if (!plugin_) bad("fettle_plugin_v1 returned null");
  if (plugin_->abi_major != FETTLE_ABI_MAJOR) refuse_major(info_.path, plugin_->abi_major);
  if (!usable(plugin_)) bad(fmt::format("its size, {}, is less than version 1.0's", plugin_->size));
  if (plugin_->abi_min_minor > FETTLE_ABI_MINOR) {
    refuse_plugin(Code::plugin_needs_newer_host, info_.path,
                  fmt::format("a plugin needs version {}.{} of the plugin ABI", FETTLE_ABI_MAJOR,
                              plugin_->abi_min_minor),
                  fmt::format("this fettle offers {}.{}", FETTLE_ABI_MAJOR, FETTLE_ABI_MINOR),
                  "use a newer fettle, or build the plugin with a lower abi_min_minor");
  }
  info_.id = printable(to_view(plugin_->id));
  info_.version = printable(to_view(plugin_->version));
  info_.abi_minor = plugin_->abi_minor;
  if (info_.id.empty()) bad("its id is empty");
  if (plugin_->n_components == 0 || !plugin_->components) bad("it offers no component");
  for (std::uint64_t i = 0; i < plugin_->n_components; ++i) {
    components_.push_back(check_component(plugin_->components[i]));
    for (std::uint64_t k = 0; k < i; ++k) {
      if (components_[k].info.name == components_[i].info.name) {
        bad(fmt::format("it offers two components named '{}'", components_[i].info.name));
      }
    }
    info_.components.push_back(components_.back().info);
  }
}

namespace {

// The one interface that a component answers for, by the ids known here.
struct Answer {
  ComponentKind kind = ComponentKind::pass;
  const void* table = nullptr;
  int count = 0;
};

Answer ask_interfaces(const std::filesystem::path& path, const fettle_component& component) {
  constexpr std::pair<const char*, ComponentKind> kInterfaces[] = {
      {FETTLE_PASS_ID, ComponentKind::pass},
      {FETTLE_VERIFIER_ID, ComponentKind::verifier},
      {FETTLE_BENCHMARK_ID, ComponentKind::benchmark},
      {FETTLE_ANALYSIS_ID, ComponentKind::analysis},
      {FETTLE_BACKEND_ID, ComponentKind::backend},
  };
  Answer answer;
  for (const auto& [id, kind] : kInterfaces) {
    const void* table = ask(path, "component.get_interface", [&] { return component.get_interface(id); });
    if (!table) continue;
    answer = {kind, table, answer.count + 1};
  }
  return answer;
}

// The reason for which an interface table cannot be used, or empty.
std::string fault_of(const Answer& answer) {
  switch (answer.kind) {
    case ComponentKind::pass: {
      const auto* pass = static_cast<const fettle_pass_v1*>(answer.table);
      if (!usable(pass)) return "fettle.pass/1 is smaller than version 1.0's";
      if (!pass->transform) return "fettle.pass/1 has no transform";
      if (pass->promise > FETTLE_PROMISE_CHANGES_RESULTS) return "its promise is unknown";
      const fettle_pass_v1 known = read_struct(pass);
      if (known.n_preserves > 0 && !known.preserves) return "what it preserves is null";
      return {};
    }
    case ComponentKind::verifier: {
      const auto* verifier = static_cast<const fettle_verifier_v1*>(answer.table);
      if (!usable(verifier)) return "fettle.verifier/1 is smaller than version 1.0's";
      return verifier->verify ? "" : "fettle.verifier/1 has no verify";
    }
    case ComponentKind::benchmark: {
      const auto* benchmark = static_cast<const fettle_benchmark_v1*>(answer.table);
      if (!usable(benchmark)) return "fettle.benchmark/1 is smaller than version 1.0's";
      return benchmark->measure ? "" : "fettle.benchmark/1 has no measure";
    }
    case ComponentKind::analysis: {
      const auto* analysis = static_cast<const fettle_analysis_v1*>(answer.table);
      if (!usable(analysis)) return "fettle.analysis/1 is smaller than version 1.1's";
      if (!analysis->compute || !analysis->release) {
        return "fettle.analysis/1 lacks compute or release";
      }
      return to_view(analysis->answer_id).empty() ? "fettle.analysis/1 has no answer_id" : "";
    }
    case ComponentKind::backend: {
      const auto* backend = static_cast<const fettle_backend_v1*>(answer.table);
      if (!usable(backend)) return "fettle.backend/1 is smaller than version 1.1's";
      const bool whole =
          backend->claim && backend->compile && backend->launch && backend->release;
      return whole ? "" : "fettle.backend/1 lacks claim, compile, launch or release";
    }
  }
  return {};
}

// Analyses that this host does not have have nothing to keep.
std::vector<Analysis> preserved_by(const fettle_pass_v1* table) {
  const fettle_pass_v1 pass = read_struct(table);
  std::vector<Analysis> preserved;
  for (std::uint64_t i = 0; i < pass.n_preserves; ++i) {
    const auto analysis = analysis_of_interface(to_view(pass.preserves[i]));
    if (analysis) preserved.push_back(*analysis);
  }
  return preserved;
}

}  // namespace

LoadedComponent PluginLibrary::check_component(const fettle_component* component) {
  const auto bad = [&](std::string why) {
    refuse_plugin(Code::plugin_bad_descriptor, info_.path, "a component's descriptor is wrong",
                  std::move(why));
  };
  if (!usable(component)) bad("it is null or smaller than version 1.0's");
  const std::string name = printable(to_view(component->name));
  if (!is_snake_case(name)) bad(fmt::format("the name '{}' is not snake_case", name));
  if (!component->create || !component->destroy || !component->get_interface) {
    bad(fmt::format("'{}' lacks create, destroy or get_interface", name));
  }
  if (component->n_options > 0 && !component->options) bad(name + ": its options are null");

  const Answer answer = ask_interfaces(info_.path, *component);
  if (answer.count != 1) {
    refuse_plugin(Code::plugin_no_interface, info_.path,
                  fmt::format("'{}' is {}", name,
                              answer.count == 0 ? "no pass, analysis, verifier, benchmark or backend"
                                                : "of several kinds at once"),
                  "one component answers for one interface that this fettle knows");
  }
  if (const std::string fault = fault_of(answer); !fault.empty()) bad(name + ": " + fault);

  LoadedComponent loaded{component, answer.table, {}};
  loaded.info.kind = answer.kind;
  loaded.info.name = name;
  loaded.info.summary = printable(to_view(component->summary));
  loaded.info.plugin_id = info_.id;
  if (answer.kind == ComponentKind::pass) {
    const auto* pass = static_cast<const fettle_pass_v1*>(answer.table);
    loaded.info.promise = static_cast<Promise>(pass->promise);
    loaded.info.preserves = preserved_by(pass);
    loaded.info.idempotent = (read_struct(pass).flags & FETTLE_PASS_IDEMPOTENT) != 0;
  }
  if (answer.kind == ComponentKind::verifier) {
    const auto* verifier = static_cast<const fettle_verifier_v1*>(answer.table);
    loaded.info.reads_rewrites =
        (read_struct(verifier).flags & FETTLE_VERIFIER_READS_REWRITES) != 0;
  }
  const std::string where = fmt::format("{}: component '{}'", info_.path.string(), name);
  for (const fettle_option_decl& option : loaded.options()) {
    OptionInfo described = describe_option(option, where);
    for (const OptionInfo& other : loaded.info.options) {
      if (other.name == described.name) {
        bad(fmt::format("'{}' declares the option '{}' twice", name, other.name));
      }
    }
    loaded.info.options.push_back(std::move(described));
  }
  return loaded;
}

void PluginLibrary::init() {
  init(kHostTable);
}

void PluginLibrary::init(const fettle_host& host) {
  if (plugin_->init) {
    Outcome outcome;
    fettle_ctx ctx(outcome, info_.id);
    try {
      call_plugin(ctx, fmt::format("the init of plugin '{}'", info_.id),
                  [&] { return plugin_->init(&host, &ctx); });
    } catch (const Error& error) {
      Diagnostic d = error.diagnostic();
      if (d.code == Code::plugin_failed) d.code = Code::plugin_init_failed;
      d.where = info_.path.string();
      throw Error(std::move(d));
    }
  }
  initialized_ = true;
}

void PluginLibrary::fini() {
  if (!std::exchange(initialized_, false) || !plugin_->fini) return;
  Outcome outcome;
  fettle_ctx ctx(outcome, info_.id);
  call_plugin(ctx, fmt::format("the fini of plugin '{}'", info_.id), [&] {
    plugin_->fini();
    return FETTLE_OK;
  });
}

}  // namespace fettle
