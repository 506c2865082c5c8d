// The schema of torch.export's JSON that this fettle reads and writes: torch 2.13's.
#pragma once

#include <cstdint>

namespace fettle {

inline constexpr std::int64_t kSchemaMajor = 8, kSchemaMinor = 20;
inline constexpr std::int64_t kAtenOpset = 10;  // "opset_version" of what is written anew

}  // namespace fettle
