// A disk that a test can fill: a tmpfs of a few pages, mounted in a name space of one process, so
// that nobody else sees it and it goes with the process, however that ends.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

namespace fettle::test {

struct OnSmallDisk {
  bool mounted = false;
  std::string said;  // what the body returned, or why there is no such disk here
};

#ifdef __linux__
// As root, or as anyone where the system lets people have a user name space, which has to be told
// who they are in it.
inline bool enter_mount_space() {
  if (::unshare(CLONE_NEWNS) == 0) return true;
  const std::string user = std::to_string(::getuid()), group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << user + " " + user + " 1";
  std::ofstream("/proc/self/gid_map") << group + " " + group + " 1";
  return true;
}
#endif

inline bool mount_small_disk(const std::filesystem::path& at, std::size_t bytes) {
#ifdef __linux__
  if (!enter_mount_space()) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  const std::string size = "size=" + std::to_string(bytes);
  return ::mount("tmpfs", at.c_str(), "tmpfs", 0, size.c_str()) == 0;
#else
  (void)at, (void)bytes, errno = ENOSYS;
  return false;
#endif
}

// Runs `body` in a process of its own on an empty disk of so many bytes, mounted over the folder
// `at`. The folder `aside` takes what it returns, or the exception that ended it.
inline OnSmallDisk on_small_disk(const std::filesystem::path& at, std::size_t bytes,
                                 const std::filesystem::path& aside,
                                 const std::function<std::string()>& body) {
  constexpr int kNoDisk = 77;
  const std::filesystem::path answer = aside / "said";
  const pid_t process = ::fork();
  if (process == 0) {
    const bool mounted = mount_small_disk(at, bytes);
    try {
      std::ofstream(answer) << (mounted ? body() : std::strerror(errno));
    } catch (const std::exception& error) {
      std::ofstream(answer) << "exception: " << error.what();
    }
    ::_exit(mounted ? 0 : kNoDisk);
  }
  int status = 0;
  if (process < 0 || ::waitpid(process, &status, 0) != process) return {false, "no process"};
  if (!WIFEXITED(status)) return {true, "signal " + std::to_string(WTERMSIG(status))};
  std::ifstream in(answer);
  return {WEXITSTATUS(status) != kNoDisk, {std::istreambuf_iterator<char>(in), {}}};
}

}  // namespace fettle::test
