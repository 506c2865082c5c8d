#include "fuzz/random_program.hpp"

#include <algorithm>
#include <cstring>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;

constexpr std::string_view kSymbol = "s77";
constexpr const char* kSymbolText = "Symbol('s77', positive=True, integer=True)";

// What the sizes of a program are drawn from, and what the first dimension of its inputs may be.
struct SizeVocabulary {
  std::vector<std::int64_t> sizes;
  bool dynamic = false;
};

SizeVocabulary vocabulary(ProgramBuilder& p) {
  constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 4, 5, 8};
  SizeVocabulary words;
  for (int k = 0; k < 3; ++k) words.sizes.push_back(p.any_of(kSizes));
  if (p.one_in(3)) words.sizes.push_back(1);
  if (p.one_in(24)) words.sizes.push_back(0);
  words.dynamic = p.one_in(4);
  return words;
}

Type input_type(ProgramBuilder& p, const SizeVocabulary& words, std::uint32_t k) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = DType::float32;
  if (k > 0 && p.one_in(4)) type.dtype = DType::int64;
  if (k > 0 && p.one_in(10)) {
    constexpr DType kOthers[] = {DType::float64, DType::bfloat16, DType::boolean, DType::int32};
    type.dtype = p.any_of(kOthers);
  }
  const std::uint32_t rank = k == 0 ? 1 + p.below(4) : p.below(5);
  for (std::uint32_t d = 0; d < rank; ++d) type.sizes.emplace_back(p.any_of(words.sizes));
  if (words.dynamic && rank > 0) {
    type.sizes[0].value = 3;
    type.sizes[0].expression = kSymbolText;
  }
  std::int64_t stride = 1;  // the first size never enters a stride
  type.strides.resize(rank);
  for (std::uint32_t d = rank; d-- > 0;) {
    type.strides[d] = SymInt(stride);
    stride *= std::max<std::int64_t>(type.sizes[d].value, 1);
  }
  return type;
}

template <class T>
void put(std::vector<std::byte>& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at * sizeof(T), &value, sizeof(T));
}

std::uint16_t bfloat16_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>(bits >> 16);
}

// Sixteenths within ±4; whole numbers from 0 to 7.
RunValue sample(ProgramBuilder& p, Type type) {
  std::int64_t elements = 1;
  for (SymInt& size : type.sizes) {
    size = SymInt(size.value);
    elements *= size.value;
  }
  const auto count = static_cast<std::size_t>(elements);
  std::vector<std::byte> bytes(count * dtype_bytes(type.dtype));
  for (std::size_t i = 0; i < count; ++i) {
    const double real = static_cast<double>(p.below(129)) / 16 - 4;
    switch (type.dtype) {
      case DType::float64: put(bytes, i, real); break;
      case DType::bfloat16: put(bytes, i, bfloat16_bits(static_cast<float>(real))); break;
      case DType::boolean: put(bytes, i, static_cast<std::uint8_t>(p.below(2))); break;
      case DType::int32: put(bytes, i, static_cast<std::int32_t>(p.below(8))); break;
      case DType::int64: put(bytes, i, static_cast<std::int64_t>(p.below(8))); break;
      default: put(bytes, i, static_cast<float>(real));
    }
  }
  return Tensor::from_constant({make_storage(bytes.data(), bytes.size()), std::move(type)}, true);
}

// Mostly what nothing uses; the last value in any case.
std::vector<Known> outputs(ProgramBuilder& p) {
  std::vector<Known> chosen;
  for (const Known& known : p.known()) {
    const bool unused = p.graph().value(known.value).use_count == 0;
    if (p.graph().node(p.graph().value(known.value).producer).opcode == Opcode::placeholder) continue;
    if (unused ? !p.one_in(5) : p.one_in(12)) chosen.push_back(known);
  }
  if (chosen.empty()) chosen.push_back(p.known().back());
  return chosen;
}

}  // namespace

void propose(ProgramBuilder& p) {
  struct Theme {
    std::span<const Proposal> calls;
    std::uint32_t weight;
  };
  static const Theme kThemes[] = {{pointwise_calls(), 10}, {dtype_calls(), 5},  {shape_calls(), 7},
                                  {reduction_calls(), 4},  {layer_calls(), 5},  {effect_calls(), 4},
                                  {idioms(), 3},           {nested_calls(), 1}};
  constexpr std::uint32_t kAll = 39, kAgain = 3;
  std::uint32_t at = p.below(kAll + kAgain);
  for (const Theme& theme : kThemes) {
    if (at < theme.weight) return p.any_of(theme.calls)(p);
    at -= theme.weight;
  }
  p.again();
}

namespace {

RandomProgram build(std::uint64_t seed, std::uint32_t calls) {
  RandomProgram out;
  out.graph = std::make_unique<Graph>();
  ProgramBuilder p(*out.graph, seed);
  const SizeVocabulary words = vocabulary(p);
  if (words.dynamic) p.declare_symbol(kSymbol, p.one_in(2) ? 1 : 2, p.one_in(4) ? 300 : 12);
  const std::uint32_t inputs = 2 + p.below(3);
  for (std::uint32_t k = 0; k < inputs; ++k) {
    const Type type = input_type(p, words, k);
    out.inputs.push_back(sample(p, type));
    p.input(type, type.dtype == DType::boolean ? 1 : 8);
  }
  for (std::uint32_t tries = 0; p.calls() < calls && tries < 20 * calls; ++tries) {
    propose(p);
    // What grew is brought back.
    const Known last = p.known().back();
    if (last.magnitude > 1e5 && p.is_float(last)) p.call("aten.tanh.default", {last.value}, 1);
  }
  p.finish(outputs(p));
  return out;
}

}  // namespace

RandomProgram random_program(std::uint64_t seed, std::uint32_t calls) {
  for (;;) {
    try {
      return build(seed, calls);
    } catch (const ProgramBuilder::DeadEnd&) {
      seed += 0x9e3779b97f4a7c15;  // another program of this seed
    }
  }
}

}  // namespace fettle
