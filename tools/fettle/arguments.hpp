// A command's arguments on Boost.Program_options: --help, one spelling for each option (no guessing
// from prefixes), and mistakes told with the nearest name.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fettle {

class Arguments {
 public:
  // `usage`: "run MODEL.pt2 [OPTION...]"; `about`: what --help says above the options.
  Arguments(std::string_view usage, std::string_view about);

  // Adds an option: options()("device", value<std::string>(), "help").
  boost::program_options::options_description_easy_init options() { return visible_.add_options(); }
  // Adds a positional argument; `required` ones must be there.
  void positional(const std::string& name, bool required);

  // False: --help was asked for and printed. Throws usage_* errors.
  bool parse(const std::vector<std::string>& arguments);

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  std::string text(const std::string& name, std::string_view otherwise = {}) const;
  std::vector<std::string> list(const std::string& name) const;
  // The option's value, which must be one of `choices` (the first is the default).
  std::string choice(const std::string& name, const std::vector<std::string>& choices) const;
  std::int64_t whole_number(const std::string& name, std::int64_t otherwise, std::int64_t min,
                            std::int64_t max) const;

 private:
  [[noreturn]] void fail_unknown(const std::string& given) const;

  std::string usage_, about_;
  boost::program_options::options_description visible_, hidden_;
  boost::program_options::positional_options_description order_;
  std::vector<std::pair<std::string, bool>> positionals_;
  boost::program_options::variables_map values_;
};

}  // namespace fettle
