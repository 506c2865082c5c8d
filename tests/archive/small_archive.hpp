// A small but complete program as an archive, made here byte by byte, so that tests can damage any
// part of it; and a zip builder that shares no code with the one under test.
#pragma once

#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace fettle::test {

struct TestRecord {
  std::string path;  // within the root folder
  std::string bytes;
};
using Records = std::vector<TestRecord>;

// Inputs: parameters `weight` and `tied` (one record), buffers `running` (mutated) and `mask` (not
// persistent), the tensor constant `scale`, the user input x and the constant input `flag`. Besides
// there is `alias`, a second name of `weight` that no input has. Nodes: add, mul, split (a list of
// two), max (two results), add_1; outputs: add_1 → running, and mul.
Records small_program();
std::string& record(Records& records, std::string_view path);
void erase_record(Records& records, std::string_view path);

// Applies `edit` to the JSON of a record.
void edit_json(Records& records, std::string_view path,
               const std::function<void(boost::json::value&)>& edit);
inline constexpr std::string_view kModel = "models/model.json";
inline constexpr std::string_view kWeights = "data/weights/model_weights_config.json";
inline constexpr std::string_view kConstants = "data/constants/model_constants_config.json";

struct ZipOptions {
  std::string root = "small";
  bool zip64 = false;        // every number in its 64-bit form
  std::uint16_t method = 0;  // 8: says it is deflated
};
struct ZipImage {
  std::string bytes;
  std::vector<std::size_t> local, central;  // offsets of the headers, by record
  std::size_t end = 0;                      // offset of the end record
  void put(std::size_t offset, std::uint64_t value, int size);
};
ZipImage zip(const Records& records, const ZipOptions& options = {});

// A folder that goes away with the test.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const;
  std::size_t file_count() const;

 private:
  std::filesystem::path path_;
};
std::string read_file(const std::filesystem::path& path);

// The diagnostic that `action` ends with; its code's public name, or "none".
struct Failure {
  std::string code = "none";
  std::string text;
};
Failure failure_of(const std::function<void()>& action);
Failure read_failure(const Records& records);  // of read_program
Failure read_failure(std::string_view archive_bytes);

}  // namespace fettle::test
