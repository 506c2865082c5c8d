#include "pictures/module_paths.hpp"

#include <algorithm>

namespace fettle {
namespace {

constexpr std::size_t kMostLevels = 32;

// Removes and returns what stands before `mark`; all of it if there is none.
std::string_view cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return head;
}

ModuleStack parse(std::string_view text) {
  ModuleStack out;
  while (!text.empty() && out.levels.size() < kMostLevels) {
    std::string_view entry = cut(text, ';');
    cut(entry, ',');
    const std::string_view path = cut(entry, ',');
    const std::string_view type = entry.substr(entry.find_last_of('.') + 1);  // npos + 1 is 0
    if (path.empty()) {
      out.model = type;
    } else {
      out.levels.push_back({std::string(path), std::string(type)});
    }
  }
  return out;
}

}  // namespace

std::size_t common_levels(std::span<const ModuleLevel> a, std::span<const ModuleLevel> b) {
  std::size_t n = 0;
  while (n < std::min(a.size(), b.size()) && a[n].path == b[n].path) ++n;
  return n;
}

const ModuleStack* ModulePaths::recorded(NodeId node) {
  for (const MetadataEntry& entry : graph_.node(node).metadata) {
    if (graph_.text(entry.key) != "nn_module_stack") continue;
    const auto [at, added] = stacks_.try_emplace(entry.text);
    if (added) at->second = parse(graph_.text(entry.text));
    return &at->second;
  }
  return nullptr;
}

std::vector<std::span<const ModuleLevel>> ModulePaths::of_block(BlockId block) {
  using Levels = std::span<const ModuleLevel>;
  std::vector<Levels> out;
  std::vector<bool> known;
  for (const NodeId id : graph_.nodes(block)) {
    const Opcode opcode = graph_.node(id).opcode;
    const bool end = opcode == Opcode::placeholder || opcode == Opcode::output;
    const ModuleStack* stack = end ? nullptr : recorded(id);
    out.push_back(stack ? Levels(stack->levels) : Levels());
    known.push_back(end || stack);
  }
  // Behind each gap lies a node that is known: the output, at the latest.
  Levels behind;
  std::vector<Levels> next(out.size());
  for (std::size_t i = out.size(); i-- > 0;) {
    if (known[i]) behind = out[i];
    next[i] = behind;
  }
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (!known[i]) out[i] = out[i - 1].first(common_levels(out[i - 1], next[i]));
  }
  return out;
}

}  // namespace fettle
