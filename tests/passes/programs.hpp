// Programs for tests of verifiers and benchmarks: a graph from text with samples of float inputs.
#pragma once

#include "fixture.hpp"
#include "host/program_handle.hpp"

namespace fettle::test {

template <class T>
RunValue tensor(std::vector<std::int64_t> sizes, std::vector<T> values, DType dtype) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = dtype;
  type.device.type = "cpu";
  std::int64_t stride = 1;
  type.strides.assign(sizes.size(), SymInt(1));
  for (std::size_t d = sizes.size(); d-- > 0; stride *= sizes[d]) type.strides[d] = SymInt(stride);
  type.sizes.assign(sizes.begin(), sizes.end());
  return Tensor::from_constant({make_storage(values.data(), values.size() * sizeof(T)), type},
                               true);
}
inline RunValue floats(std::vector<std::int64_t> sizes, std::vector<float> values) {
  return tensor(std::move(sizes), std::move(values), DType::float32);
}
inline RunValue integers(std::vector<std::int64_t> sizes, std::vector<std::int64_t> values) {
  return tensor(std::move(sizes), std::move(values), DType::int64);
}

class TestProgram {
 public:
  explicit TestProgram(const std::string& text, std::vector<LoadedSample> samples = {})
      : graph_(graph_of(text)),
        handle_("test", *graph_,
                std::make_shared<const std::vector<LoadedSample>>(std::move(samples)), cpu()) {}
  const ProgramHandle& handle() const { return handle_; }

 private:
  static Device cpu() {
    Device device;
    device.type = "cpu";
    return device;
  }
  std::unique_ptr<Graph> graph_;
  ProgramHandle handle_;
};

}  // namespace fettle::test
