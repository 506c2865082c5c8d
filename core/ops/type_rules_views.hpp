// Rules of the table for views, picks, joins and factories: type_table.cpp says which operator has
// which.
#pragma once

#include "ops/type_rules.hpp"

namespace fettle::views {

TensorShapes arange(const RuleCall& call);
TensorShapes cat(const RuleCall& call);
TensorShapes expand(const RuleCall& call);
TensorShapes factory(const RuleCall& call);
TensorShapes index_select(const RuleCall& call);
TensorShapes slice(const RuleCall& call);

}  // namespace fettle::views
