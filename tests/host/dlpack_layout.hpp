// The layout of DLPack's structs as one header declares them; see test_dlpack_layout.cpp.
#pragma once

#include <cstddef>
#include <vector>

std::vector<std::size_t> dlpack_of_fettle();
std::vector<std::size_t> dlpack_of_torch();

#define DLPACK_LAYOUT                                                                           \
  {                                                                                             \
    sizeof(DLPackVersion), offsetof(DLPackVersion, major), offsetof(DLPackVersion, minor),      \
        sizeof(DLDevice), sizeof(DLDeviceType), offsetof(DLDevice, device_type),                \
        offsetof(DLDevice, device_id), sizeof(DLDataType), offsetof(DLDataType, code),          \
        offsetof(DLDataType, bits), offsetof(DLDataType, lanes), sizeof(DLTensor),              \
        offsetof(DLTensor, data), offsetof(DLTensor, device), offsetof(DLTensor, ndim),         \
        offsetof(DLTensor, dtype), offsetof(DLTensor, shape), offsetof(DLTensor, strides),      \
        offsetof(DLTensor, byte_offset), sizeof(DLManagedTensorVersioned),                      \
        offsetof(DLManagedTensorVersioned, version),                                            \
        offsetof(DLManagedTensorVersioned, manager_ctx),                                        \
        offsetof(DLManagedTensorVersioned, deleter), offsetof(DLManagedTensorVersioned, flags), \
        offsetof(DLManagedTensorVersioned, dl_tensor), DLPACK_FLAG_BITMASK_READ_ONLY,           \
        DLPACK_FLAG_BITMASK_IS_COPIED, kDLCPU, kDLCUDA, kDLMetal, kDLInt, kDLUInt, kDLFloat,    \
        kDLBfloat, kDLComplex, kDLBool, kDLFloat8_e4m3fn, kDLFloat8_e4m3fnuz, kDLFloat8_e5m2,   \
        kDLFloat8_e5m2fnuz, kDLFloat8_e8m0fnu                                                   \
  }
