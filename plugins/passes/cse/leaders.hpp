// The hash table of the calls seen: positions by hash, in one flat array with linear probing. A
// table of nodes would spend most of the pass on memory.
#pragma once

#include <cstdint>
#include <vector>

class Leaders {
 public:
  // For at most `count` entries.
  explicit Leaders(std::uint64_t count) {
    while (slots_.size() < 2 * count + 2) slots_.resize(slots_.empty() ? 16 : 2 * slots_.size());
  }

  // The entry of that hash for which same(entry) holds, or `added`, which is then entered.
  template <class Same>
  std::uint64_t find_or_add(std::uint64_t hash, std::uint64_t added, Same same) {
    hash *= 0x9e3779b97f4a7c15ull;  // the low bits of what comes in need not be mixed
    hash ^= hash >> 32;
    for (std::uint64_t at = hash;; ++at) {
      Slot& slot = slots_[at & (slots_.size() - 1)];
      if (slot.entry == kNone) {
        slot = {hash, added};
        return added;
      }
      if (slot.hash == hash && same(slot.entry)) return slot.entry;
    }
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t hash = 0, entry = kNone;
  };
  std::vector<Slot> slots_;
};
