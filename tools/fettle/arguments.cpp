#include "arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"

namespace fettle {

namespace po = boost::program_options;

namespace {

void add_value(po::options_description& options, const std::string& name, bool list) {
  if (list) {
    options.add_options()(name.c_str(), po::value<std::vector<std::string>>()->composing());
  } else {
    options.add_options()(name.c_str(), po::value<std::string>());
  }
}

}  // namespace

std::string usage_text(const CommandSpec& spec, std::string_view separator) {
  std::string out;
  for (const std::string& line : spec.synopsis) {
    out += fmt::format("{}fettle {}", out.empty() ? "" : separator, line);
  }
  return out;
}

HelpAsked Arguments::parse(const std::vector<std::string>& arguments) {
  store(arguments);
  if (flag("help")) {
    const bool brief = std::ranges::find(arguments, "--help") == arguments.end();
    return brief ? HelpAsked::brief : HelpAsked::full;
  }
  check();
  return HelpAsked::no;
}

void Arguments::store(const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("help,h", po::bool_switch());
  for (const OptionSpec& option : spec_.options) {
    const std::string names =
        option.letter.empty() ? option.name : option.name + "," + option.letter;
    if (option.value.empty())
      options.add_options()(names.c_str(), po::bool_switch());
    else
      add_value(options, names, option.repeatable);
  }
  po::positional_options_description order;
  for (const PositionalSpec& positional : spec_.positionals) {
    add_value(options, positional.name, positional.repeatable);
    order.add(positional.name.c_str(), positional.repeatable ? -1 : 1);
  }
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(
        po::command_line_parser(arguments).options(options).positional(order).style(style).run(),
        values_);
  } catch (const po::unknown_option& error) {
    fail_unknown(error.get_option_name());
  } catch (const po::too_many_positional_options_error&) {
    fail("too many arguments");
  } catch (const po::multiple_occurrences& error) {
    fail(fmt::format("{} is given twice", error.get_option_name()));
  } catch (const po::error& error) {
    fail(error.what());
  }
}

void Arguments::check() const {
  for (const OptionSpec& option : spec_.options) {
    const std::string label = "--" + option.name;
    if (option.value.empty() || !has(option.name)) continue;
    const std::vector<std::string> given =
        option.repeatable ? list(option.name) : std::vector{text(option.name)};
    if (std::ranges::find(given, "") != given.end()) {
      throw Error({Code::usage_bad_argument,
                   fmt::format("{} is given without a value", label),
                   {},
                   "it is the empty text",
                   fmt::format("leave {} out, or name one", label)});
    }
    if (!option.choices.empty()) check_choice(label, option.name, option.choices);
  }
  for (const PositionalSpec& positional : spec_.positionals) {
    const bool given =
        positional.repeatable ? !list(positional.name).empty() : !text(positional.name).empty();
    if (positional.required && !given) fail(fmt::format("{} is missing", positional.name));
    if (!positional.choices.empty() && given) {
      check_choice(positional.name, positional.name, positional.choices);
    }
  }
}

std::string Arguments::text(const std::string& name, std::string_view otherwise) const {
  return has(name) ? values_[name].as<std::string>() : std::string(otherwise);
}

std::vector<std::string> Arguments::list(const std::string& name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>{};
}

std::vector<Arguments::Given> Arguments::given(const std::vector<OptionSpec>& options) const {
  std::vector<Given> all;
  for (const OptionSpec& option : options) {
    if (option.value.empty() || !has(option.name)) continue;
    for (const std::string& value :
         option.repeatable ? list(option.name) : std::vector{text(option.name)}) {
      all.push_back({option.name, value});
    }
  }
  return all;
}

std::string Arguments::choice(const std::string& name) const {
  const auto option = std::ranges::find(spec_.options, name, &OptionSpec::name);
  const auto positional = std::ranges::find(spec_.positionals, name, &PositionalSpec::name);
  return text(
      name, option != spec_.options.end() ? option->choices.front() : positional->choices.front());
}

void Arguments::check_choice(const std::string& label, const std::string& name,
                             const std::vector<std::string>& choices) const {
  const std::string given = text(name);
  if (std::ranges::find(choices, given) != choices.end()) return;
  throw Error(
      {Code::usage_bad_argument,
       fmt::format("{} must be one of {}, but is '{}'", label, fmt::join(choices, ", "), given),
       {},
       {},
       suggest(given, choices)});
}

std::int64_t Arguments::whole_number(const std::string& name, std::int64_t otherwise,
                                     std::int64_t min, std::int64_t max) const {
  if (!has(name)) return otherwise;
  const std::string given = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  if (error == std::errc{} && end == given.data() + given.size() && number >= min &&
      number <= max) {
    return number;
  }
  fail(fmt::format("--{} must be a whole number in {}..{}, but is '{}'", name, min, max, given));
}

void Arguments::fail(std::string what) const {
  throw Error({Code::usage_bad_argument,
               std::move(what),
               {},
               {},
               fmt::format("usage: {}", usage_text(spec_, "; "))});
}

void Arguments::fail_unknown(const std::string& given) const {
  std::vector<std::string> known = {"--help"};
  for (const OptionSpec& option : spec_.options) known.push_back("--" + option.name);
  throw Error({Code::usage_unknown_option,
               fmt::format("'fettle {}' has no option '{}'", spec_.name, given),
               {},
               {},
               fmt::format("{} (usage: {})", suggest(given, known), usage_text(spec_, "; "))});
}

}  // namespace fettle
