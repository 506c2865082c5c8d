#include "conformance/option_checks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "conformance/subject.hpp"
#include "host/context.hpp"

namespace fettle::conformance {
namespace {

using Decl = fettle_option_decl;

std::vector<Host::GivenOption> given(const Decl& option, std::string text) {
  return {{std::string(to_view(option.name)), std::move(text), "plugins check"}};
}

// Values that the declaration allows, besides the default. Text that is free may still have to mean
// something (a path, an expression): create may refuse it.
bool is_free_text(const Decl& d) {
  return d.type == FETTLE_OPTION_STRING && d.n_choices == 0;
}
std::vector<std::string> allowed_values(const Decl& d) {
  switch (d.type) {
    case FETTLE_OPTION_BOOL:
      return {"false", "true"};
    case FETTLE_OPTION_INT:
      if (d.has_range) return {std::to_string(d.min.i), std::to_string(d.max.i)};
      return {"-1", "0", std::to_string(std::numeric_limits<std::int64_t>::max()),
              std::to_string(std::numeric_limits<std::int64_t>::min())};
    case FETTLE_OPTION_FLOAT:
      if (d.has_range) return {fmt::format("{}", d.min.f), fmt::format("{}", d.max.f)};
      return {"0", "-1.5", "1e300"};
    default:
      break;
  }
  if (d.n_choices == 0) return {"", "a", std::string(4096, 'x'), "\xc3\xa9\xe2\x82\xac"};
  std::vector<std::string> choices;
  for (std::uint64_t i = 0; i < d.n_choices; ++i) choices.emplace_back(to_view(d.choices[i]));
  return choices;
}

// Values that the host never hands over.
std::vector<fettle_option_value> forbidden_values(const Decl& d) {
  const auto integer = [](std::int64_t i) { return fettle_option_value{i, 0, {}}; };
  const auto real = [](double f) { return fettle_option_value{0, f, {}}; };
  std::vector<fettle_option_value> all;
  if (d.type == FETTLE_OPTION_BOOL) all = {integer(2), integer(-1)};
  if (d.type == FETTLE_OPTION_INT && d.has_range) {
    if (d.min.i > std::numeric_limits<std::int64_t>::min()) {
      all.push_back(integer(d.min.i - 1));
      all.push_back(integer(std::numeric_limits<std::int64_t>::min()));
    }
    if (d.max.i < std::numeric_limits<std::int64_t>::max()) {
      all.push_back(integer(d.max.i + 1));
      all.push_back(integer(std::numeric_limits<std::int64_t>::max()));
    }
  }
  if (d.type == FETTLE_OPTION_FLOAT) {
    all = {real(std::nan("")), real(std::numeric_limits<double>::infinity())};
    if (d.has_range) all.push_back(real(std::nextafter(d.max.f, HUGE_VAL)));
  }
  if (d.type == FETTLE_OPTION_STRING && d.n_choices > 0) {
    static constexpr std::string_view kNone = "no such choice";
    all = {{0, 0, {}}, {0, 0, to_abi(kNone)}};
  }
  return all;
}

std::string text_of(const Decl& d, const fettle_option_value& value) {
  if (d.type == FETTLE_OPTION_FLOAT) return fmt::format("{}", value.f);
  if (d.type == FETTLE_OPTION_STRING) return fmt::format("'{}'", to_view(value.s));
  return std::to_string(value.i);
}

}  // namespace

Finding check_options_default(Subject& subject) {
  const Session session(subject);
  const auto refused = refusal_of([&] {
    const auto first = session.instance(), second = session.instance();  // side by side
  });
  if (!refused) return passed();
  return failed(one_line(*refused), "create must take the defaults that the component declares");
}

Finding check_options_allowed(Subject& subject) {
  const Session session(subject);
  std::size_t tried = 0;
  for (const Decl& option : subject.component().options()) {
    for (const std::string& value : allowed_values(option)) {
      const auto refused = refusal_of([&] { session.instance(given(option, value)); });
      ++tried;
      if (!refused || is_free_text(option)) continue;
      return failed(fmt::format("{}: {} is allowed, and {}", to_view(option.name),
                                value.empty() ? "\"\"" : value.substr(0, 32), one_line(*refused)),
                    "declare the range or the choices that create takes");
    }
  }
  if (tried == 0) return skipped("it has no options");
  return passed(fmt::format("{} values", tried));
}

Finding check_options_out_of_range(Subject& subject) {
  const Session session(subject);
  const LoadedComponent& component = subject.component();
  std::size_t tried = 0;
  for (std::size_t i = 0; i < component.options().size(); ++i) {
    const Decl& option = component.options()[i];
    for (const fettle_option_value& value : forbidden_values(option)) {
      BoundOptions bound = bind_options(component.info.name, component.options(), {});
      bound.values[i].value = value;
      bound.texts[i].second = text_of(option, value);
      // It may take it or refuse it: the host would have refused it before.
      refusal_of([&] { Instance(subject.library(), component, std::move(bound)); });
      ++tried;
    }
  }
  if (tried == 0) return skipped("every value of its options is allowed");
  return passed(fmt::format("{} values", tried));
}

}  // namespace fettle::conformance
