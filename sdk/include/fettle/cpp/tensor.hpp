// Tensors as they cross the ABI: DLPack's layout. TensorView borrows, Tensor owns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fettle/cpp/base.hpp"

namespace fettle {
inline namespace sdk {

// By the numbers of torch.export's schema.
enum class Dtype : std::uint32_t {
  unknown = 0,
  uint8 = FETTLE_DTYPE_UINT8,
  int8 = FETTLE_DTYPE_INT8,
  int16 = FETTLE_DTYPE_INT16,
  int32 = FETTLE_DTYPE_INT32,
  int64 = FETTLE_DTYPE_INT64,
  float16 = FETTLE_DTYPE_FLOAT16,
  float32 = FETTLE_DTYPE_FLOAT32,
  float64 = FETTLE_DTYPE_FLOAT64,
  complex32 = FETTLE_DTYPE_COMPLEX32,
  complex64 = FETTLE_DTYPE_COMPLEX64,
  complex128 = FETTLE_DTYPE_COMPLEX128,
  boolean = FETTLE_DTYPE_BOOL,
  bfloat16 = FETTLE_DTYPE_BFLOAT16,
  uint16 = FETTLE_DTYPE_UINT16,
  float8_e4m3fn = FETTLE_DTYPE_FLOAT8_E4M3FN,
  float8_e5m2 = FETTLE_DTYPE_FLOAT8_E5M2,
  float8_e4m3fnuz = FETTLE_DTYPE_FLOAT8_E4M3FNUZ,
  float8_e5m2fnuz = FETTLE_DTYPE_FLOAT8_E5M2FNUZ,
  float8_e8m0fnu = FETTLE_DTYPE_FLOAT8_E8M0FNU,
  uint32 = FETTLE_DTYPE_UINT32,
  uint64 = FETTLE_DTYPE_UINT64,
};

namespace detail __attribute__((visibility("hidden"))) {
  struct DtypeRow {
    Dtype dtype;
    std::uint8_t code, bits;
    const char* name;
  };
  inline constexpr DtypeRow kDtypes[] = {
      {Dtype::uint8, kDLUInt, 8, "uint8"},
      {Dtype::int8, kDLInt, 8, "int8"},
      {Dtype::int16, kDLInt, 16, "int16"},
      {Dtype::int32, kDLInt, 32, "int32"},
      {Dtype::int64, kDLInt, 64, "int64"},
      {Dtype::float16, kDLFloat, 16, "float16"},
      {Dtype::float32, kDLFloat, 32, "float32"},
      {Dtype::float64, kDLFloat, 64, "float64"},
      {Dtype::complex32, kDLComplex, 32, "complex32"},
      {Dtype::complex64, kDLComplex, 64, "complex64"},
      {Dtype::complex128, kDLComplex, 128, "complex128"},
      {Dtype::boolean, kDLBool, 8, "bool"},
      {Dtype::bfloat16, kDLBfloat, 16, "bfloat16"},
      {Dtype::uint16, kDLUInt, 16, "uint16"},
      {Dtype::float8_e4m3fn, kDLFloat8_e4m3fn, 8, "float8_e4m3fn"},
      {Dtype::float8_e5m2, kDLFloat8_e5m2, 8, "float8_e5m2"},
      {Dtype::float8_e4m3fnuz, kDLFloat8_e4m3fnuz, 8, "float8_e4m3fnuz"},
      {Dtype::float8_e5m2fnuz, kDLFloat8_e5m2fnuz, 8, "float8_e5m2fnuz"},
      {Dtype::float8_e8m0fnu, kDLFloat8_e8m0fnu, 8, "float8_e8m0fnu"},
      {Dtype::uint32, kDLUInt, 32, "uint32"},
      {Dtype::uint64, kDLUInt, 64, "uint64"},
  };
}  // namespace )

inline Dtype dtype_of(DLDataType type) {
  for (const auto& row : detail::kDtypes)
    if (row.code == type.code && row.bits == type.bits && type.lanes == 1) return row.dtype;
  return Dtype::unknown;
}
inline DLDataType dlpack_type(Dtype dtype) {
  for (const auto& row : detail::kDtypes)
    if (row.dtype == dtype) return {row.code, row.bits, 1};
  throw Failure("a dtype that DLPack does not have");
}
inline const char* dtype_name(Dtype dtype) {
  for (const auto& row : detail::kDtypes)
    if (row.dtype == dtype) return row.name;
  return "unknown";
}
inline bool is_floating(Dtype dtype) {
  const DLDataType type = dlpack_type(dtype);
  return type.code == kDLFloat || type.code == kDLBfloat || type.code >= kDLFloat8_e4m3fn;
}
inline bool is_complex(Dtype dtype) {
  return dlpack_type(dtype).code == kDLComplex;
}

// A borrowed tensor. Data are readable only if it lies on the CPU.
class TensorView {
 public:
  explicit TensorView(const DLTensor* raw) : raw_(raw) {}
  const DLTensor* raw() const { return raw_; }

  Dtype dtype() const { return dtype_of(raw_->dtype); }
  std::span<const std::int64_t> shape() const {
    return {raw_->shape, static_cast<std::size_t>(raw_->ndim)};
  }
  std::int64_t size(std::size_t dim) const { return raw_->shape[dim]; }
  std::size_t rank() const { return static_cast<std::size_t>(raw_->ndim); }
  std::int64_t element_bytes() const { return raw_->dtype.bits / 8; }
  std::int64_t elements() const {
    std::int64_t n = 1;
    for (const std::int64_t size : shape()) n *= size;
    return n;
  }
  std::int64_t bytes() const { return elements() * element_bytes(); }
  bool on_cpu() const { return raw_->device.device_type == kDLCPU; }

  // Row-major without gaps; strides of dimensions of size 1 don't count.
  bool contiguous() const {
    if (raw_->strides == nullptr || elements() == 0) return true;
    std::int64_t expected = 1;
    for (std::size_t d = rank(); d-- > 0;) {
      if (raw_->shape[d] == 1) continue;
      if (raw_->strides[d] != expected) return false;
      expected *= raw_->shape[d];
    }
    return true;
  }

  const std::byte* data() const {
    if (!on_cpu()) throw Failure("a tensor's data were read that are not on the CPU");
    return static_cast<const std::byte*>(raw_->data) + raw_->byte_offset;
  }

  // Calls visit(flat_index, pointer) for each element in row-major order.
  template <class Visit>
  void for_each_element(Visit visit) const;

 private:
  const DLTensor* raw_;
};

template <class Visit>
void TensorView::for_each_element(Visit visit) const {
  const std::int64_t n = elements(), width = element_bytes();
  const std::byte* at = n == 0 ? nullptr : data();
  if (contiguous()) {
    for (std::int64_t i = 0; i < n; ++i, at += width) visit(i, at);
    return;
  }
  std::vector<std::int64_t> index(rank(), 0);
  for (std::int64_t i = 0; i < n; ++i) {
    visit(i, at);
    for (std::size_t d = rank(); d-- > 0;) {  // an odometer over the dimensions
      at += raw_->strides[d] * width;
      if (++index[d] < raw_->shape[d]) break;
      at -= raw_->strides[d] * width * raw_->shape[d];
      index[d] = 0;
    }
  }
}

// An owned tensor: calls the deleter exactly once.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(DLManagedTensorVersioned* owned) : raw_(owned) {}
  Tensor(Tensor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Tensor() {
    if (raw_ != nullptr && raw_->deleter != nullptr) raw_->deleter(raw_);
  }

  // A new CPU tensor of zeros, with memory of this plugin. Strides are in elements and not
  // negative; without them the tensor is row-major.
  static Tensor zeros(Dtype dtype, std::span<const std::int64_t> shape,
                      std::span<const std::int64_t> strides = {});
  // A copy of a CPU tensor with the same strides.
  static Tensor copy_of(TensorView tensor);

  explicit operator bool() const { return raw_ != nullptr; }
  TensorView view() const { return TensorView(&raw_->dl_tensor); }
  const DLTensor* dlpack() const { return &raw_->dl_tensor; }
  DLManagedTensorVersioned* release() { return std::exchange(raw_, nullptr); }
  // Writable memory; only for tensors that this plugin made.
  std::byte* data() { return static_cast<std::byte*>(raw_->dl_tensor.data); }

 private:
  DLManagedTensorVersioned* raw_ = nullptr;
};

namespace detail {

// Elements from the first to the last in memory, which strides may spread out or lay over each
// other.
inline std::int64_t element_span(std::span<const std::int64_t> shape,
                                 std::span<const std::int64_t> strides) {
  std::int64_t last = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) return 0;
    last += (shape[d] - 1) * strides[d];
  }
  return last + 1;
}

inline std::vector<std::int64_t> row_major(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t elements = 1;
  for (std::size_t d = shape.size(); d-- > 0; elements *= shape[d]) strides[d] = elements;
  return strides;
}

}  // namespace detail

inline Tensor Tensor::zeros(Dtype dtype, std::span<const std::int64_t> shape,
                            std::span<const std::int64_t> strides) {
  struct Owned {
    DLManagedTensorVersioned managed{};
    std::vector<std::int64_t> shape, strides;
    std::unique_ptr<std::byte[]> data;
  };
  auto owned = std::make_unique<Owned>();
  owned->shape.assign(shape.begin(), shape.end());
  owned->strides.assign(strides.begin(), strides.end());
  if (strides.size() != shape.size()) owned->strides = detail::row_major(shape);
  const std::int64_t elements = detail::element_span(owned->shape, owned->strides);
  const std::size_t bytes = static_cast<std::size_t>(elements) * (dlpack_type(dtype).bits / 8);
  owned->data = std::make_unique<std::byte[]>(bytes == 0 ? 1 : bytes);
  DLManagedTensorVersioned& managed = owned->managed;
  managed.version = {1, 0};
  managed.manager_ctx = owned.get();
  managed.deleter = [](DLManagedTensorVersioned* self) noexcept {
    delete static_cast<Owned*>(self->manager_ctx);
  };
  managed.dl_tensor.data = owned->data.get();
  managed.dl_tensor.device = {kDLCPU, 0};
  managed.dl_tensor.ndim = static_cast<std::int32_t>(shape.size());
  managed.dl_tensor.dtype = dlpack_type(dtype);
  managed.dl_tensor.shape = owned->shape.data();
  managed.dl_tensor.strides = owned->strides.data();
  return Tensor(&owned.release()->managed);
}

inline Tensor Tensor::copy_of(TensorView tensor) {
  std::vector<std::int64_t> strides = detail::row_major(tensor.shape());
  if (tensor.raw()->strides != nullptr)
    strides.assign(tensor.raw()->strides, tensor.raw()->strides + tensor.rank());
  Tensor copy = zeros(tensor.dtype(), tensor.shape(), strides);
  const std::int64_t span = detail::element_span(tensor.shape(), strides);
  if (span != 0)
    std::memcpy(copy.data(), tensor.data(),
                static_cast<std::size_t>(span * tensor.element_bytes()));
  return copy;
}

}  // namespace sdk
}  // namespace fettle
