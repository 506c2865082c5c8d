#include "destinations.hpp"

#include <fmt/format.h>

#include "archive/output_file.hpp"
#include "base/error.hpp"
#include "pipeline/report.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  const fs::file_status status = fs::status(a, failed);
  if (fs::exists(status) && !fs::is_regular_file(status)) return false;  // /dev/null takes all
  const fs::path real_a = fs::weakly_canonical(fs::absolute(a, failed), failed);
  const fs::path real_b = fs::weakly_canonical(fs::absolute(b, failed), failed);
  return real_a == real_b || fs::equivalent(a, b, failed);
}

// An output may replace its model: it is renamed over it, once it is whole.
bool may_share(std::string_view a, std::string_view b) {
  return a == "MODEL.pt2" && (b == "output" || b == "pipeline");
}

void check_distinct(const Arguments& arguments, const std::vector<std::string>& names,
                    bool (*may_share)(std::string_view, std::string_view)) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!arguments.has(names[i]) || !arguments.has(names[k])) continue;
      const std::string path = arguments.text(names[i]);
      if (may_share(names[k], names[i]) || !same_file(path, arguments.text(names[k]))) continue;
      throw Error({Code::usage_bad_argument,
                   fmt::format("--{} and {}{} name the same file", names[i],
                               names[k] == "MODEL.pt2" ? "" : "--", names[k]),
                   path, "the one would replace the other", "give each a file of its own"});
    }
  }
}

}  // namespace

void check_destinations(const Arguments& arguments) {
  check_distinct(arguments, {"MODEL.pt2", "pipeline", "output", "report", "report-json"},
                 may_share);
  if (arguments.has("output")) OutputFile(arguments.text("output"));
  for (const char* report : {"report", "report-json"}) {
    if (arguments.has(report)) check_report(arguments.text(report));
  }
}

void check_view_destination(const Arguments& arguments) {
  check_distinct(arguments, {"MODEL.pt2", "against", "output"},
                 [](std::string_view a, std::string_view b) { return a != "output" && b != "output"; });
  if (arguments.has("output")) OutputFile(arguments.text("output"));
}

}  // namespace fettle
