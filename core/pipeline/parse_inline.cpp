// A pipeline on one line, as opt has them:
// "cse,dce,constant_folding{max_bytes=1024},repeat(cse,dce)".
//
//   list   = step {"," step}
//   step   = name [options] | "repeat" [options] "(" list ")"
//   options = "{" name "=" value {"," name "=" value} "}"
//
// A value is what stands before the next "," or "}". What a name or an option may be is checked
// where a YAML pipeline's are (resolve); mistakes are told with their column.
#include <fmt/format.h>

#include <charconv>

#include "pipeline/pipeline.hpp"

namespace fettle {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::uint32_t kMaxRounds = 1'000;

class InlineParser {
 public:
  InlineParser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  std::vector<Step> parse() {
    std::vector<Step> steps = list(0);
    if (at_ < text_.size()) fail(fmt::format("'{}' is not expected here", text_[at_]));
    return steps;
  }

 private:
  [[noreturn]] void fail(std::string what) const {
    throw Error({Code::pipeline_not_yaml,
                 "the pipeline cannot be read: " + std::move(what),
                 where(),
                 {},
                 "write passes as in 'cse,dce,constant_folding{max_bytes=1024},repeat(cse,dce)'"});
  }

  std::string where() const { return fmt::format("{}:{}", source_, at_ + 1); }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view until(std::string_view ends) {
    skip_space();
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    std::string_view found = text_.substr(at_, end - at_);
    at_ = end;
    while (!found.empty() &&
           (found.back() == ' ' || found.back() == '\t' || found.back() == '\n')) {
      found.remove_suffix(1);
    }
    return found;
  }

  std::vector<Step> list(int depth) {
    if (depth > kMaxDepth) {
      throw Error({Code::pipeline_too_large,
                   fmt::format("groups are nested more than {} deep", kMaxDepth), where()});
    }
    std::vector<Step> steps;
    do steps.push_back(step(depth));
    while (take(','));
    return steps;
  }

  Step step(int depth) {
    skip_space();
    ComponentUse use{{}, {}, where()};
    use.name = until(",{}()=");
    if (use.name.empty()) fail("a pass has no name");
    if (take('{')) options(use.options);
    if (!take('(')) return {std::move(use)};
    if (use.name != "repeat") fail(fmt::format("'{}' is no group", use.name));
    Repeat group;
    for (const Host::GivenOption& option : use.options) limit(option, group);
    group.passes = list(depth + 1);
    if (!take(')')) fail("the group's ')' is missing");
    return {std::move(group)};
  }

  void options(std::vector<Host::GivenOption>& out) {
    do {
      skip_space();
      const std::string place = where();
      const std::string name(until("=,{}()"));
      if (name.empty() || !take('=')) fail("an option is NAME=VALUE");
      out.push_back({name, std::string(until(",}")), place});
    } while (take(','));
    if (!take('}')) fail("the options' '}' is missing");
  }

  void limit(const Host::GivenOption& option, Repeat& group) const {
    const char* end = option.text.data() + option.text.size();
    const auto read = std::from_chars(option.text.data(), end, group.limit);
    if (option.name == "limit" && read.ec == std::errc{} && read.ptr == end && group.limit >= 1 &&
        group.limit <= kMaxRounds) {
      return;
    }
    throw Error({Code::pipeline_bad_value,
                 fmt::format("'{}={}' is no option of repeat", option.name, option.text),
                 option.where,
                 {},
                 fmt::format("repeat{{limit=N}}(…), N in 1..{}", kMaxRounds)});
  }

  std::string_view text_;
  std::string source_;
  std::size_t at_ = 0;
};

}  // namespace

Pipeline parse_inline(std::string_view text, const std::string& source) {
  Pipeline pipeline;
  pipeline.source = source;
  pipeline.passes = InlineParser(text, source).parse();
  return pipeline;
}

}  // namespace fettle
