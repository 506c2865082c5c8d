#include "pipeline/report.hpp"

#include <cerrno>
#include <fstream>
#include <numeric>
#include <system_error>

namespace fettle {

std::string_view pass_status_name(PassStatus status) {
  constexpr std::string_view names[] = {"changed",     "unchanged", "not applicable",
                                        "rolled back", "dropped",   "failed"};
  return names[static_cast<std::size_t>(status)];
}

double RunReport::check_seconds() const {
  return std::accumulate(passes.begin(), passes.end(), 0.0,
                         [](double sum, const PassReport& p) { return sum + p.check_seconds; });
}

double RunReport::verify_seconds() const {
  return std::accumulate(passes.begin(), passes.end(), 0.0,
                         [](double sum, const PassReport& p) { return sum + p.verify_seconds; });
}

void write_report(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file) return;
  throw Error({Code::report_unwritable, "cannot write the report", path.string(),
               std::generic_category().message(errno),
               "give a path in a folder that may be written to"});
}

}  // namespace fettle
