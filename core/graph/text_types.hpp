// Types and the values of small constants in the text form (`type` and `value=` of graph/text.hpp).
#pragma once

#include "graph/text.hpp"
#include "graph/text_literal.hpp"
#include "graph/text_symbols.hpp"

namespace fettle::text {

void append_type(std::string& out, const Type& type, PrintOptions::Types detail,
                 SymbolText& symbols);
Type parse_type(Lexer& lexer, SymbolText& symbols);

// Strides of a contiguous tensor; empty when a size is symbolic.
std::vector<SymInt> contiguous_strides(const std::vector<SymInt>& sizes);

// Whether the text can say the elements of such a tensor.
bool can_print_elements(const TensorData& data);
void append_elements(std::string& out, const TensorData& data);
// The tensor of `type` that a literal gives: nested lists as deep as the sizes, or one number for
// all elements. `at`: where it stands, for messages.
TensorData tensor_from(const Literal& literal, const Type& type, const Lexer& lexer,
                       std::size_t at);

}  // namespace fettle::text
