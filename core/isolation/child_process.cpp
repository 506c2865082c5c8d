#include "isolation/child_process.hpp"

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

#include "base/error.hpp"

extern char** environ;

namespace fettle {
namespace {

[[noreturn]] void fail(const std::vector<std::string>& arguments, int error) {
  throw Error({.code = Code::isolation_unavailable,
               .what = "no worker process can be started for a pass",
               .where = arguments.empty() ? "" : arguments[0],
               .why = std::generic_category().message(error),
               .hint = "leave 'isolation' out to run passes in this process"});
}

void close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

// Both ends above what the child's streams and its channel are made of.
void make_sockets(int (&ends)[2], const std::vector<std::string>& arguments) {
  int made[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, made) != 0) fail(arguments, errno);
  for (int i = 0; i < 2; ++i) {
    close_on_exec(made[i]);
    ends[i] = ::fcntl(made[i], F_DUPFD_CLOEXEC, kWorkerChannel + 1);
    ::close(made[i]);
  }
  if (ends[0] < 0 || ends[1] < 0) fail(arguments, EMFILE);
}

struct SpawnOptions {
  SpawnOptions(int channel) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    posix_spawn_file_actions_adddup2(&actions, channel, kWorkerChannel);
    posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaddset(&usual, signal);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    throw Error({.code = Code::isolation_unavailable,
                 .what = "the pipeline asks for isolation, and there is no executable to start",
                 .why = "the program that embeds fettle has not said which",
                 .hint = "leave 'isolation' out, or run the pipeline with 'fettle run'"});
  }
  int ends[2];
  make_sockets(ends, arguments);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const SpawnOptions options(ends[1]);
  const int error =
      ::posix_spawn(&pid_, argv[0], &options.actions, &options.attributes, argv.data(), environ);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    pid_ = -1;
    fail(arguments, error);
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
  ::kill(-pid_, SIGKILL);  // whatever it may have left behind
  return ending_;
}

void ChildProcess::kill() {
  if (pid_ < 0 || ending_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // it may not be the leader of its group yet
  reap(true);
}

}  // namespace fettle
