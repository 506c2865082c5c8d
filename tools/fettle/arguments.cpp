#include "arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>

#include "base/error.hpp"

namespace fettle {

namespace po = boost::program_options;

Arguments::Arguments(std::string_view usage, std::string_view about)
    : usage_(usage), about_(about), visible_("Options", 100, 60) {
  visible_.add_options()("help,h", "show this");
}

void Arguments::positional(const std::string& name, bool required) {
  hidden_.add_options()(name.c_str(), po::value<std::string>());
  order_.add(name.c_str(), 1);
  positionals_.emplace_back(name, required);
}

bool Arguments::parse(const std::vector<std::string>& arguments) {
  po::options_description all;
  all.add(visible_).add(hidden_);
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(all).positional(order_).style(style).run(),
              values_);
  } catch (const po::unknown_option& error) {
    fail_unknown(error.get_option_name());
  } catch (const po::too_many_positional_options_error&) {
    throw Error({Code::usage_bad_argument,
                 "too many arguments",
                 {},
                 {},
                 fmt::format("usage: fettle {}", usage_)});
  } catch (const po::error& error) {
    throw Error(
        {Code::usage_bad_argument, error.what(), {}, {}, fmt::format("usage: fettle {}", usage_)});
  }
  if (has("help")) {
    std::cout << "usage: fettle " << usage_ << "\n\n" << about_ << "\n" << visible_;
    return false;
  }
  for (const auto& option : visible_.options()) {
    const std::string& name = option->long_name();
    const auto* given = has(name) ? boost::any_cast<std::string>(&values_[name].value()) : nullptr;
    if (!given || !given->empty()) continue;
    throw Error({Code::usage_bad_argument,
                 fmt::format("--{} is given without a value", name),
                 {},
                 "it is the empty text",
                 fmt::format("leave --{} out, or name one", name)});
  }
  for (const auto& [name, required] : positionals_) {
    if (required && text(name).empty()) {
      throw Error({Code::usage_bad_argument,
                   fmt::format("{} is missing", name),
                   {},
                   {},
                   fmt::format("usage: fettle {}", usage_)});
    }
  }
  return true;
}

std::string Arguments::text(const std::string& name, std::string_view otherwise) const {
  return has(name) ? values_[name].as<std::string>() : std::string(otherwise);
}

std::vector<std::string> Arguments::list(const std::string& name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>{};
}

std::string Arguments::choice(const std::string& name,
                              const std::vector<std::string>& choices) const {
  const std::string given = text(name, choices.front());
  if (std::ranges::find(choices, given) != choices.end()) return given;
  throw Error(
      {Code::usage_bad_argument,
       fmt::format("{} must be one of {}, but is '{}'", name, fmt::join(choices, ", "), given),
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
  throw Error(
      {Code::usage_bad_argument,
       fmt::format("--{} must be a whole number in {}..{}, but is '{}'", name, min, max, given)});
}

void Arguments::fail_unknown(const std::string& given) const {
  std::vector<std::string> known;
  for (const auto& option : visible_.options()) known.push_back("--" + option->long_name());
  throw Error({Code::usage_unknown_option,
               fmt::format("no option '{}'", given),
               {},
               {},
               fmt::format("{} (usage: fettle {})", suggest(given, known), usage_)});
}

}  // namespace fettle
