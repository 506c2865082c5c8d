#include "example_inputs.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& given, std::string why) {
  throw Error({Code::usage_bad_argument, fmt::format("--{} cannot be '{}'", option, given),
               {}, std::move(why), "for example --input-shape x=1,3,224,224"});
}

// "NAME=REST" of each use of the option.
std::vector<std::pair<std::string, std::string>> named(const Arguments& arguments,
                                                       const std::string& option) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& given : arguments.list(option)) {
    const std::size_t equals = given.find('=');
    if (equals == 0 || equals == std::string::npos) {
      refuse(option, given, "it names no input: NAME=…");
    }
    pairs.emplace_back(given.substr(0, equals), given.substr(equals + 1));
  }
  return pairs;
}

// "1,3,224,224"; nothing for a tensor without dimensions.
std::vector<std::int64_t> sizes(const std::string& option, const std::string& text) {
  std::vector<std::int64_t> sizes;
  const char *at = text.data(), *end = at + text.size();
  while (at != end) {
    const auto [next, error] = std::from_chars(at, end, sizes.emplace_back());
    if (error != std::errc{} || sizes.back() < 0 || (next != end && *next != ',')) {
      refuse(option, text, "a shape is a list of sizes: 1,3,224,224");
    }
    at = next == end ? end : next + 1;
  }
  return sizes;
}

}  // namespace

std::vector<OptionSpec> example_input_options() {
  return {{.name = "input-shape",
           .value = "NAME=SIZES",
           .help = "The shape of a TorchScript module's input, for example x=1,3,224,224.",
           .repeatable = true},
          {.name = "input-dtype",
           .value = "NAME=DTYPE",
           .help = "The dtype of a TorchScript module's input.",
           .otherwise = "as traced, else float32",
           .repeatable = true},
          {.name = "input-value",
           .value = "NAME=VALUE",
           .help = "Fixes a TorchScript module's input that is a number, text or None.",
           .repeatable = true}};
}

ExampleInputs read_example_inputs(const Arguments& arguments) {
  ExampleInputs examples;
  for (const auto& [name, text] : named(arguments, "input-shape")) {
    examples.shapes[name] = sizes("input-shape", text);
  }
  for (const auto& [name, text] : named(arguments, "input-dtype")) {
    const auto dtype = dtype_from_torch_name(text);
    if (!dtype) refuse("input-dtype", text, "a dtype is float32, int64, bool …");
    examples.dtypes[name] = *dtype;
  }
  for (const auto& [name, text] : named(arguments, "input-value")) examples.values[name] = text;
  return examples;
}

}  // namespace fettle
