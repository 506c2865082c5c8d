#include "torchscript/source_frames.hpp"

#include <algorithm>

namespace fettle {
namespace {

struct Place {
  std::string file;
  std::size_t line = 0;
  std::string code;
};

// The original Python where the archive keeps it, else the archive's own serialized code.
// Throws what libtorch throws where these records are damaged.
std::optional<Place> read_place(const torch::jit::Node& node) {
  torch::jit::SourceRange range = node.sourceRange();
  if (!range.source()) return std::nullopt;
  if (auto original = range.findSourceRangeThatGenerated()) range = *original;
  const auto found = range.file_line_col();
  if (!found || std::get<1>(*found) == 0) return std::nullopt;
  Place place;
  std::size_t column = 0;
  std::tie(place.file, place.line, column) = *found;
  const auto& source = *range.source();
  const std::size_t index = source.lineno_for_offset(range.start());
  std::string code = source.get_line(index).str();
  const std::size_t first = code.find_first_not_of(" \t\n");
  if (first != code.npos) place.code = code.substr(first, code.find_last_not_of(" \t\n") + 1 - first);
  return place;
}

std::optional<Place> place_of(const torch::jit::Node& node) {
  try {
    return read_place(node);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string frame_text(const torch::jit::Node& node, const std::string& function) {
  const auto place = place_of(node);
  if (!place) return {};
  std::string text = "File \"" + place->file + "\", line " + std::to_string(place->line) + ", in " +
                     function + "\n";
  return place->code.empty() ? text : text + "    " + place->code + "\n";
}

// From the outermost call to this one.
std::vector<const SourceFrames*> chain_of(const SourceFrames& frame) {
  std::vector<const SourceFrames*> chain;
  for (const SourceFrames* at = &frame; at; at = at->caller) chain.push_back(at);
  std::ranges::reverse(chain);
  return chain;
}

std::string stack_trace(const torch::jit::Node& node,
                        const std::vector<const SourceFrames*>& chain) {
  std::string trace;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const torch::jit::Node& at = i + 1 < chain.size() ? *chain[i + 1]->site : node;
    const std::string text = frame_text(at, chain[i]->function);
    if (!text.empty()) trace += (trace.empty() ? "" : "  ") + text;
  }
  if (trace.ends_with('\n')) trace.pop_back();
  return trace;
}

std::string module_stack(const std::vector<const SourceFrames*>& chain) {
  std::string stack;
  for (const SourceFrames* frame : chain) {
    if (frame->class_name.empty()) continue;
    if (!stack.empty()) stack += ";";
    stack += "L__self__" + frame->module + "," + frame->module + "," + frame->class_name;
  }
  return stack;
}

}  // namespace

std::string source_line(const torch::jit::Node& node, const SourceFrames& frame) {
  const auto place = place_of(node);
  if (!place) return {};
  std::string text = place->file + ":" + std::to_string(place->line) + " in " + frame.function;
  return place->code.empty() ? text : text + ": " + place->code;
}

std::vector<MetadataEntry> source_metadata(const torch::jit::Node& node, const SourceFrames& frame,
                                           const Graph& graph) {
  const auto chain = chain_of(frame);
  std::vector<MetadataEntry> metadata;
  const auto add = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) metadata.push_back({graph.intern(key), graph.intern(text)});
  };
  add("stack_trace", stack_trace(node, chain));
  add("nn_module_stack", module_stack(chain));
  return metadata;
}

std::string python_class_name(const std::string& qualified) {
  constexpr std::string_view kRoot = "__torch__.", kMangle = "___torch_mangle_";
  std::string name = qualified.starts_with(kRoot) ? qualified.substr(kRoot.size()) : qualified;
  for (std::size_t at = name.find(kMangle); at != name.npos; at = name.find(kMangle, at)) {
    const std::size_t dot = name.find('.', at);
    name.erase(at, dot == name.npos ? dot : dot + 1 - at);
  }
  return name;
}

}  // namespace fettle
