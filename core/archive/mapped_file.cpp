#include "archive/mapped_file.hpp"

#include <boost/interprocess/exceptions.hpp>

#include "base/error.hpp"

namespace fettle {

namespace ipc = boost::interprocess;

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const auto refuse = [&](std::string why, std::string hint = {}) -> Error {
    return Error({.code = Code::archive_open,
                  .what = "cannot open the archive",
                  .where = path.string(),
                  .why = std::move(why),
                  .hint = std::move(hint)});
  };
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) {
    throw refuse("there is no such file", "check the path; torch.export.save writes these files");
  }
  if (!std::filesystem::is_regular_file(status)) throw refuse("it is not a regular file");
  if (std::filesystem::file_size(path, failed) == 0) throw refuse("the file is empty");
  try {
    return std::shared_ptr<const MappedFile>(new MappedFile(path));
  } catch (const ipc::interprocess_exception& error) {
    throw refuse(error.what());
  }
}

}  // namespace fettle
