#include "archive/output_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "base/error.hpp"

namespace fettle {
namespace {

constexpr std::size_t kBufferSize = 1 << 20;
constexpr std::size_t kMost = 1u << 30;  // bytes in one call; some systems refuse more
constexpr std::string_view kSuffix = ".tmp";
constexpr int kNames = 16;  // tries to find one that nobody has

std::string own_name(int file) {
  return fmt::format("/proc/self/fd/{}", file);
}

// A file without a name, which a run that is killed cannot leave behind; -1 where the system or the
// file system has none.
int open_nameless([[maybe_unused]] const std::filesystem::path& folder) {
#ifdef O_TMPFILE
  const int file = ::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (file < 0 || ::access(own_name(file).c_str(), F_OK) == 0) return file;
  ::close(file);  // without /proc it could not be given a name later
#endif
  return -1;
}

// Errors that writing the bytes some other way would meet again.
[[maybe_unused]] bool is_final(int error) {
  return error == ENOSPC || error == EFBIG || error == EDQUOT || error == EIO;
}

[[noreturn]] void refuse(const std::filesystem::path& target, std::string why,
                         std::string hint = {}) {
  throw Error({.code = Code::archive_write,
               .what = "cannot write the archive",
               .where = target.string(),
               .why = std::move(why),
               .hint = std::move(hint)});
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& target) : target_(target) {
  std::error_code failed;
  // Through a symbolic link, so that the link stays one.
  if (const auto real = std::filesystem::canonical(target, failed); !failed) target_ = real;
  const auto status = std::filesystem::status(target_, failed);
  if (std::filesystem::is_directory(status)) refuse(target, "it is a folder", "name a file in it");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    refuse(target, "it is not a regular file");
  if (!std::filesystem::is_directory(folder(), failed))
    refuse(target, fmt::format("there is no folder '{}'", folder().string()), "make it first");

  remove_abandoned();
  file_ = open_nameless(folder());
  if (file_ < 0) open_named();
  if (file_ < 0) refuse(target, std::strerror(errno), "check that the folder may be written to");
  struct stat old = {};
  if (::stat(target_.c_str(), &old) == 0) (void)::fchmod(file_, old.st_mode & 07777);
  buffer_.reserve(kBufferSize);
}

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

std::filesystem::path OutputFile::folder() const {
  return target_.has_parent_path() ? target_.parent_path() : std::filesystem::path(".");
}

std::filesystem::path OutputFile::temporary_name() const {
  std::random_device random;
  return target_.parent_path() /
         fmt::format(".{}.{:08x}{}", target_.filename().string(), random(), kSuffix);
}

void OutputFile::remove_abandoned() const {
  const std::string prefix = "." + target_.filename().string() + ".";
  const std::size_t length = prefix.size() + 8 + kSuffix.size();
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder(), failed)) {
    const std::string name = entry.path().filename();
    if (name.size() != length || !name.starts_with(prefix) || !name.ends_with(kSuffix)) continue;
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) continue;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    ::close(file);
  }
}

void OutputFile::open_named() {
  for (int attempt = 0; attempt < kNames; ++attempt) {
    temporary_ = temporary_name();
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0 && errno == EEXIST) continue;
    if (file_ < 0) break;
    // Another writer may have taken it for an abandoned one before it was locked.
    struct stat now = {};
    if (::flock(file_, LOCK_EX) != 0 || ::fstat(file_, &now) != 0 || now.st_nlink > 0) return;
    ::close(file_);
    file_ = -1;
  }
  temporary_.clear();
}

// A link cannot replace what is there: then the file gets a name of its own, to be renamed.
void OutputFile::name_it() {
  (void)::flock(file_, LOCK_EX);
  int failed =
      ::linkat(AT_FDCWD, own_name(file_).c_str(), AT_FDCWD, target_.c_str(), AT_SYMLINK_FOLLOW);
  if (failed == 0 || errno != EEXIST) return check(failed == 0, "naming the file");
  for (int attempt = 0; failed != 0 && attempt < kNames; ++attempt) {
    const std::filesystem::path name = temporary_name();
    failed = ::linkat(AT_FDCWD, own_name(file_).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
    if (failed == 0) temporary_ = name;
    if (failed != 0 && errno != EEXIST) break;
  }
  check(failed == 0, "naming the file");
}

void OutputFile::check(bool ok, const char* what) const {
  if (ok) return;
  refuse(target_, fmt::format("{}: {}", what, std::strerror(errno)),
         errno == ENOSPC || errno == EFBIG ? "free some space" : "");
}

void OutputFile::write(std::span<const std::byte> bytes) {
  offset_ += bytes.size();
  if (buffer_.size() + bytes.size() <= kBufferSize) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return;
  }
  flush();
  write_through(bytes);
}

void OutputFile::copy(const MappedFile& source, std::span<const std::byte> part) {
#ifdef __linux__
  if (part.size() > kBufferSize) {
    flush();
    auto from = static_cast<off_t>(part.data() - source.bytes().data());
    while (!part.empty()) {
      const ssize_t copied = ::copy_file_range(source.descriptor(), &from, file_, nullptr,
                                               std::min(part.size(), kMost), 0);
      if (copied < 0 && errno == EINTR) continue;
      check(copied >= 0 || !is_final(errno), "writing");
      if (copied <= 0) break;  // not between these two files: the rest the usual way
      offset_ += static_cast<std::uint64_t>(copied);
      part = part.subspan(static_cast<std::size_t>(copied));
    }
  }
#endif
  write(part);
}

void OutputFile::flush() {
  write_through(buffer_);
  buffer_.clear();
}

void OutputFile::write_through(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), std::min(bytes.size(), kMost));
    if (written < 0 && errno == EINTR) continue;
    check(written > 0, "writing");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  flush();
  check(::fsync(file_) == 0, "flushing to the disk");
  if (temporary_.empty()) name_it();
  if (!temporary_.empty()) check(::rename(temporary_.c_str(), target_.c_str()) == 0, "renaming");
  temporary_.clear();
  const int closed = ::close(file_);
  file_ = -1;
  check(closed == 0, "closing");
  // The rename itself lasts when the folder is on the disk; a file system that cannot say so is not
  // an error.
  if (const int handle = ::open(folder().c_str(), O_RDONLY | O_CLOEXEC); handle >= 0) {
    (void)::fsync(handle);
    ::close(handle);
  }
}

}  // namespace fettle
