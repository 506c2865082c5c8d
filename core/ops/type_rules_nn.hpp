// Rules of the table for layers of neural networks: type_table.cpp says which operator has which.
#pragma once

#include "ops/type_rules.hpp"

namespace fettle {

namespace nn {

TensorShapes adaptive_pool(const RuleCall& call);
TensorShapes addmm(const RuleCall& call);
TensorShapes attention(const RuleCall& call);
TensorShapes batch_norm(const RuleCall& call);
TensorShapes bmm(const RuleCall& call);
TensorShapes convolution(const RuleCall& call);
TensorShapes embedding(const RuleCall& call);
TensorShapes embedding_backward(const RuleCall& call);
TensorShapes layer_norm(const RuleCall& call);
TensorShapes grid_sampler(const RuleCall& call);
TensorShapes group_norm(const RuleCall& call);
TensorShapes linear(const RuleCall& call);
TensorShapes loss(const RuleCall& call);
TensorShapes mm(const RuleCall& call);
TensorShapes native_batch_norm(const RuleCall& call);
TensorShapes native_dropout(const RuleCall& call);
TensorShapes native_group_norm(const RuleCall& call);
TensorShapes native_layer_norm(const RuleCall& call);
TensorShapes native_layer_norm_backward(const RuleCall& call);
TensorShapes roll(const RuleCall& call);

}  // namespace nn
}  // namespace fettle
