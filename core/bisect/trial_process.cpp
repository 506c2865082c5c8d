#include "bisect/trial_process.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/bytes.hpp"
#include "base/child_process.hpp"
#include "base/signal_name.hpp"
#include "isolation/channel.hpp"

namespace fettle {
namespace {

// What is told: a stage; a pass that begins; a pipeline that passed; an error.
enum class Told : std::uint8_t { stage, pass, passed, failed };

// A reader that is gone is nothing to stop for: it ends this process, too.
void tell(Channel& channel, ByteWriter message) {
  channel.send(message.take(), {});
}

class Telling final : public RunObserver {
 public:
  Telling(Channel& channel, const RunReport& report) : channel_(channel), report_(report) {}

  void stage(std::string_view text) override {
    ByteWriter message;
    message.choice(Told::stage);
    message.text(text);
    tell(channel_, std::move(message));
  }
  void before_pass(std::string_view name, const Graph&) override {
    const PassReport& pass = report_.passes.back();
    ByteWriter message;
    message.choice(Told::pass);
    message.text(name);
    message.number(pass.round);
    message.list(pass.options, [&](const auto& option) {
      message.text(option.first);
      message.text(option.second);
    });
    tell(channel_, std::move(message));
  }

 private:
  Channel& channel_;
  const RunReport& report_;
};

// The parent's side: what was told so far, and what it came to.
class Listening {
 public:
  // False: it was the last message.
  bool hear(std::string_view frame) {
    ByteReader in(frame);
    switch (in.choice(Told::failed)) {
      case Told::stage:
        stage_ = in.text();
        return true;
      case Told::pass:
        return begins(in);
      case Told::passed:
        passed_ = true;
        return false;
      case Told::failed:
        failed(in);
        return false;
    }
    return false;
  }
  void died(Code code, std::string_view how) {
    PassFailure& failure = guilty_.failure;
    failure.error.code = code;
    failure.error.what = fmt::format("the process {} at '{}'", how, stage_);
    failure.error.where = fmt::format("pass '{}'", guilty_.pass.name);
    failure.error.why = "libtorch or a verifier does not survive what the pass made, or the pass";
  }

  const std::string& stage() const { return stage_; }
  std::optional<GuiltyPass> answer() && {
    if (passed_) return std::nullopt;
    // What is wrong before the first pass, or with the pipeline, is nobody's rewrite.
    if (passes_ == 0) throw Error(guilty_.failure.error);
    guilty_.step = passes_ - 1;
    return std::move(guilty_);
  }

 private:
  bool begins(ByteReader& in) {
    ++passes_;
    guilty_.pass = {std::string(in.text()), {}, "bisect"};
    guilty_.round = in.number<std::uint32_t>();
    for (std::size_t left = in.count(); left > 0; --left) {
      std::string name(in.text());
      guilty_.pass.options.push_back({std::move(name), std::string(in.text()), "bisect"});
    }
    return true;
  }
  void failed(ByteReader& in) {
    Diagnostic& error = guilty_.failure.error;
    error.code = static_cast<Code>(in.number<std::uint32_t>());
    for (std::string* text : {&error.what, &error.where, &error.why, &error.hint})
      *text = in.text();
    guilty_.failure.verdict.verifier = in.text();
    guilty_.failure.verdict.rule = in.text();
    guilty_.failure.verdict.max_abs = in.number<double>();
    guilty_.failure.rewrites = in.number<std::uint64_t>();
  }

  GuiltyPass guilty_;
  std::string stage_ = "start";
  std::size_t passes_ = 0;
  bool passed_ = false;
};

ChildProcess start(const std::vector<std::string>& command) {
  try {
    return ChildProcess(command, {.output = ChildProcess::kDropped});
  } catch (const std::system_error& error) {
    throw Error({.code = Code::isolation_unavailable,
                 .what = "no process can be started for a trial",
                 .where = command.front(),
                 .why = error.code().message()});
  }
}

}  // namespace

void serve_trial(int socket, Program& program, ResolvedPipeline& pipeline, const Device& device) {
  Channel channel(socket);
  RunReport report;
  Telling observer(channel, report);
  ByteWriter answer;
  try {
    run_pipeline(program, pipeline, device, observer, report);
    answer.choice(Told::passed);
  } catch (const Error& error) {
    const PassFailure failure = failure_of(error, report);
    answer.choice(Told::failed);
    answer.number(static_cast<std::uint32_t>(failure.error.code));
    for (const std::string* text :
         {&failure.error.what, &failure.error.where, &failure.error.why, &failure.error.hint}) {
      answer.text(*text);
    }
    answer.text(failure.verdict.verifier);
    answer.text(failure.verdict.rule);
    answer.number(failure.verdict.max_abs);
    answer.number(failure.rewrites);
  }
  tell(channel, std::move(answer));
}

std::optional<GuiltyPass> run_trial_process(const std::vector<std::string>& command, double seconds,
                                            RunObserver& observer) {
  using namespace std::chrono;
  ChildProcess process = start(command);
  Channel channel(process.socket());
  const Patience patience{
      steady_clock::now() + duration_cast<milliseconds>(duration<double>(seconds)),
      observer.cancel()};
  Listening heard;
  std::string frame;
  for (bool more = true; more;) {
    switch (channel.receive(frame, patience)) {
      case Channel::Result::done:
        more = heard.hear(frame);
        observer.stage(heard.stage());
        continue;
      case Channel::Result::cancelled:
        observer.stop_if_cancelled();
        break;
      case Channel::Result::timed_out:
        heard.died(Code::plugin_timed_out, fmt::format("took more than {} s", seconds));
        break;
      case Channel::Result::closed:
      case Channel::Result::nonsense: {
        const auto ending = process.wait(2);
        heard.died(Code::plugin_crashed, ending && ending->signal != 0
                                             ? fmt::format("died ({})", signal_name(ending->signal))
                                             : "ended");
        break;
      }
    }
    more = false;
  }
  return std::move(heard).answer();
}

}  // namespace fettle
