#include "isolation/worker_process.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/signal_name.hpp"
#include "isolation/state.hpp"

namespace fettle {
namespace {

constexpr auto kLoading = std::chrono::minutes(10);  // a worker that has not loaded by then hangs
constexpr double kEnding = 2;  // seconds that a process may take to end after it hung up

[[noreturn]] void fail(Code code, std::string why) {
  throw Error({.code = code, .what = "a worker process failed", .why = std::move(why)});
}

[[noreturn]] void unavailable(std::string why) {
  throw Error({.code = Code::isolation_unavailable,
               .what = "the worker process for isolated passes did not start",
               .why = std::move(why),
               .hint = "leave 'isolation' out to run passes in this process"});
}

[[noreturn]] void out_of_step(std::string why) {
  throw Error({.code = Code::isolation_out_of_step,
               .what = "the worker process does not have the program that this run has",
               .why = std::move(why),
               .hint = "was the model's or the plugin's file replaced meanwhile? run it again"});
}

ChildProcess start(const std::vector<std::string>& command) {
  if (command.empty()) {
    throw Error({.code = Code::isolation_unavailable,
                 .what = "the pipeline asks for isolation, and there is no executable to start",
                 .why = "the program that embeds fettle has not said which",
                 .hint = "leave 'isolation' out, or run the pipeline with 'fettle run'"});
  }
  try {
    return ChildProcess(command, {});
  } catch (const std::system_error& error) {
    throw Error({.code = Code::isolation_unavailable,
                 .what = "no worker process can be started for a pass",
                 .where = command[0],
                 .why = error.code().message(),
                 .hint = "leave 'isolation' out to run passes in this process"});
  }
}

}  // namespace

WorkerProcess::WorkerProcess(const std::vector<std::string>& command, const Graph& graph,
                             const std::atomic<bool>* cancel)
    : process_(start(command)), channel_(process_.socket()) {
  std::string frame;
  const Patience patience{std::chrono::steady_clock::now() + kLoading, cancel};
  try {
    const Channel::Result result = channel_.receive(frame, patience);
    if (result != Channel::Result::done) give_up(result);
  } catch (const Error& error) {
    if (error.code() == Code::interrupted) throw;
    unavailable(error.diagnostic().why);
  }
  const Answer hello = read_answer(frame);
  if (hello.kind == AnswerKind::failed_to_load && hello.error) unavailable(format(*hello.error));
  if (hello.kind != AnswerKind::hello) unavailable("it began with something else than a greeting");
  ByteReader in(hello.edits);
  const LoadedState state = LoadedState::read(in);
  if (!state.begins(graph)) out_of_step("the program came out differently when it was read again");
  known = state.interned;
}

WorkerProcess::~WorkerProcess() {
  channel_.close();
  process_.wait(kEnding);
}

Answer WorkerProcess::ask(const Request& request, const Patience& patience, std::string& frame) {
  fresh = false;
  Channel::Result result = channel_.send(to_bytes(request), patience);
  if (result == Channel::Result::done) result = channel_.receive(frame, patience);
  if (result != Channel::Result::done) give_up(result);
  Answer answer = read_answer(frame);
  switch (answer.kind) {
    case AnswerKind::done:
      return answer;
    case AnswerKind::out_of_memory:
      fail(Code::plugin_out_of_memory, {});
    case AnswerKind::out_of_step:
      out_of_step(answer.error ? answer.error->why : "");
    default:
      break;
  }
  fail(Code::isolation_bad_answer, "it answered what was not asked");
}

void WorkerProcess::give_up(Channel::Result result) {
  channel_.close();
  if (result == Channel::Result::closed) {
    const auto ending = process_.wait(kEnding);
    if (!ending) fail(Code::plugin_exited, "it closed the connection to the host");
    if (ending->signal != 0) fail(Code::plugin_crashed, signal_name(ending->signal));
    fail(Code::plugin_exited, fmt::format("exit status {}", ending->status));
  }
  process_.kill();
  switch (result) {
    case Channel::Result::timed_out:
      fail(Code::plugin_timed_out, "it took too long");
    case Channel::Result::cancelled:
      fail(Code::interrupted, {});
    default:
      fail(Code::isolation_bad_answer, "something else than an answer came from it");
  }
}

}  // namespace fettle
