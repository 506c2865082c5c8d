// fettle's SDK for C++20: everything a plugin author needs, over the C ABI of fettle.h.
// Header-only; it includes the standard library and fettle.h, nothing else, and links to nothing.
//
// A plugin is one shared library. A complete one, which turns relu(relu(x)) into relu(x):
//
//   #include <fettle/fettle.hpp>
//
//   class ReluOfRelu : public fettle::Pass {
//    public:
//     static constexpr const char* name = "relu_of_relu";
//     static constexpr const char* summary = "Removes a relu whose operand is a relu.";
//     static constexpr fettle::Promise promise = fettle::Promise::exact;
//
//     void transform(fettle::MutableGraph& graph) override {
//       const fettle::Symbol relu = graph.symbol("aten.relu.default");
//       for (fettle::Node node : graph.nodes()) {
//         if (!node.is(relu) || !node.operand(0).producer().is(relu)) continue;
//         fettle::Rewrite rewrite(graph, node, "relu of relu");
//         if (!rewrite) continue;  // past the limit on rewrites: leave this site alone
//         rewrite.replace(node.result(), node.operand(0));
//         rewrite.erase(node);
//         rewrite.commit();
//       }
//     }
//   };
//
//   FETTLE_PLUGIN("org.example.relu_of_relu", "1.0.0", ReluOfRelu)
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o relu_of_relu.so
//       relu_of_relu.cpp
//
// What is where
//   cpp/base.hpp      Failure, Context: how things go wrong, notes and statistics
//   cpp/tensor.hpp    Dtype, TensorView, Tensor: DLPack with an owner
//   cpp/graph.hpp     Graph, Block, Node, Value, Argument, Type: reading
//   cpp/facts.hpp     what a call does besides computing; which values may share storage
//   cpp/analyses.hpp  DominatorTree, regions, Liveness: what the host computes about a graph
//   cpp/analysis.hpp  Analysis, find_answer: what plugins find out for each other
//   cpp/edit.hpp      MutableGraph, Rewrite, NodeSpec: changing; evaluation of calls
//   cpp/blocks.hpp    NestedCall, BlockEdits: calls with nested graphs
//   cpp/program.hpp   Program, Data, Bound: running
//   cpp/element.hpp   elements of tensors as numbers
//   cpp/shapes.hpp    symbols of dynamic sizes, their ranges, and sizes under values of them
//   cpp/inputs.hpp    input sets for verifiers and benchmarks: samples, and random ones like them
//   cpp/options.hpp   options of components, declared once
//   cpp/plugin.hpp    Pass, Verifier, Benchmark, FETTLE_PLUGIN
//
// Three rules explain the rest
//   - What you are handed (graphs, nodes, text, types) is borrowed: use it until your function
//     returns, and text and types of a graph only until you edit that graph.
//   - A call that fails throws fettle::Failure. Let it fly: nothing crosses the C boundary, the
//   host is told,
//     and a graph that was being changed is restored.
//   - A component is created once per use in a pipeline; its members live from call to call.
//
// What keeps state (the host's tables, descriptors) is hidden in the plugin's own library, so that
// plugins built with different versions of this SDK, or with classes of one name, live side by side
// in one process.
#ifndef FETTLE_FETTLE_HPP
#define FETTLE_FETTLE_HPP

#include "fettle/cpp/analyses.hpp"
#include "fettle/cpp/analysis.hpp"
#include "fettle/cpp/base.hpp"
#include "fettle/cpp/blocks.hpp"
#include "fettle/cpp/edit.hpp"
#include "fettle/cpp/element.hpp"
#include "fettle/cpp/facts.hpp"
#include "fettle/cpp/gradients.hpp"
#include "fettle/cpp/graph.hpp"
#include "fettle/cpp/inputs.hpp"
#include "fettle/cpp/options.hpp"
#include "fettle/cpp/plugin.hpp"
#include "fettle/cpp/program.hpp"
#include "fettle/cpp/rewrites.hpp"
#include "fettle/cpp/shapes.hpp"
#include "fettle/cpp/tensor.hpp"

#endif  // FETTLE_FETTLE_HPP
