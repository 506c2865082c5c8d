#include "runtime/tensor.hpp"

#include <ATen/ops/empty.h>

#include <cstring>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/devices.hpp"
#include "runtime/tensor_impl.hpp"
#include "ops/torch_errors.hpp"

namespace fettle {
namespace {

[[noreturn]] void unsupported(std::string what, std::string why) {
  throw Error({.code = Code::tensor_unsupported, .what = std::move(what), .why = std::move(why)});
}

std::vector<std::int64_t> numbers(const std::vector<SymInt>& sizes) {
  std::vector<std::int64_t> result;
  result.reserve(sizes.size());
  for (const SymInt& size : sizes) {
    if (size.symbolic()) unsupported("a constant has a symbolic size", size.expression);
    result.push_back(size.value);
  }
  return result;
}

std::vector<SymInt> sym_ints(at::IntArrayRef numbers) { return {numbers.begin(), numbers.end()}; }

}  // namespace

c10::Storage storage_over(const std::shared_ptr<const Storage>& bytes, bool writable) {
  std::shared_ptr<const Storage> held = writable ? make_storage(bytes->data, bytes->size) : bytes;
  auto* context = new std::shared_ptr<const Storage>(std::move(held));
  // libtorch knows no read-only storage; who writes to a constant asked for a writable one.
  void* data = const_cast<std::byte*>((*context)->data);
  c10::DataPtr pointer(data, context,
                       [](void* p) { delete static_cast<std::shared_ptr<const Storage>*>(p); },
                       c10::Device(c10::kCPU));
  return c10::Storage(c10::Storage::use_byte_size_t{}, bytes->size, std::move(pointer),
                      /*allocator=*/nullptr, /*resizable=*/false);
}

at::Tensor tensor_within(const c10::Storage& storage, const Type& type) {
  const auto dtype = scalar_type_of(type.dtype);
  if (!dtype) unsupported("a constant has no dtype that libtorch knows", {});
  const auto sizes = numbers(type.sizes), strides = numbers(type.strides);
  const auto offset = numbers({type.storage_offset});
  try {
    at::Tensor tensor = at::empty({0}, at::TensorOptions().dtype(*dtype));
    tensor.set_(storage, offset[0], sizes, strides);
    return tensor;
  } catch (const std::exception& error) {
    unsupported("a constant does not fit its bytes", first_line(error));
  }
}

Tensor Tensor::from_constant(const TensorData& data, bool writable) {
  return wrap(tensor_within(storage_over(data.storage, writable), data.type));
}

Type Tensor::type() const {
  Type type;
  if (!defined() || !impl_->tensor.defined()) return type;
  const at::Tensor& t = impl_->tensor;
  type.kind = TypeKind::tensor;
  type.dtype = dtype_of(t.scalar_type());
  type.layout = static_cast<Layout>(layout_number(t.layout()));
  type.requires_grad = t.requires_grad();
  type.sizes = sym_ints(t.sizes());
  if (t.layout() == c10::kStrided) {
    type.strides = sym_ints(t.strides());
    type.storage_offset = t.storage_offset();
  }
  type.device = device_of(t.device());
  return type;
}

Tensor Tensor::to_cpu() const {
  const at::Tensor t = unwrap(*this);
  if (!t.defined() || t.device().is_cpu()) return *this;
  return wrap(t.to(c10::Device(c10::kCPU)));
}

TensorData Tensor::to_constant() const {
  const at::Tensor t = unwrap(to_cpu());
  if (!t.defined() || t.layout() != c10::kStrided) {
    unsupported("a tensor cannot be stored as a constant", "it is undefined or sparse");
  }
  const at::Tensor contiguous = t.resolve_conj().resolve_neg().contiguous();
  TensorData data;
  data.storage = make_storage(contiguous.const_data_ptr(), contiguous.nbytes());
  data.type = wrap(contiguous).type();
  data.type.storage_offset = 0;
  return data;
}

std::span<const std::byte> Tensor::bytes() const {
  const at::Tensor t = unwrap(*this);
  if (!t.defined() || !t.device().is_cpu() || !t.is_contiguous() || t.is_conj() || t.is_neg()) {
    unsupported("the bytes of a tensor were asked for",
                "only contiguous tensors on the CPU show their bytes");
  }
  return {static_cast<const std::byte*>(t.const_data_ptr()), t.nbytes()};
}

bool Tensor::shares_storage(const Tensor& other) const {
  const at::Tensor a = unwrap(*this), b = unwrap(other);
  return a.defined() && b.defined() && a.has_storage() && b.has_storage() && a.is_alias_of(b);
}

}  // namespace fettle
