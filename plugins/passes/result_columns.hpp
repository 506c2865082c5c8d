// The results of each node of a scan: consecutive values, which the columns name by their producer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fettle/fettle.hpp>
#include <vector>

class ResultColumns {
 public:
  explicit ResultColumns(const fettle_columns& columns)
      : first_(columns.n_nodes, 0), count_(columns.n_nodes, 0) {
    std::uint64_t bound = 0;  // of node ids
    for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
      bound = std::max<std::uint64_t>(bound, columns.nodes[i] + std::uint64_t{1});
    std::vector<std::uint64_t> position(bound);
    for (std::uint64_t i = 0; i < columns.n_nodes; ++i) position[columns.nodes[i]] = i;
    for (fettle_value v = 0; v < columns.n_values; ++v) {
      if (columns.producers[v] == FETTLE_NONE) continue;
      const std::uint64_t i = position[columns.producers[v]];
      if (count_[i]++ == 0) first_[i] = v;
    }
  }

  // By position in the columns; first is 0 where there are none.
  fettle_value first(std::uint64_t i) const { return first_[i]; }
  std::uint32_t count(std::uint64_t i) const { return count_[i]; }

 private:
  std::vector<fettle_value> first_;
  std::vector<std::uint32_t> count_;
};
