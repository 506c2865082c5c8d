#include "bisect/reproducer.hpp"

#include <fmt/format.h>

#include "graph/text_types.hpp"

namespace fettle {
namespace {

// What the pass makes of it; nothing where it must not run in this process, or does not come through.
std::string after_text(const Reproducer& repro) {
  if (repro.trial.isolated) return {};
  const std::unique_ptr<Graph> graph = repro.program.graph->clone();
  Journal journal(*graph);
  try {
    transform_here(repro.trial, journal);
  } catch (const Error&) {
    return {};
  }
  return journal.changed() ? print(*graph) : std::string();
}

std::string fenced(std::string_view text) {
  return fmt::format("```\n{}{}```\n", text, text.ends_with('\n') ? "" : "\n");
}

std::string command(const Reproducer& repro) {
  std::string line = "fettle run repro.pt2 -p pipeline.yaml";
  for (const std::string& dir : repro.plugin_dirs) line += " --plugin-dir " + dir;
  return line;
}

constexpr std::int64_t kMostShown = 32;  // elements of a tensor

// " = [1, 2]", of few elements.
std::string value_text(const RunValue& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  if (!tensor || !tensor->defined()) return {};
  const TensorData data = tensor->to_constant();
  if (element_count(data.type).value_or(0) > kMostShown || !text::can_print_elements(data)) return {};
  std::string elements = " = ";
  text::append_elements(elements, data);
  return elements;
}

std::string inputs_text(const Reproducer& repro) {
  std::string text;
  const Graph& graph = *repro.program.graph;
  std::size_t input = 0;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    const bool weight = node.input_spec && node.input_spec->kind != InputKind::user_input;
    text += fmt::format("- `{}`: {}{}\n", graph.text(node.name),
                        print_type(graph.type(graph.result(id))),
                        weight ? ", a weight of the model" : value_text(repro.inputs.at(input++)));
  }
  return text;
}

std::string readme(const Reproducer& repro) {
  const BisectResult& r = repro.result;
  const Diagnostic& error = r.pass.failure.error;
  std::string text = fmt::format("# '{}' fails: {}\n\n", r.pass.pass.name, code_name(error.code));
  text += fmt::format("Found on {} by `fettle bisect`.\n\n", repro.model);
  text += fenced(command(repro)) + "\nends with:\n\n" + fenced(format(r.small.error));
  text += fmt::format("\n- pass: `{}`, the {}. that ran\n", r.pass.pass.name, r.pass.step + 1);
  if (r.rewrite.number != 0) {
    text += fmt::format("- rewrite: number {}{}{}\n", r.rewrite.number,
                        r.rewrite.of ? fmt::format(" of {}", r.rewrite.of) : "",
                        r.rewrite.root.empty()
                            ? ""
                            : fmt::format(", at `{}`: {}", r.rewrite.root, r.rewrite.why));
  }
  text += fmt::format("- {} calls of {}; inputs frozen from {}\n", r.calls, r.calls_before, r.inputs);
  text += "\n## Inputs\n\nStored in `repro.pt2`.\n\n" + inputs_text(repro);
  PrintOptions with_weights;
  with_weights.constant_elements = kMostShown;
  text += "\n## Before\n\n" + fenced(print(*repro.program.graph, with_weights));
  const std::string after = after_text(repro);
  if (!after.empty()) text += "\n## After\n\n" + fenced(after);
  return text;
}

}  // namespace

void write_reproducer(Reproducer& repro, const std::filesystem::path& folder) {
  write_program(repro.program, folder / "repro.pt2");
  write_report(folder / "pipeline.yaml",
               to_yaml(resolve(repro.trial.pipeline, repro.trial.host,
                               repro.trial.worker(folder / "repro.pt2"))));
  write_report(folder / "README.md", readme(repro));
}

}  // namespace fettle
