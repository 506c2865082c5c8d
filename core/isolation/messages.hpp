// What a host asks of a worker and what it is answered, as bytes (core/isolation/README.md shows
// the order). Edits stand at the end of either, and are replayed as they are read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "host/components.hpp"

namespace fettle {

enum class Ask : std::uint8_t { analyze, transform, verify };

// Which instance of which pass. The worker keeps one for each `instance`, as the host would.
struct AskedPass {
  std::uint32_t instance = 0;
  std::string name;
  std::string plugin_sha256;
  ResolvedOptions options;
};

struct Request {
  Ask ask = Ask::analyze;
  AskedPass pass;
  std::uint64_t memory = 0;  // bytes
  std::uint64_t rewrite_limit = UINT64_MAX;
  std::uint64_t program_hash = 0;  // 0: not to be compared
  std::string_view edits;          // of graph/edit_wire.hpp, to be replayed first
};
std::string to_bytes(const Request& request);
Request read_request(std::string_view bytes);  // whose edits point into the bytes

enum class AnswerKind : std::uint8_t {
  hello,  // what was loaded: LoadedState
  failed_to_load,
  out_of_step,  // the worker has not the program or the plugin of the host
  out_of_memory,
  done,
};

struct Answer {
  AnswerKind kind = AnswerKind::done;
  std::optional<Diagnostic> error;           // what the plugin's call ended in
  std::optional<std::string> nothing_to_do;  // analyze alone
  std::vector<Diagnostic> notes;
  std::map<std::string, std::int64_t> statistics;
  std::string_view edits;
};
std::string to_bytes(const Answer& answer);
Answer read_answer(std::string_view bytes);  // whose edits point into the bytes

}  // namespace fettle
