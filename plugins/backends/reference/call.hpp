// A call with its arguments at hand, as an operator's loops read them: by position in the schema.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "array.hpp"
#include "fettle/cpp/backend.hpp"

// What a value of the part is in a launch: a tensor or a number.
struct Slot {
  Array array;
  std::int64_t i = 0;
  double f = 0;
};

struct Item {  // a number, or the value in a slot
  int slot = -1;
  bool tensor = false;
  std::int64_t i = 0;
  double f = 0;
};
struct Argument {
  bool given = false;  // else None
  std::vector<Item> items;
  std::string text;
};

class Call {
 public:
  Call(std::span<const Argument> arguments, std::span<const Slot> slots)
      : arguments_(arguments), slots_(slots) {}

  bool given(std::size_t k) const { return k < arguments_.size() && arguments_[k].given; }
  bool is_tensor(std::size_t k) const { return given(k) && item(k).tensor; }
  const Array& tensor(std::size_t k) const { return slots_[slot(item(k))].array; }
  const Array* optional_tensor(std::size_t k) const { return given(k) ? &tensor(k) : nullptr; }
  std::vector<const Array*> tensors(std::size_t k) const {
    std::vector<const Array*> all;
    for (const Item& item : arguments_[k].items) all.push_back(&slots_[slot(item)].array);
    return all;
  }
  double number(std::size_t k) const {
    return item(k).slot < 0 ? item(k).f : slots_[slot(item(k))].f;
  }
  std::int64_t integer(std::size_t k) const { return integer(item(k)); }
  bool flag(std::size_t k) const { return given(k) && integer(k) != 0; }
  Sizes integers(std::size_t k) const {
    Sizes all;
    if (!given(k)) return all;
    for (const Item& item : arguments_[k].items) all.push_back(integer(item));
    return all;
  }
  // A list of n; one number stands for n of it, and none for n times `otherwise`.
  Sizes integers(std::size_t k, std::size_t n, std::int64_t otherwise) const {
    Sizes all = integers(k);
    if (all.empty()) all.assign(1, otherwise);
    if (all.size() == 1) all.resize(n, all[0]);
    return all;
  }
  const std::string& text(std::size_t k) const { return arguments_[k].text; }

 private:
  const Item& item(std::size_t k) const { return arguments_[k].items.at(0); }
  static std::size_t slot(const Item& item) { return static_cast<std::size_t>(item.slot); }
  std::int64_t integer(const Item& item) const {
    return item.slot < 0 ? item.i : slots_[slot(item)].i;
  }

  std::span<const Argument> arguments_;
  std::span<const Slot> slots_;
};

using Results = std::vector<Array>;

struct Operator {
  const char* name;
  bool (*claims)(fettle::Node call);
  Results (*run)(const Call& call);
};

// All tensors, operands and results, are of one floating dtype: float32 or float64.
bool all_of_one_float(fettle::Node call);
// The same of the operands named and of the results; what other operands are, the caller looks at.
bool of_one_float(fettle::Node call, std::span<const std::uint32_t> operands);
fettle::Dtype dtype_of(fettle::Value value);  // unknown for what is no tensor
std::size_t rank_of(fettle::Value value);
// A constant argument, `otherwise` if it is none or only a run tells.
double constant_of(fettle::Node call, std::string_view argument, double otherwise);

std::span<const Operator> elementwise_operators();
std::span<const Operator> reduction_operators();
std::span<const Operator> normalization_operators();
std::span<const Operator> product_operators();
std::span<const Operator> convolution_operators();
std::span<const Operator> pooling_operators();
std::span<const Operator> movement_operators();
