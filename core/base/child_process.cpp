#include "base/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

extern char** environ;

namespace fettle {
namespace {

[[noreturn]] void fail(int error) {
  throw std::system_error(error, std::generic_category());
}

void close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// Both ends above what the child's streams and its channel are made of.
void make_sockets(int (&ends)[2]) {
  int made[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, made) != 0) fail(errno);
  for (int i = 0; i < 2; ++i) {
    close_on_exec(made[i]);
    ends[i] = ::fcntl(made[i], F_DUPFD_CLOEXEC, kChildChannel + 1);
    ::close(made[i]);
  }
  if (ends[0] < 0 || ends[1] < 0) fail(EMFILE);
}

struct SpawnOptions {
  SpawnOptions(int channel, const ChildProcess::Place& place) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    give(1, place.output);  // before the child's own standard error takes the parent's place
    give(2, place.errors);
    posix_spawn_file_actions_adddup2(&actions, channel, kChildChannel);
    posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaddset(&usual, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    const int group = place.own_group ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(
        &attributes, static_cast<short>(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  void give(int stream, int descriptor) {
    if (descriptor == ChildProcess::kDropped)
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
    else
      posix_spawn_file_actions_adddup2(&actions, descriptor, stream);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const Place& place)
    : own_group_(place.own_group) {
  int ends[2];
  make_sockets(ends);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const SpawnOptions options(ends[1], place);
  const int error =
      ::posix_spawn(&pid_, argv[0], &options.actions, &options.attributes, argv.data(), environ);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    pid_ = -1;
    fail(error);
  }
  socket_ = ends[0];
}

ChildProcess::~ChildProcess() {
  kill();
}

bool ChildProcess::reap(bool block) {
  if (pid_ < 0 || ending_) return true;
  int raw = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &raw, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  ending_.emplace();
  if (got == pid_) {
    if (WIFSIGNALED(raw)) ending_->signal = WTERMSIG(raw);
    if (WIFEXITED(raw)) ending_->status = WEXITSTATUS(raw);
  }
  return true;
}

std::optional<ChildProcess::Ending> ChildProcess::wait(double seconds) {
  using namespace std::chrono;
  const auto deadline = steady_clock::now() + duration<double>(seconds);
  while (!reap(false)) {
    if (steady_clock::now() >= deadline) {
      kill();
      return std::nullopt;
    }
    std::this_thread::sleep_for(milliseconds(2));
  }
  if (own_group_) ::kill(-pid_, SIGKILL);  // whatever it may have left behind
  return ending_;
}

void ChildProcess::kill() {
  if (pid_ < 0 || ending_) return;
  if (own_group_) ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // it may not be the leader of its group yet
  reap(true);
}

}  // namespace fettle
