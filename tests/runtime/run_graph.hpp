// Running small graphs in tests: inputs from numbers, outputs as numbers.
#pragma once

#include <cstring>

#include "graph_builder.hpp"
#include "runtime/executable.hpp"

namespace fettle::test {

inline RunValue tensor(std::vector<std::int64_t> sizes, std::vector<float> values) {
  return Tensor::from_constant(floats(std::move(sizes), std::move(values)), true);
}

template <class T = float>
std::vector<T> values_of(const RunValue& value) {
  const TensorData data = std::get<Tensor>(value).to_constant();
  std::vector<T> values(data.storage->size / sizeof(T));
  std::memcpy(values.data(), data.storage->data, values.size() * sizeof(T));
  return values;
}

inline std::vector<RunValue> run(const Graph& graph, std::vector<RunValue> inputs,
                                 const RunOptions& options = {}) {
  check_schemas(graph);
  return Executable(graph, {}).run(inputs, options).outputs;
}

}  // namespace fettle::test
