#include "host/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/instance.hpp"
#include "host/search.hpp"
#include "host/trust.hpp"

namespace fettle {

namespace fs = std::filesystem;

struct Host::Impl final : AnalysisLookup {
  struct Found {
    std::shared_ptr<const PluginLibrary> library;
    const LoadedComponent* component;
  };

  std::vector<std::shared_ptr<const PluginLibrary>> libraries;
  std::vector<PluginInfo> infos;
  std::vector<Refusal> refusals;
  std::map<std::string, Found, std::less<>> by_name;

  void search_folder(const SearchFolder& folder);
  void load(const fs::path& file);
  void require_new_names(const PluginLibrary& library) const;
  const Found& find(ComponentKind kind, std::string_view name) const;
  std::vector<std::string> names(ComponentKind kind) const;
  std::unique_ptr<Instance> create(ComponentKind kind, std::string_view name,
                                   const std::vector<GivenOption>& options) const;
  std::unique_ptr<PluginAnalysis> find_analysis(std::string_view name) const override;
};

void Host::Impl::require_new_names(const PluginLibrary& library) const {
  for (const ComponentInfo& component : library.info().components) {
    const auto other = by_name.find(component.name);
    if (other == by_name.end()) continue;
    throw Error({.code = Code::plugin_duplicate_name,
                 .what = fmt::format("two plugins offer a component named '{}'", component.name),
                 .where = library.info().path.string(),
                 .why = "the other is " + other->second.library->info().path.string(),
                 .hint = "remove one of the files, or rename the component"});
  }
}

void Host::Impl::load(const fs::path& file) {
  require_trusted_file(file);
  auto library = std::make_shared<PluginLibrary>(file);
  for (const auto& other : libraries) {
    // The same plugin met again through another folder, by name or as a copy.
    if (other->info().path == file || other->info().sha256 == library->info().sha256) return;
  }
  require_new_names(*library);
  library->init();
  for (const LoadedComponent& component : library->components()) {
    by_name.emplace(component.info.name, Found{library, &component});
  }
  infos.push_back(library->info());
  libraries.push_back(std::move(library));
}

void Host::Impl::search_folder(const SearchFolder& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder.path, error);
  if (error || !fs::is_directory(real, error)) {
    if (!folder.asked_for) return;
    throw Error(
        {.code = Code::plugin_not_found,
         .what = error ? "a plugin folder does not exist" : "a plugin folder is not a folder",
         .where = folder.path.string(),
         .why = error ? error.message() : "it is a file",
         .hint = "name the folder that holds the plugin's library"});
  }
  if (folder.asked_for) require_trusted_folder(real);
  const std::size_t loaded_before = libraries.size();
  const std::size_t refused_before = refusals.size();
  for (const fs::path& named : libraries_in(real)) {
    try {
      const fs::path file = fs::canonical(named, error);
      if (error) {
        throw Error({.code = Code::plugin_not_found,
                     .what = "a plugin file cannot be read",
                     .where = named.string(),
                     .why = error.message()});
      }
      load(file);
    } catch (const Error& refusal) {
      if (refusal.code() == Code::plugin_duplicate_name) throw;
      refusals.push_back({named, refusal.diagnostic()});
    }
  }
  // Of a folder that was asked for, files that were refused are an error if nothing else came of
  // it.
  if (folder.asked_for && libraries.size() == loaded_before && refusals.size() > refused_before) {
    throw Error(refusals[refused_before].reason);
  }
}

std::vector<std::string> Host::Impl::names(ComponentKind kind) const {
  std::vector<std::string> names;
  for (const auto& [name, found] : by_name) {
    if (found.component->info.kind == kind) names.push_back(name);
  }
  return names;
}

const Host::Impl::Found& Host::Impl::find(ComponentKind kind, std::string_view name) const {
  const auto at = by_name.find(name);
  if (at != by_name.end() && at->second.component->info.kind == kind) return at->second;
  std::string why;
  if (at != by_name.end()) {
    why = fmt::format("'{}' is a {}", name, component_kind_name(at->second.component->info.kind));
  } else {
    // A refused file is likely to have offered the name that it bears.
    for (const Refusal& refusal : refusals) {
      if (refusal.path.stem().string().find(name) == std::string::npos) continue;
      why = fmt::format("{} was refused: {}", refusal.path.string(), refusal.reason.what);
      if (!refusal.reason.why.empty()) why += " (" + refusal.reason.why + ")";
    }
    if (why.empty() && !refusals.empty()) {
      const Refusal& first = refusals.front();
      why = fmt::format("plugins were refused ({}), the first was {}: {}", refusals.size(),
                        first.path.string(), first.reason.what);
    }
  }
  throw Error({.code = Code::component_unknown,
               .what = fmt::format("there is no {} '{}'", component_kind_name(kind), name),
               .why = std::move(why),
               .hint = suggest(name, names(kind))});
}

std::unique_ptr<Instance> Host::Impl::create(ComponentKind kind, std::string_view name,
                                             const std::vector<GivenOption>& options) const {
  const Found& found = find(kind, name);
  return std::make_unique<Instance>(found.library, *found.component,
                                    bind_options(name, found.component->options(), options));
}

std::unique_ptr<PluginAnalysis> Host::Impl::find_analysis(std::string_view name) const {
  const auto at = by_name.find(name);
  if (at == by_name.end() || at->second.component->info.kind != ComponentKind::analysis) return {};
  return make_analysis(create(ComponentKind::analysis, name, {}), *this);
}

Host::Host(const Search& search) : impl_(std::make_unique<Impl>()) {
  for (const SearchFolder& folder : search_folders(search, impl_->refusals)) {
    impl_->search_folder(folder);
  }
}

Host::~Host() = default;

const std::vector<PluginInfo>& Host::plugins() const {
  return impl_->infos;
}
const std::vector<Refusal>& Host::refusals() const {
  return impl_->refusals;
}

const ComponentInfo& Host::component(ComponentKind kind, std::string_view name) const {
  return impl_->find(kind, name).component->info;
}
std::vector<std::string> Host::names(ComponentKind kind) const {
  return impl_->names(kind);
}

std::unique_ptr<Pass> Host::create_pass(std::string_view name,
                                        const std::vector<GivenOption>& options) const {
  return make_pass(impl_->create(ComponentKind::pass, name, options), *impl_);
}
ResolvedOptions Host::resolve_options(ComponentKind kind, std::string_view name,
                                      const std::vector<GivenOption>& options) const {
  return bind_options(name, impl_->find(kind, name).component->options(), options).texts;
}
std::unique_ptr<Verifier> Host::create_verifier(std::string_view name,
                                                const std::vector<GivenOption>& options) const {
  return make_verifier(impl_->create(ComponentKind::verifier, name, options));
}
std::unique_ptr<Benchmark> Host::create_benchmark(std::string_view name,
                                                  const std::vector<GivenOption>& options) const {
  return make_benchmark(impl_->create(ComponentKind::benchmark, name, options));
}
std::unique_ptr<PluginAnalysis> Host::create_analysis(
    std::string_view name, const std::vector<GivenOption>& options) const {
  return make_analysis(impl_->create(ComponentKind::analysis, name, options), *impl_);
}
std::unique_ptr<Backend> Host::create_backend(std::string_view name,
                                              const std::vector<GivenOption>& options) const {
  return make_backend(impl_->create(ComponentKind::backend, name, options));
}

}  // namespace fettle
