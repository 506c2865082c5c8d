// Tensor handles and their way across the ABI in DLPack's layout.
#include "catch.hpp"

#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// A DLPack tensor over numbers of its own that counts how often it is deleted.
template <class T>
struct Managed {
  std::vector<T> values;
  std::vector<std::int64_t> sizes, strides;
  int deleted = 0;
  DLManagedTensorVersioned managed{};

  Managed(std::vector<T> v, std::vector<std::int64_t> shape, std::vector<std::int64_t> steps,
          DLDataType dtype)
      : values(std::move(v)), sizes(std::move(shape)), strides(std::move(steps)) {
    managed.version = {1, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned* self) {
      ++static_cast<Managed*>(self->manager_ctx)->deleted;
    };
    DLTensor& t = managed.dl_tensor;
    t.data = values.data();
    t.device = {kDLCPU, 0};
    t.ndim = static_cast<std::int32_t>(sizes.size());
    t.dtype = dtype;
    t.shape = sizes.data();
    t.strides = strides.empty() ? nullptr : strides.data();
  }
  Managed(const Managed&) = delete;
  Managed& operator=(const Managed&) = delete;
};

constexpr DLDataType kFloat32{kDLFloat, 32, 1};

Tensor there_and_back(const Tensor& tensor) { return Tensor::adopt_dlpack(tensor.to_dlpack()); }

}  // namespace

TEST_CASE("an adopted tensor shares memory and is deleted exactly once, after the last handle") {
  Managed<float> source({1, 2, 3, 4}, {2, 2}, {1, 2}, kFloat32);  // transposed
  {
    Tensor tensor = Tensor::adopt_dlpack(&source.managed);
    const Tensor copy = tensor;
    tensor = {};
    CHECK(source.deleted == 0);
    CHECK(values_of(copy) == std::vector<float>{1, 3, 2, 4});
    source.values[0] = 9;
    CHECK(values_of(copy)[0] == 9);
    CHECK_THAT(error_of([&] { copy.bytes(); }), contains("tensor-unsupported"));  // not contiguous
  }
  CHECK(source.deleted == 1);
}

TEST_CASE("a borrowed tensor is copied; byte_offset counts; no strides means contiguous") {
  Managed<float> source({1, 2, 3, 4}, {3}, {}, kFloat32);
  source.managed.dl_tensor.byte_offset = 4;
  const Tensor tensor = Tensor::from_dlpack(source.managed.dl_tensor);
  source.values[1] = 9;
  CHECK(values_of(tensor) == std::vector<float>{2, 3, 4});
  CHECK(source.deleted == 0);
}

TEST_CASE("a read-only tensor is copied and released at once") {
  Managed<float> source({1, 2}, {2}, {}, kFloat32);
  source.managed.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
  const Tensor tensor = Tensor::adopt_dlpack(&source.managed);
  CHECK(source.deleted == 1);
  CHECK(values_of(tensor) == std::vector<float>{1, 2});
}

TEST_CASE("scalars, empty tensors, bools and bfloat16 come through both ways") {
  SECTION("0-dimensional") {
    Managed<float> source({7}, {}, {}, kFloat32);
    const Tensor tensor = there_and_back(Tensor::from_dlpack(source.managed.dl_tensor));
    CHECK(tensor.type().sizes.empty());
    CHECK(values_of(tensor) == std::vector<float>{7});
  }
  SECTION("empty, without data") {
    Managed<float> source({}, {0, 3}, {}, kFloat32);
    source.managed.dl_tensor.data = nullptr;
    {
      const Tensor tensor = Tensor::adopt_dlpack(&source.managed);
      CHECK(there_and_back(tensor).type().sizes == std::vector<SymInt>{0, 3});
    }
    CHECK(source.deleted == 1);
  }
  SECTION("bool") {
    Managed<std::uint8_t> source({1, 0, 1}, {3}, {}, {kDLBool, 8, 1});
    const Tensor tensor = there_and_back(Tensor::from_dlpack(source.managed.dl_tensor));
    CHECK(tensor.type().dtype == DType::boolean);
    CHECK(values_of<std::uint8_t>(tensor) == std::vector<std::uint8_t>{1, 0, 1});
  }
  SECTION("bfloat16") {
    Managed<std::uint16_t> source({0x3f80}, {1}, {}, {kDLBfloat, 16, 1});
    const Tensor tensor = there_and_back(Tensor::from_dlpack(source.managed.dl_tensor));
    CHECK(tensor.type().dtype == DType::bfloat16);
    CHECK(values_of<std::uint16_t>(tensor) == std::vector<std::uint16_t>{0x3f80});
  }
}

TEST_CASE("what is handed out keeps the tensor alive until its deleter runs") {
  DLManagedTensorVersioned* managed = nullptr;
  {
    const Tensor tensor = Tensor::from_constant(floats({2}, {5, 6}), false);
    managed = tensor.to_dlpack();
  }
  CHECK(managed->version.major == 1);
  CHECK(static_cast<const float*>(managed->dl_tensor.data)[1] == 6);
  managed->deleter(managed);
  CHECK_THAT(error_of([] { Tensor().to_dlpack(); }), contains("tensor-unsupported"));
}

TEST_CASE("what libtorch cannot hold is refused, and still released once") {
  const auto refused = [](auto spoil) {
    Managed<float> source({1, 2}, {2}, {1}, kFloat32);
    spoil(source.managed);
    CHECK_THAT(error_of([&] { Tensor::adopt_dlpack(&source.managed); }),
               contains("tensor-unsupported"));
    CHECK(source.deleted == 1);
  };
  refused([](DLManagedTensorVersioned& m) { m.version.major = 2; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.dtype.lanes = 4; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.dtype = {kDLFloat, 17, 1}; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.ndim = -1; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.shape[0] = -2; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.strides[0] = -1; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.data = nullptr; });
  refused([](DLManagedTensorVersioned& m) { m.dl_tensor.device.device_type = 99; });
  CHECK_THAT(error_of([] { Tensor::adopt_dlpack(nullptr); }), contains("tensor-unsupported"));
}

TEST_CASE("a constant's bytes are shared when nothing writes them, else copied") {
  const TensorData data = floats({2}, {1, 2});
  const Tensor shared = Tensor::from_constant(data, false);
  const Tensor copied = Tensor::from_constant(data, true);
  CHECK(shared.bytes().data() == data.storage->data);
  CHECK(copied.bytes().data() != data.storage->data);
  CHECK(shared.shares_storage(shared));
  CHECK_FALSE(shared.shares_storage(copied));
  CHECK(shared.type().sizes == std::vector<SymInt>{2});
  CHECK(shared.type().device == Device{});
  CHECK_FALSE(Tensor().defined());
  CHECK_THAT(error_of([] { Tensor().to_constant(); }), contains("tensor-unsupported"));
}
