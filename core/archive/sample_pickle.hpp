// Sample inputs as torch.save pickles them, so that torch.export.load reads them back.
#pragma once

#include <ATen/core/ivalue.h>

#include <vector>

namespace fettle {

// A zip with data.pkl and the tensors' bytes. Containers are Python's own, without the type tags of
// TorchScript, which torch.load refuses.
std::vector<char> sample_pickle(const c10::IValue& value);

}  // namespace fettle
