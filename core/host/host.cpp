#include "host/host.hpp"

#include <fmt/format.h>

#include <map>

#include "host/discovery.hpp"
#include "host/instance.hpp"

namespace fettle {

namespace fs = std::filesystem;

struct Host::Impl final : AnalysisLookup {
  struct Found {
    std::shared_ptr<const PluginLibrary> library;
    const LoadedComponent* component;
  };

  Discovery found;
  std::vector<PluginInfo> infos;
  std::vector<Refusal> refusals;
  std::map<std::string, Found, std::less<>> by_name;

  const Found& find(ComponentKind kind, std::string_view name) const;
  std::vector<std::string> names(ComponentKind kind) const;
  std::unique_ptr<Instance> create(ComponentKind kind, std::string_view name,
                                   const std::vector<GivenOption>& options) const;
  std::unique_ptr<PluginAnalysis> find_analysis(std::string_view name) const override;
};

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
  impl_->found = discover(search);
  if (const Diagnostic* stop = impl_->found.stop()) throw Error(*stop);
  impl_->refusals = impl_->found.refusals();
  for (const auto& library : impl_->found.libraries) {
    impl_->infos.push_back(library->info());
    for (const LoadedComponent& component : library->components()) {
      impl_->by_name.emplace(component.info.name, Impl::Found{library, &component});
    }
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
