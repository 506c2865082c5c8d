#include "isolation/serve.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "analysis/manager.hpp"
#include "isolation/channel.hpp"
#include "isolation/memory_limit.hpp"
#include "isolation/messages.hpp"
#include "isolation/state.hpp"

namespace fettle {
namespace {

// A pass that never ends must not outlive its host: whoever works when the host hangs up is ended.
class HostWatch {
 public:
  explicit HostWatch(int socket)
      : thread_([=, this](std::stop_token stop) { watch(socket, stop); }) {}
  void set_working(bool working) { working_ = working; }

 private:
  void watch(int socket, const std::stop_token& stop) const {
    using namespace std::chrono_literals;
    while (!stop.stop_requested()) {
      pollfd descriptor{socket, 0, 0};  // a hang-up is told without being asked for
      const bool hung_up = ::poll(&descriptor, 1, 50) > 0;
      if (hung_up && working_) ::_exit(EXIT_FAILURE);
      if (hung_up) std::this_thread::sleep_for(50ms);
    }
  }

  std::atomic<bool> working_ = false;
  std::jthread thread_;
};

class Service {
 public:
  Service(const Host& host, Graph& graph) : host_(host), graph_(graph), analyses_(graph) {}

  std::string hello() const {
    ByteWriter state;
    LoadedState::of(graph_).write(state);
    Answer answer;
    answer.kind = AnswerKind::hello;
    answer.edits = state.text();
    return to_bytes(answer);
  }

  std::string answer(std::string_view bytes) {
    Answer answer;
    Request request;
    try {
      request = read_request(bytes);
      catch_up(request);
    } catch (const Error& error) {
      answer.kind = AnswerKind::out_of_step;
      answer.error = error.diagnostic();
      return to_bytes(answer);
    }
    const Interned known = Interned::of(graph_);
    auto recorder = std::make_unique<EditRecorder>();
    if (request.ask == Ask::transform) {
      journal_->record_into(*recorder);
      recorder_ = std::move(recorder);  // the one before served until now
    }
    limit_memory(request.memory);
    call(request, answer);
    lift_memory_limit();
    ByteWriter edits;
    const bool edited = request.ask == Ask::transform;
    write_edits(edits, graph_, known, edited ? edits_since(*recorder_, {}) : EditSpan{});
    answer.edits = edits.text();
    return to_bytes(answer);
  }

 private:
  // What happened to the program since the last request.
  void catch_up(const Request& request) {
    ByteReader in(request.edits);
    replay_edits(in, graph_, journal_ ? &*journal_ : nullptr,
                 [&] { return &journal_.emplace(graph_); });
    in.expect_end();
    if (request.program_hash != 0 && request.program_hash != hash_program(graph_)) {
      ByteReader::refuse("the program came out differently when it was read again");
    }
    if (request.ask == Ask::transform && !journal_) ByteReader::refuse("no journal was begun");
    const std::string& id = host_.component(ComponentKind::pass, request.pass.name).plugin_id;
    const auto plugin = std::ranges::find(host_.plugins(), id, &PluginInfo::id);
    if (plugin == host_.plugins().end() || plugin->sha256 != request.pass.plugin_sha256) {
      ByteReader::refuse("the plugin's file is not the one that the run began with");
    }
  }

  Pass& instance(const AskedPass& asked) {
    std::unique_ptr<Pass>& pass = passes_[asked.instance];
    if (!pass) {
      std::vector<Host::GivenOption> options;
      for (const auto& [name, text] : asked.options) options.push_back({name, text, {}});
      pass = host_.create_pass(asked.name, options);
    }
    return *pass;
  }

  void call(const Request& request, Answer& answer) {
    Outcome outcome;
    try {
      Pass& pass = instance(request.pass);
      switch (request.ask) {
        case Ask::analyze:
          answer.nothing_to_do = pass.analyze(analyses_, outcome);
          break;
        case Ask::transform:
          journal_->set_rewrite_limit(request.rewrite_limit);
          pass.transform(*journal_, analyses_, outcome);
          break;
        case Ask::verify:
          pass.verify(analyses_, outcome);
          break;
      }
    } catch (const Error& error) {
      answer.error = error.diagnostic();
    }
    answer.notes = std::move(outcome.notes);
    answer.statistics = std::move(outcome.statistics);
  }

  const Host& host_;
  Graph& graph_;
  AnalysisManager analyses_;
  std::map<std::uint32_t, std::unique_ptr<Pass>> passes_;  // by instance
  std::unique_ptr<EditRecorder> recorder_;                 // outlives the journal
  std::optional<Journal> journal_;                         // of the pass at hand
};

std::string out_of_memory() {
  Answer answer;
  answer.kind = AnswerKind::out_of_memory;
  const std::string bytes = to_bytes(answer);
  return Channel::header(bytes.size()) + bytes;
}

}  // namespace

void serve(int socket, const Host& host, Graph& graph) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);  // a plugin's own children have no business with it
  Channel channel(socket);
  HostWatch watch(socket);
  report_memory_exhausted(socket, out_of_memory());
  Service service(host, graph);
  Channel::Result result = channel.send(service.hello(), {});
  std::string frame;
  while (result == Channel::Result::done) {
    result = channel.receive(frame, {});
    if (result != Channel::Result::done) return;
    watch.set_working(true);
    const std::string answer = service.answer(frame);
    result = channel.send(answer, {});
    watch.set_working(false);
  }
}

void refuse_to_serve(int socket, const Diagnostic& why) {
  Channel channel(socket);
  Answer answer;
  answer.kind = AnswerKind::failed_to_load;
  answer.error = why;
  (void)channel.send(to_bytes(answer), {});
}

}  // namespace fettle
