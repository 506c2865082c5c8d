// What leaves a branch or an iteration: values and containers of them, as leaves that are tensors,
// numbers, or something that must be the same on every way.
#pragma once

#include <ATen/core/ivalue.h>

#include <functional>
#include <string>
#include <vector>

namespace fettle {

using LeafPair = std::function<c10::IValue(const c10::IValue& first, const c10::IValue& second)>;

// `second` in the form of `first`, each pair of leaves given to `fn`. Containers are tuples, lists
// and dictionaries; one that both have is left as it is. Where the two differ in their containers,
// `fn` is given these.
c10::IValue zip_leaves(const c10::IValue& first, const c10::IValue& second, const LeafPair& fn);

// `value` with other leaves, taken from `leaves` in the order of tree_leaves.
c10::IValue with_leaves(const c10::IValue& value, const std::vector<c10::IValue>& leaves);

// "a tensor float32[2, 3]", "a list of 2", "None": for messages.
std::string describe(const c10::IValue& value);

bool is_uninitialized(const c10::IValue& value);
// Whether the two are one and the same in each run: numbers, strings, None … and not tensors.
bool same_plain(const c10::IValue& first, const c10::IValue& second);

}  // namespace fettle
