// Modules scripted in the test itself, and what became of them.
#pragma once

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <string>

#include "graph/text.hpp"
#include "small_archive.hpp"
#include "torchscript/read_torchscript.hpp"

namespace fettle::test {

inline ExampleInputs two_by_three() {
  return {.shapes = {{"x", {2, 3}}}, .dtypes = {}, .values = {}};
}

// A module with a parameter and a buffer, and this `forward`.
class Scripted {
 public:
  explicit Scripted(const std::string& forward) {
    torch::jit::Module module("M");
    module.register_parameter("weight", at::ones({3}), false);
    module.register_buffer("state", at::zeros({3}));
    module.register_attribute("steps", c10::IntType::get(), 2);
    module.define(forward);
    module.save(path());
  }
  torch::jit::Module module() const { return torch::jit::load(path()); }
  std::string path() const { return (folder_.path() / "module.pt").string(); }
  Program read(const ExampleInputs& examples = two_by_three()) const {
    return read_model(path(), examples);
  }
  Failure failure(const ExampleInputs& examples = two_by_three()) const {
    return failure_of([&] { read(examples); });
  }

 private:
  TempFolder folder_;
};

inline std::string text_of(const Program& program) { return print(*program.graph); }

// In nested graphs, too.
inline std::size_t calls(const Program& program, std::string_view op) {
  const Graph& graph = *program.graph;
  std::size_t count = 0;
  for (std::uint32_t node = 0; node < graph.node_bound(); ++node) {
    if (graph.alive(NodeId(node))) count += graph.text(graph.node(NodeId(node)).op) == op;
  }
  return count;
}

}  // namespace fettle::test
