// What a file is, by its content: torch has several formats that are zips.
#include "archive/zip_reader.hpp"
#include "torchscript/read_torchscript.hpp"

namespace fettle {

bool is_torchscript(const std::filesystem::path& path) {
  return zip_has_record(path, "constants.pkl");
}

Program read_model(const std::filesystem::path& path, const ExampleInputs& examples,
                   std::string_view model) {
  return is_torchscript(path) ? read_torchscript(path, examples) : read_program(path, model);
}

}  // namespace fettle
