#include "runtime/source_line.hpp"

namespace fettle {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// Removes and returns what stands before `mark`; all of it if there is none.
std::string_view cut(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + mark.size());
  return head;
}

}  // namespace

std::string source_line(const Graph& graph, NodeId node) {
  for (const MetadataEntry& entry : graph.node(node).metadata) {
    if (graph.text(entry.key) != "stack_trace") continue;
    std::string_view trace = graph.text(entry.text);
    constexpr std::string_view kFrame = "File \"";
    const std::size_t frame = trace.rfind(kFrame);
    if (frame == trace.npos) return std::string(trimmed(trace));
    trace.remove_prefix(frame + kFrame.size());
    std::string_view code = trace;
    std::string_view head = cut(code, "\n");  // model.py", line 12, in forward
    std::string line(cut(head, "\", line "));
    line.append(":").append(cut(head, ", in "));
    if (!head.empty()) line.append(" in ").append(head);
    if (!trimmed(code).empty()) line.append(": ").append(trimmed(code));
    return line;
  }
  return {};
}

}  // namespace fettle
