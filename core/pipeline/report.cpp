#include "pipeline/report.hpp"

#include <cerrno>
#include <fstream>
#include <numeric>
#include <span>
#include <system_error>

#include "archive/output_file.hpp"

namespace fettle {

std::string_view pass_status_name(PassStatus status) {
  constexpr std::string_view names[] = {"changed",     "unchanged", "not applicable",
                                        "rolled back", "dropped",   "failed", "faulted"};
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

namespace {

// A pipe or a terminal takes its text as it comes; a file appears whole or not at all.
bool is_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status) ||
         std::filesystem::is_directory(status);
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string why) {
  throw Error({Code::report_unwritable, "cannot write the report", path.string(), std::move(why),
               "give a path in a folder that may be written to"});
}

template <class Fn>
void with_file(const std::filesystem::path& path, Fn fn) {
  try {
    OutputFile file(path);
    fn(file);
  } catch (const Error& error) {
    refuse(path, error.diagnostic().why);
  }
}

}  // namespace

void check_report(const std::filesystem::path& path) {
  if (is_file(path)) with_file(path, [](OutputFile&) {});
}

void write_report(const std::filesystem::path& path, std::string_view text) {
  if (is_file(path)) {
    return with_file(path, [&](OutputFile& file) {
      file.write(std::as_bytes(std::span(text)));
      file.commit();
    });
  }
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) refuse(path, std::generic_category().message(errno));
}

}  // namespace fettle
