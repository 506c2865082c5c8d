#define BOOST_DLL_USE_STD_FS
#include "conformance/library_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <chrono>
#include <thread>

#include "conformance/exported_symbols.hpp"
#include "conformance/subject.hpp"
#include "host/context.hpp"
#include "host/trust.hpp"

namespace fettle::conformance {

Finding check_trusted_file(Subject& subject) {
  require_trusted_file(subject.file());
  return passed();
}

namespace {

std::vector<std::string> symbols_of(Subject& subject) {
  return boost::dll::library_info(subject.file()).symbols();
}

}  // namespace

Finding check_whole_library(Subject& subject) {
  try {
    symbols_of(subject);
  } catch (const std::exception&) {
    return failed("its headers and symbols cannot be read", "build or copy it again");
  }
  return passed();
}

Finding check_exports_entry(Subject& subject) {
  const std::vector<std::string> symbols = symbols_of(subject);
  if (std::ranges::find(symbols, "fettle_plugin_v1") != symbols.end()) return passed();
  for (const std::string& symbol : symbols) {
    if (!symbol.starts_with("fettle_plugin_v")) continue;
    return failed(fmt::format("it exports {}: it was built for another version of the ABI", symbol),
                  "build it against this fettle's sdk");
  }
  return failed("it does not export fettle_plugin_v1",
                "FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void); or FETTLE_PLUGIN of "
                "fettle.hpp");
}

Finding check_one_exported_symbol(Subject& subject) {
  const auto exported = exported_symbols(subject.file());
  if (!exported) return skipped("only symbol tables of 64-bit ELF are read");
  std::vector<std::string> others;
  std::size_t standard = 0;
  for (const ExportedSymbol& symbol : *exported) {
    if (symbol.of_standard_library) {
      ++standard;
    } else if (symbol.name != "fettle_plugin_v1") {
      others.push_back(symbol.name);
    }
  }
  if (!others.empty()) {
    constexpr std::size_t kShown = 3;
    const std::size_t more = others.size() - std::min(others.size(), kShown);
    others.resize(others.size() - more);
    return failed(
        fmt::format("it exports {}{} besides fettle_plugin_v1", fmt::join(others, ", "),
                    more ? fmt::format(" and {} more", more) : ""),
        "compile with -fvisibility=hidden: what is exported meets other plugins' symbols");
  }
  return passed(standard == 0 ? ""
                              : fmt::format("besides {} templates of the C++ library", standard));
}

Finding check_resolves_now(Subject& subject) {
  subject.load();
  return passed();
}

Finding check_abi_version(Subject& subject) {
  const fettle_plugin* plugin = subject.descriptor();
  if (!plugin) return passed("it has no descriptor to say it");  // which another check tells
  if (plugin->abi_major != FETTLE_ABI_MAJOR) {
    return failed(fmt::format("its descriptor says version {} of the ABI, its symbol {}",
                              plugin->abi_major, FETTLE_ABI_MAJOR),
                  "set abi_major to FETTLE_ABI_MAJOR");
  }
  if (usable(plugin) && plugin->abi_min_minor > FETTLE_ABI_MINOR) {
    return failed(
        fmt::format("it needs version {}.{} of the ABI, and this fettle offers {}.{}",
                    plugin->abi_major, plugin->abi_min_minor, FETTLE_ABI_MAJOR, FETTLE_ABI_MINOR),
        "use a newer fettle, or build the plugin with a lower abi_min_minor");
  }
  if (usable(plugin) && plugin->abi_min_minor > plugin->abi_minor) {
    return failed(fmt::format("it needs minor version {} and was built with {}",
                              plugin->abi_min_minor, plugin->abi_minor),
                  "set abi_minor to FETTLE_ABI_MINOR");
  }
  return passed(usable(plugin)
                    ? fmt::format("{}.{}, at least {}.{}", plugin->abi_major, plugin->abi_minor,
                                  plugin->abi_major, plugin->abi_min_minor)
                    : "");
}

Finding check_descriptor(Subject& subject) {
  try {
    subject.library();
  } catch (const Error& error) {
    if (error.code() != Code::plugin_no_interface) throw;
    return passed();  // which another check tells
  }
  const PluginInfo& info = subject.library()->info();
  return passed(fmt::format("{} {}, {} component{}", info.id, info.version, info.components.size(),
                            info.components.size() == 1 ? "" : "s"));
}

Finding check_one_interface(Subject& subject) {
  subject.library();
  return passed();
}

Finding check_documented(Subject& subject) {
  const PluginInfo& info = subject.library()->info();
  if (info.version.empty()) return failed("the plugin has no version", "reports name it");
  for (const ComponentInfo& component : info.components) {
    if (component.summary.empty()) {
      return failed(fmt::format("'{}' has no summary", component.name),
                    "one sentence, for 'fettle plugins list'");
    }
    for (const OptionInfo& option : component.options) {
      if (!option.help.empty()) continue;
      return failed(fmt::format("option '{}' of '{}' has no help", option.name, component.name),
                    "one sentence with the unit, for 'fettle plugins info'");
    }
  }
  return passed();
}

namespace {

// Everything that a descriptor says, as bytes and text.
class Snapshot {
 public:
  explicit Snapshot(const fettle_plugin* plugin) {
    if (!plugin || !usable(plugin)) return;
    bytes(plugin, plugin->size);
    text(plugin->id), text(plugin->version);
    for (std::uint64_t i = 0; plugin->components && i < plugin->n_components; ++i) {
      component(plugin->components[i]);
    }
  }
  bool operator==(const Snapshot&) const = default;

 private:
  void bytes(const void* from, std::size_t n) { all_.append(static_cast<const char*>(from), n); }
  void text(fettle_str s) { all_ += std::string(to_view(s)) + '\n'; }
  void component(const fettle_component* c) {
    if (!usable(c)) return;
    bytes(c, c->size);
    text(c->name), text(c->summary);
    for (std::uint64_t i = 0; c->options && i < c->n_options; ++i) {
      const fettle_option_decl& option = c->options[i];
      bytes(&option, sizeof option);
      text(option.name), text(option.help);
      for (std::uint64_t k = 0; option.choices && k < option.n_choices; ++k)
        text(option.choices[k]);
    }
  }
  std::string all_;
};

}  // namespace

Finding check_entry_pure(Subject& subject) {
  const fettle_plugin* first = subject.descriptor();
  const Snapshot before(first);
  const fettle_plugin* from_another_thread = nullptr;
  std::thread([&] { from_another_thread = subject.descriptor(); }).join();
  for (const fettle_plugin* again :
       {subject.descriptor(), from_another_thread, subject.descriptor()}) {
    if (again != first) {
      return failed("fettle_plugin_v1 does not always answer the same pointer",
                    "return the address of one constant");
    }
  }
  if (!(Snapshot(first) == before)) {
    return failed("what the descriptor says changes from call to call",
                  "make it constant: it is read at any time");
  }
  return passed();
}

Finding check_entry_fast(Subject& subject) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kMost = std::chrono::milliseconds(100);
  auto least = Clock::duration::max();  // a busy machine makes some calls slow, not all
  for (int i = 0; i < 5 && least > kMost; ++i) {
    const auto start = Clock::now();
    subject.descriptor();
    least = std::min(least, Clock::now() - start);
  }
  if (least <= kMost) return passed();
  return failed(fmt::format("each call of fettle_plugin_v1 takes {} ms or more",
                            std::chrono::ceil<std::chrono::milliseconds>(least).count()),
                "it is called for every plugin at every start: leave the work to init or create");
}

Finding check_unknown_interface(Subject& subject) {
  for (const LoadedComponent& component : subject.library()->components()) {
    for (const char* id : {"fettle.nothing/1", "fettle.pass/99", "fettle.pass", "", "x"}) {
      if (!ask("get_interface", [&] { return component.component->get_interface(id); })) continue;
      return failed(fmt::format("'{}' answers for the interface '{}', which nobody knows",
                                component.info.name, id),
                    "compare the whole id, and answer null for all others");
    }
    for (const char* id :
         {FETTLE_PASS_ID, FETTLE_VERIFIER_ID, FETTLE_BENCHMARK_ID, FETTLE_ANALYSIS_ID,
          FETTLE_BACKEND_ID}) {
      const void* again = component.component->get_interface(id);
      if (!again || again == component.interface) continue;
      return failed(fmt::format("'{}' answers with another table each time", component.info.name),
                    "return the address of one constant");
    }
  }
  return passed();
}

Finding check_init_and_fini_twice(Subject& subject) {
  const std::shared_ptr<PluginLibrary>& library = subject.library();
  const Snapshot before(&library->descriptor());
  for (const char* time : {"first", "second"}) {
    const auto refused = refusal_of([&] { library->init(kHostTable); });
    if (refused) {
      return failed(fmt::format("the {} init: {}", time, one_line(*refused)),
                    "fini gives back all that init took; after it, init may come again");
    }
    library->fini();
  }
  if (!(Snapshot(&library->descriptor()) == before)) {
    return failed("init changes what the descriptor says", "make it constant");
  }
  return passed();
}

}  // namespace fettle::conformance
