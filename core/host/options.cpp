#include "host/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "host/context.hpp"

namespace fettle {
namespace {

using Decl = fettle_option_decl;

std::string_view type_name(std::uint32_t type) {
  constexpr std::string_view kNames[] = {"?", "true or false", "a whole number", "a number",
                                         "text"};
  return type <= FETTLE_OPTION_STRING ? kNames[type] : kNames[0];
}

std::string text_of(std::uint32_t type, const fettle_option_value& value) {
  switch (type) {
    case FETTLE_OPTION_BOOL:
      return value.i ? "true" : "false";
    case FETTLE_OPTION_INT:
      return std::to_string(value.i);
    case FETTLE_OPTION_FLOAT:
      return fmt::format("{}", value.f);
    default:
      return std::string(to_view(value.s));
  }
}

bool in_range(const Decl& d, const fettle_option_value& value) {
  if (!d.has_range) return true;
  if (d.type == FETTLE_OPTION_INT) return d.min.i <= value.i && value.i <= d.max.i;
  return d.min.f <= value.f && value.f <= d.max.f;
}

std::vector<std::string> choices_of(const Decl& d) {
  std::vector<std::string> choices;
  for (std::uint64_t i = 0; i < d.n_choices; ++i) choices.emplace_back(to_view(d.choices[i]));
  return choices;
}

bool is_choice(const Decl& d, std::string_view text) {
  const std::vector<std::string> choices = choices_of(d);
  return choices.empty() || std::ranges::find(choices, text) != choices.end();
}

std::string range_text(const Decl& d) {
  if (d.has_range) return text_of(d.type, d.min) + ".." + text_of(d.type, d.max);
  return fmt::format("{}", fmt::join(choices_of(d), "|"));
}

[[noreturn]] void reject(Code code, std::string_view component, const Host::GivenOption& given,
                         std::string why, std::string hint) {
  throw Error({.code = code,
               .what = fmt::format("the option '{}' of '{}' cannot be '{}'", given.name, component,
                                   given.text),
               .where = given.where,
               .why = std::move(why),
               .hint = std::move(hint)});
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// What the text says, read as the declared type; false if it does not say such a value.
bool parse(const Decl& d, std::string_view text, fettle_option_value& out) {
  switch (d.type) {
    case FETTLE_OPTION_BOOL:
      out.i = text == "true";
      return text == "true" || text == "false";
    case FETTLE_OPTION_INT:
      return parse_number(text, out.i);
    case FETTLE_OPTION_FLOAT:
      return parse_number(text, out.f) && std::isfinite(out.f);
    default:
      return true;
  }
}

fettle_option_value value_of(std::string_view component, const Decl& d,
                             const Host::GivenOption& given) {
  fettle_option_value value{};
  if (!parse(d, given.text, value)) {
    reject(Code::option_type, component, given, fmt::format("it is {}", type_name(d.type)),
           fmt::format("the default is {}", text_of(d.type, d.default_value)));
  }
  if (!in_range(d, value)) {
    reject(Code::option_range, component, given, fmt::format("it lies in {}", range_text(d)), {});
  }
  if (d.type == FETTLE_OPTION_STRING && !is_choice(d, given.text)) {
    reject(Code::option_choice, component, given, fmt::format("it is one of {}", range_text(d)),
           suggest(given.text, choices_of(d)));
  }
  return value;
}

// The reason for which a declaration makes no sense, or empty.
std::string fault_of(const Decl& d) {
  if (!is_snake_case(to_view(d.name))) return "its name is not snake_case";
  if (d.type < FETTLE_OPTION_BOOL || d.type > FETTLE_OPTION_STRING) return "its type is unknown";
  const bool number = d.type == FETTLE_OPTION_INT || d.type == FETTLE_OPTION_FLOAT;
  if (d.has_range && !number) return "only numbers have a range";
  if (d.n_choices && (d.type != FETTLE_OPTION_STRING || !d.choices)) return "only text has choices";
  if (d.type == FETTLE_OPTION_BOOL && d.default_value.i != 0 && d.default_value.i != 1) {
    return "its default is neither 0 nor 1";
  }
  if (d.type == FETTLE_OPTION_FLOAT && !std::isfinite(d.default_value.f)) {
    return "its default is not finite";
  }
  if (number && !in_range(d, d.default_value)) return "its default lies outside its range";
  if (d.type == FETTLE_OPTION_STRING && !is_choice(d, to_view(d.default_value.s))) {
    return "its default is not one of its choices";
  }
  return {};
}

const Host::GivenOption* find_given(std::string_view component, std::string_view name,
                                    const std::vector<Host::GivenOption>& given) {
  const Host::GivenOption* found = nullptr;
  for (const Host::GivenOption& option : given) {
    if (option.name != name) continue;
    if (found) {
      throw Error({.code = Code::option_duplicate,
                   .what = fmt::format("the option '{}' of '{}' is given twice", name, component),
                   .where = option.where,
                   .why = "it was given first at " + found->where});
    }
    found = &option;
  }
  return found;
}

}  // namespace

bool is_snake_case(std::string_view name) {
  const auto fits = [](char c) {
    return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && 'a' <= name[0] && name[0] <= 'z' &&
         std::ranges::all_of(name, fits);
}

OptionInfo describe_option(const Decl& d, const std::string& where) {
  if (const std::string fault = fault_of(d); !fault.empty()) {
    throw Error(
        {.code = Code::plugin_bad_descriptor,
         .what = fmt::format("the option '{}' is declared wrongly", printable(to_view(d.name))),
         .where = where,
         .why = fault});
  }
  constexpr OptionType kTypes[] = {OptionType::boolean, OptionType::integer, OptionType::real,
                                   OptionType::string};
  return {.name = std::string(to_view(d.name)),
          .help = printable(to_view(d.help)),
          .type = kTypes[d.type - FETTLE_OPTION_BOOL],
          .default_text = text_of(d.type, d.default_value),
          .range_text = range_text(d),
          .choices = choices_of(d)};
}

BoundOptions bind_options(std::string_view component, std::span<const Decl> declared,
                          const std::vector<Host::GivenOption>& given) {
  std::vector<std::string> names;
  for (const Decl& d : declared) names.emplace_back(to_view(d.name));
  for (const Host::GivenOption& option : given) {
    if (std::ranges::find(names, option.name) == names.end()) {
      throw Error({.code = Code::option_unknown,
                   .what = fmt::format("'{}' has no option '{}'", component, option.name),
                   .where = option.where,
                   .hint = names.empty() ? "it takes no options" : suggest(option.name, names)});
    }
  }
  BoundOptions bound;
  bound.texts.reserve(declared.size());  // the values' text points into it
  for (const Decl& d : declared) {
    const Host::GivenOption* asked = find_given(component, to_view(d.name), given);
    fettle_option option{};
    option.name = d.name;
    option.type = d.type;
    option.value = asked ? value_of(component, d, *asked) : d.default_value;
    const bool text = d.type == FETTLE_OPTION_STRING;
    bound.texts.emplace_back(to_view(d.name),
                             asked && text ? asked->text : text_of(d.type, option.value));
    if (text) option.value.s = to_abi(bound.texts.back().second);
    bound.values.push_back(option);
  }
  return bound;
}

}  // namespace fettle
