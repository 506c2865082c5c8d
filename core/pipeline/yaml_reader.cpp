#include "pipeline/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <cmath>
#include <set>
#include <sstream>

namespace fettle {
namespace {

constexpr const char* kWellFormed = "see configs/default.yaml for a pipeline that is well formed";

std::string_view type_name(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    default:
      return "nothing";
  }
}

// Where the text's first two documents begin. YAML::LoadAll would go on for ever after a ',' that
// opens the text: the parser takes it for an empty document and does not move on.
struct Beginnings : YAML::EventHandler {
  explicit Beginnings(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (marks.size() < 2 && parser.HandleNextDocument(*this)) {
    }
  }
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

// yaml-cpp's messages about tabs name the symptom; the cause is on the line itself.
std::string tab_hint(std::string_view text, int line) {
  for (int i = 0; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const std::string_view row = text.substr(0, text.find('\n'));
  const std::size_t content = row.find_first_not_of(" \t");
  const bool tab = row.substr(0, content).find('\t') != std::string_view::npos;
  return tab ? "indent with spaces: YAML does not allow tabs there" : "";
}

}  // namespace

std::string YamlReader::where(const YAML::Mark& mark) const {
  if (mark.is_null()) return source_;
  return fmt::format("{}:{}:{}", source_, mark.line + 1, mark.column + 1);
}

void YamlReader::fail(Code code, const YAML::Node& node, std::string what, std::string why,
                      std::string hint) const {
  if (hint.empty()) hint = kWellFormed;
  throw Error({code, std::move(what), where(node), std::move(why), std::move(hint)});
}

YAML::Node YamlReader::document(std::string_view text) const {
  YAML::Node document;
  std::vector<YAML::Mark> begin;
  try {
    const std::string copy(text);
    begin = Beginnings(copy).marks;
    if (begin.size() == 2 && begin[0].pos == begin[1].pos)
      throw YAML::ParserException(begin[0], "no key or value can begin here");
    document = YAML::Load(copy);
  } catch (const YAML::Exception& e) {
    std::string hint = tab_hint(text, e.mark.line);
    if (hint.empty()) hint = kWellFormed;
    throw Error({Code::pipeline_not_yaml, "the pipeline is not YAML", where(e.mark), e.msg, hint});
  }
  if (begin.empty() || document.IsNull()) {
    throw Error({Code::pipeline_empty,
                 "the pipeline file says nothing",
                 source_,
                 {},
                 "write at least 'passes: []', which only copies the program"});
  }
  if (begin.size() > 1) {
    throw Error({Code::pipeline_not_yaml, "the file holds more than one YAML document",
                 where(begin[1]), "a pipeline is one document",
                 "remove the '---' line and what follows it"});
  }
  return document;
}

void YamlReader::mapping(const YAML::Node& node, std::string_view what, const Entry& fn,
                         std::string_view example) const {
  if (!node.IsMap()) {
    fail(Code::pipeline_wrong_type, node,
         fmt::format("{} must be a mapping (key: value), but is {}", what, type_name(node)), {},
         std::string(example));
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      fail(Code::pipeline_wrong_type, entry.first,
           fmt::format("a key of {} must be a name, but is {}", what, type_name(entry.first)), {},
           "write a plain name before the ':'");
    }
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      fail(Code::pipeline_duplicate_key, entry.first,
           fmt::format("'{}' is given twice in {}", key, what), {}, "keep one of the two");
    }
    if (entry.second.IsNull()) {  // whose own mark is wherever the parser noticed
      fail(Code::pipeline_wrong_type, entry.first,
           fmt::format("'{}' in {} has no value", key, what), {},
           fmt::format("write a value after '{}:', or take the ':' away", key));
    }
    fn(key, entry.first, entry.second);
  }
}

void YamlReader::sequence(const YAML::Node& node, std::string_view what,
                          const std::function<void(const YAML::Node&)>& fn) const {
  if (!node.IsSequence()) {
    fail(Code::pipeline_wrong_type, node,
         fmt::format("{} must be a list, but is {}", what, type_name(node)), {},
         "write [a, b] or one '- a' a line");
  }
  for (const YAML::Node& element : node) fn(element);
}

std::string YamlReader::text(const YAML::Node& node, std::string_view what) const {
  if (!node.IsScalar()) {
    fail(Code::pipeline_wrong_type, node,
         fmt::format("{} must be a single value, but is {}", what, type_name(node)), {},
         "write one value, without brackets or a line below it");
  }
  return node.Scalar();
}

std::uint32_t YamlReader::whole_number(const YAML::Node& node, std::string_view what,
                                       std::uint32_t min, std::uint32_t max) const {
  std::int64_t number = 0;
  if (const std::string given = text(node, what);
      !YAML::convert<std::int64_t>::decode(node, number)) {
    fail(Code::pipeline_wrong_type, node,
         fmt::format("{} must be a whole number, but is '{}'", what, given), {},
         fmt::format("write one of {}..{}", min, max));
  }
  if (number < min || number > max) {
    fail(Code::pipeline_bad_value, node,
         fmt::format("{} must be in {}..{}, but is {}", what, min, max, number), {},
         fmt::format("write one of {}..{}", min, max));
  }
  return static_cast<std::uint32_t>(number);
}

double YamlReader::non_negative(const YAML::Node& node, std::string_view what) const {
  double number = 0;
  if (const std::string given = text(node, what); !YAML::convert<double>::decode(node, number)) {
    fail(Code::pipeline_wrong_type, node,
         fmt::format("{} must be a number, but is '{}'", what, given), {},
         "write it as in 0.01 or 1e-3");
  }
  if (!std::isfinite(number) || number < 0) {
    fail(Code::pipeline_bad_value, node,
         fmt::format("{} must be finite and not negative, but is {}", what, number), {},
         "write it as in 0.01 or 1e-3");
  }
  return number;
}

std::size_t YamlReader::choice(const YAML::Node& node, std::string_view what,
                               const std::vector<std::string>& choices) const {
  const std::string given = text(node, what);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == given) return i;
  }
  fail(Code::pipeline_bad_value, node,
       fmt::format("{} must be one of {}, but is '{}'", what, fmt::join(choices, ", "), given), {},
       suggest(given, choices));
}

void YamlReader::unknown_key(const YAML::Node& key_node, const std::string& key,
                             std::string_view owner, const std::vector<std::string>& known) const {
  fail(Code::pipeline_unknown_key, key_node, fmt::format("{} has no key '{}'", owner, key), {},
       suggest(key, known));
}

}  // namespace fettle
