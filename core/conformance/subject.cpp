#include "conformance/subject.hpp"

#include <dlfcn.h>

#include <algorithm>

namespace fettle::conformance {

void Subject::load() {
  if (entry_) return;
  void* library = ::dlopen(file().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* symbol = library ? ::dlsym(library, "fettle_plugin_v1") : nullptr;
  if (!symbol) {
    const char* why = ::dlerror();
    throw Error({.code = Code::plugin_not_loadable,
                 .what = "the library cannot be loaded",
                 .why = why ? why : "",
                 .hint = "plugins must not need symbols of the host: everything comes through "
                         "fettle_host; link what else the plugin needs"});
  }
  entry_ = reinterpret_cast<Entry*>(symbol);
}

const fettle_plugin* Subject::descriptor() {
  load();
  return ask("fettle_plugin_v1", [&] { return entry_(); });
}

const std::shared_ptr<PluginLibrary>& Subject::library() {
  if (!library_) library_ = std::make_shared<PluginLibrary>(file());
  return library_;
}

Session::Session(Subject& subject, const fettle_host& host) : subject_(subject) {
  subject.library()->init(host);
}

Session::~Session() {
  try {
    subject_.library()->fini();
  } catch (...) {
    // init-and-fini-twice tells of it.
  }
}

namespace {

std::unique_ptr<Instance> make(Subject& subject, const LoadedComponent& component,
                               const std::vector<Host::GivenOption>& options) {
  return std::make_unique<Instance>(
      subject.library(), component,
      bind_options(component.info.name, component.options(), options));
}

}  // namespace

std::unique_ptr<Instance> Session::instance(const std::vector<Host::GivenOption>& options) const {
  return make(subject_, subject_.component(), options);
}

std::unique_ptr<PluginAnalysis> Session::find_analysis(std::string_view name) const {
  for (const LoadedComponent& component : subject_.library()->components()) {
    if (component.info.kind != ComponentKind::analysis || component.info.name != name) continue;
    return make_analysis(make(subject_, component, {}), *this);
  }
  return {};
}

std::string one_line(const Diagnostic& diagnostic) {
  std::string text = diagnostic.what;
  if (!diagnostic.where.empty()) text += ", " + diagnostic.where;
  if (!diagnostic.why.empty()) text += ": " + diagnostic.why;
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace fettle::conformance
