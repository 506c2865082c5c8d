#include "isolation/messages.hpp"

namespace fettle {
namespace {

constexpr std::uint16_t kCodes = 0
#define FETTLE_CODE(id, text, blame, summary) +1
#include "base/codes.def"
#undef FETTLE_CODE
    ;

constexpr std::size_t kMostNotes = 1024;  // the host lets a plugin have fewer for one call

void write(ByteWriter& out, const Diagnostic& diagnostic) {
  out.number(static_cast<std::uint16_t>(diagnostic.code));
  out.choice(diagnostic.severity);
  for (const std::string* text :
       {&diagnostic.what, &diagnostic.where, &diagnostic.why, &diagnostic.hint}) {
    out.text(*text);
  }
}

Diagnostic read_diagnostic(ByteReader& in) {
  const auto code = in.number<std::uint16_t>();
  if (code >= kCodes) ByteReader::refuse("an error's code is unknown");
  Diagnostic diagnostic{static_cast<Code>(code), {}};
  diagnostic.severity = in.choice(Severity::error);
  for (std::string* text :
       {&diagnostic.what, &diagnostic.where, &diagnostic.why, &diagnostic.hint}) {
    *text = in.utf8();
  }
  return diagnostic;
}

void write_optional(ByteWriter& out, const std::optional<std::string>& text) {
  out.number(static_cast<std::uint8_t>(text.has_value()));
  out.text(text.value_or(""));
}

}  // namespace

std::string to_bytes(const Request& request) {
  ByteWriter out;
  out.choice(request.ask);
  out.number(request.pass.instance);
  out.text(request.pass.name);
  out.text(request.pass.plugin_sha256);
  out.list(request.pass.options, [&](const auto& option) {
    out.text(option.first);
    out.text(option.second);
  });
  out.number(request.memory);
  out.number(request.rewrite_limit);
  out.number(request.program_hash);
  out.text(request.edits);
  return out.take();
}

Request read_request(std::string_view bytes) {
  ByteReader in(bytes);
  Request request;
  request.ask = in.choice(Ask::verify);
  request.pass.instance = in.number<std::uint32_t>();
  request.pass.name = in.text();
  request.pass.plugin_sha256 = in.text();
  request.pass.options.resize(in.count());
  for (auto& [name, text] : request.pass.options) {
    name = in.text();
    text = in.text();
  }
  request.memory = in.number<std::uint64_t>();
  request.rewrite_limit = in.number<std::uint64_t>();
  request.program_hash = in.number<std::uint64_t>();
  request.edits = in.text();
  in.expect_end();
  return request;
}

std::string to_bytes(const Answer& answer) {
  ByteWriter out;
  out.choice(answer.kind);
  out.number(static_cast<std::uint8_t>(answer.error.has_value()));
  if (answer.error) write(out, *answer.error);
  write_optional(out, answer.nothing_to_do);
  out.list(answer.notes, [&](const Diagnostic& note) { write(out, note); });
  out.list(answer.statistics, [&](const auto& entry) {
    out.text(entry.first);
    out.number(entry.second);
  });
  out.text(answer.edits);
  return out.take();
}

Answer read_answer(std::string_view bytes) {
  ByteReader in(bytes);
  Answer answer;
  answer.kind = in.choice(AnswerKind::done);
  if (in.boolean()) answer.error = read_diagnostic(in);
  const bool nothing_to_do = in.boolean();
  std::string why = in.utf8();
  if (nothing_to_do) answer.nothing_to_do = std::move(why);
  const std::size_t notes = in.count();
  if (notes > kMostNotes) ByteReader::refuse("there are more messages than a plugin may give");
  for (std::size_t i = 0; i < notes; ++i) answer.notes.push_back(read_diagnostic(in));
  for (std::size_t n = in.count(); n > 0; --n) {
    std::string name = in.utf8();
    answer.statistics[std::move(name)] = in.number<std::int64_t>();
  }
  answer.edits = in.text();
  in.expect_end();
  return answer;
}

}  // namespace fettle
