#include "conformance/child.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <map>

#include "base/child_process.hpp"

namespace fettle::conformance {
namespace {

namespace json = boost::json;

// Not to the usual descriptors, as the plugin may write to those.
void send(const json::object& line) {
  const std::string text = json::serialize(line) + "\n";
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::write(kChildChannel, text.data() + sent, text.size() - sent);
    if (n <= 0) ::_exit(0);  // the parent is gone: nobody is left to check for
    sent += static_cast<std::size_t>(n);
  }
}

bool is_about(Scope scope, ComponentKind kind) {
  switch (scope) {
    case Scope::library:
      return false;
    case Scope::component:
      return true;
    case Scope::pass:
      return kind == ComponentKind::pass;
    case Scope::verifier:
      return kind == ComponentKind::verifier;
    case Scope::benchmark:
      return kind == ComponentKind::benchmark;
    case Scope::analysis:
      return kind == ComponentKind::analysis;
    case Scope::backend:
      return kind == ComponentKind::backend;
  }
  return false;
}

class Child {
 public:
  explicit Child(const ChildPlan& plan) : subject_(plan.settings), first_(plan.first) {
    for (const std::string& failed : plan.failed) {
      const std::size_t at = failed.find('@');
      for (const Check& check : checks()) {
        if (check.name != failed.substr(0, at)) continue;
        put_out(check, at == std::string::npos ? "" : failed.substr(at + 1));
      }
    }
  }

  void run() {
    for (const Check& check : checks()) {
      if (check.scope == Scope::library) {
        ask(check, nullptr);
        continue;
      }
      if (nothing_else_) break;
      if (!told_who_) tell_who();
      for (const LoadedComponent& component : subject_.library()->components()) {
        if (is_about(check.scope, component.info.kind)) ask(check, &component);
      }
    }
    if (nothing_else_) skip_components();
    send({{"done", true}});
  }

 private:
  // Every child counts alike, so that the parent can say where the next one goes on.
  void ask(const Check& check, const LoadedComponent* component) {
    const std::size_t item = next_++;
    const std::string name = component ? component->info.name : "";
    if (item < first_) return;
    const std::string& only = subject_.settings().only;
    if (!only.empty() && only != check.name && !check.vital) return;
    const bool in_question = !nothing_else_ && !out_.contains(name);
    send({{"begin", item}, {"check", check.name}, {"component", name}, {"vital", check.vital}});
    if (!in_question) {
      return tell(skipped("not asked, as " + why_out(name) + " failed"), {});
    }
    subject_.set_component(component);
    std::string threw;
    const Finding finding = run(check, threw);
    if (finding.result == Result::fail && check.vital) put_out(check, name);
    tell(finding, threw);
  }

  Finding run(const Check& check, std::string& threw) {
    try {
      return check.run(subject_);
    } catch (const Error& error) {
      const Diagnostic& d = error.diagnostic();
      if (error.code() != Code::plugin_threw) return failed(one_line(d), d.hint);
      threw = one_line(d);
      return skipped(fmt::format("cut short by a C++ exception: see {}", kExceptions));
    } catch (const std::exception& error) {
      return failed(fmt::format("the check itself failed: {}", error.what()),
                    "this may be a bug in fettle: please report it with the plugin");
    }
  }

  void put_out(const Check& check, const std::string& component) {
    if (component.empty()) {
      nothing_else_ = &check;
    } else {
      out_.emplace(component, check.name);
    }
  }
  std::string why_out(const std::string& component) const {
    return std::string(nothing_else_ ? nothing_else_->name : out_.find(component)->second);
  }

  void skip_components() {
    for (const Check& check : checks()) {
      if (check.scope != Scope::library) ask(check, nullptr);
    }
  }

  void tell(const Finding& finding, const std::string& threw) {
    send({{"result", static_cast<int>(finding.result)},
          {"text", finding.text},
          {"hint", finding.hint},
          {"threw", threw}});
  }

  void tell_who() {
    told_who_ = true;
    const PluginInfo& info = subject_.library()->info();
    send({{"plugin", info.id}, {"version", info.version}});
  }

  Subject subject_;
  std::size_t first_, next_ = 0;
  bool told_who_ = false;
  const Check* nothing_else_ = nullptr;
  std::map<std::string, std::string_view, std::less<>> out_;
};

}  // namespace

std::vector<std::string> arguments_of(const ChildPlan& plan) {
  const Settings& s = plan.settings;
  std::vector<std::string> all = {
      s.file.string(), std::to_string(s.seed),     s.only,
      s.verifier,      s.verifier_folder.string(), std::to_string(plan.first)};
  all.insert(all.end(), plan.failed.begin(), plan.failed.end());
  return all;
}

int child_main(const std::vector<std::string>& arguments) {
  constexpr std::size_t kFixed = 6;
  if (arguments.size() < kFixed) return EXIT_FAILURE;
  ChildPlan plan;
  plan.settings = {arguments[0], std::stoull(arguments[1]), arguments[2], arguments[3],
                   arguments[4]};
  plan.first = std::stoull(arguments[5]);
  plan.failed.assign(arguments.begin() + kFixed, arguments.end());
  Child(plan).run();
  return EXIT_SUCCESS;
}

}  // namespace fettle::conformance
