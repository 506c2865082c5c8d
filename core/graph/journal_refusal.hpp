// How a journal refuses an edit: one wording for all of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace fettle {

[[noreturn]] inline void refuse(Code code, std::string_view edit, std::string why,
                                std::string hint = {}) {
  throw Error({.code = code,
               .what = "the edit '" + std::string(edit) + "' was refused",
               .why = std::move(why),
               .hint = std::move(hint)});
}

}  // namespace fettle
