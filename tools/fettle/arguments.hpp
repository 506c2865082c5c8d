// A command's arguments on Boost.Program_options, as its CommandSpec declares them: one spelling
// for each option (no guessing from prefixes), and mistakes told with the nearest name.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "command_spec.hpp"

namespace fettle {

enum class HelpAsked { no, brief, full };  // -h, --help

class Arguments {
 public:
  // `spec` must outlive this.
  explicit Arguments(const CommandSpec& spec) : spec_(spec) {}

  // When help was asked for nothing else is checked. Throws usage_* errors.
  HelpAsked parse(const std::vector<std::string>& arguments);

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  bool flag(const std::string& name) const { return has(name) && values_[name].as<bool>(); }
  std::string text(const std::string& name, std::string_view otherwise = {}) const;
  std::vector<std::string> list(const std::string& name) const;
  // What was given of these options, flags apart: to hand on to another command.
  struct Given {
    std::string name, text;
  };
  std::vector<Given> given(const std::vector<OptionSpec>& options) const;
  // The value of an option or positional with choices; the first choice when it is not given.
  std::string choice(const std::string& name) const;
  std::int64_t whole_number(const std::string& name, std::int64_t otherwise, std::int64_t min,
                            std::int64_t max) const;
  const CommandSpec& spec() const { return spec_; }

 private:
  void store(const std::vector<std::string>& arguments);
  void check() const;
  void check_choice(const std::string& label, const std::string& name,
                    const std::vector<std::string>& choices) const;
  [[noreturn]] void fail(std::string what) const;
  [[noreturn]] void fail_unknown(const std::string& given) const;

  const CommandSpec& spec_;
  boost::program_options::variables_map values_;
};

// "fettle run MODEL.pt2 [-p PIPELINE.yaml] …", one line for each way.
std::string usage_text(const CommandSpec& spec, std::string_view separator);

}  // namespace fettle
