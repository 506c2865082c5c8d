// Keeps libtorch's warnings off stderr while it is alive, on this thread: core prints nothing. They
// are about the model's Python (deprecations, resized outputs), whose author saw them at export.
#pragma once

#include <c10/util/Exception.h>

namespace fettle {

class QuietWarnings {
 private:
  struct Drop : c10::WarningHandler {
    void process(const c10::Warning&) override {}
  };
  Drop drop_;
  c10::WarningUtils::WarningHandlerGuard guard_{&drop_};
};

}  // namespace fettle
