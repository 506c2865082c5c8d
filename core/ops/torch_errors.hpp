// The first line of what libtorch says when it throws: its messages go on with a C++ backtrace.
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <string>

namespace fettle {

inline std::string first_line(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace fettle
