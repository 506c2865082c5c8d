// What a program demands of its dynamic sizes, as torch.export wrote it down: ranges of symbols and of
// expressions over them, and guards, which are Python expressions over the inputs. Kept letter by
// letter; graph/program_shapes.hpp understands them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fettle {

struct SizeRange {
  std::string expression;                 // "s77", "2*s77", "u0"
  std::optional<std::int64_t> low, high;  // inclusive; none: unbounded
  friend bool operator==(const SizeRange&, const SizeRange&) = default;
};

struct ShapeConstraints {
  std::vector<SizeRange> ranges;    // in the archive's order
  std::vector<std::string> guards;  // "L['x'].size()[1] <= L['y'].size()[0]"
  friend bool operator==(const ShapeConstraints&, const ShapeConstraints&) = default;
};

}  // namespace fettle
