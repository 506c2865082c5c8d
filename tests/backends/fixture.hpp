// Programs that run on backends: graphs from text, inputs as numbers, a host with plugins.
#pragma once

#include "host/backends.hpp"
#include "host/fixture.hpp"
#include "host/program_handle.hpp"

namespace fettle::test {

// The plugins of the build.
inline const Host& shipped() {
  static const Host host(only(FETTLE_SHIPPED_PLUGINS));
  return host;
}

// A tensor over `values`, row-major where no strides are given.
template <class T>
RunValue tensor(std::vector<std::int64_t> sizes, std::vector<T> values, DType dtype,
                std::vector<std::int64_t> strides = {}) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = dtype;
  type.device.type = "cpu";
  type.sizes.assign(sizes.begin(), sizes.end());
  std::int64_t dense = 1;
  type.strides.assign(sizes.size(), SymInt(1));
  for (std::size_t d = sizes.size(); d-- > 0; dense *= sizes[d]) {
    type.strides[d] = SymInt(strides.empty() ? dense : strides[d]);
  }
  return Tensor::from_constant({make_storage(values.data(), values.size() * sizeof(T)), type}, true);
}
inline RunValue floats(std::vector<std::int64_t> sizes, std::vector<float> values) {
  return tensor(std::move(sizes), std::move(values), DType::float32);
}

template <class T = float>
std::vector<T> numbers(const RunValue& value) {
  const TensorData data = std::get<Tensor>(value).to_constant();
  std::vector<T> values(data.storage->size / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), data.storage->data, data.storage->size);
  return values;
}

// A program on backends.
class Running {
 public:
  Running(const std::string& text, BackendChoice choice)
      : graph_(graph_of(text)),
        handle_("test", *graph_, nullptr, Device{},
                std::make_shared<const BackendChoice>(std::move(choice))) {}
  std::vector<RunValue> run(const std::vector<RunValue>& inputs) {
    return handle_.executable()->run(inputs).outputs;
  }
  const BackendUse& use() { return *handle_.backend_use(); }
  const ProgramHandle& handle() const { return handle_; }

 private:
  std::unique_ptr<Graph> graph_;
  ProgramHandle handle_;
};

inline BackendChoice everything_on(std::shared_ptr<Backend> backend) {
  BackendChoice choice;
  choice.otherwise = std::move(backend);
  return choice;
}

}  // namespace fettle::test
