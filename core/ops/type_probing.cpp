#include "ops/type_probing.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "graph/size_fit.hpp"

namespace fettle {
namespace {

// Whole numbers among the arguments: where Min and Max may turn, and what may divide.
std::vector<std::int64_t> numbers_of(const TypedCall& call) {
  std::set<std::int64_t> found = {2};
  const auto visit = [&](const Argument& argument, const auto& self) -> void {
    if (const auto* one = std::get_if<std::int64_t>(&argument.payload)) found.insert(*one);
    if (const auto* all = std::get_if<std::vector<std::int64_t>>(&argument.payload)) {
      found.insert(all->begin(), all->end());
    }
    if (const auto* list = std::get_if<std::vector<Argument>>(&argument.payload)) {
      for (const Argument& element : *list) self(element, self);
    }
  };
  for (const NamedArgument& argument : call.arguments) visit(argument.value, visit);
  for (const Type* type : call.operands) {
    for (const SymInt& size : type->sizes) {
      if (!size.symbolic()) found.insert(size.value);
    }
  }
  std::vector<std::int64_t> numbers;
  for (const std::int64_t number : found) {
    if (number > 1 && number < 4096) numbers.push_back(number);
  }
  return numbers;
}

// What a result's sizes may be made of: sizes of operands, and numbers given as values.
struct Parts {
  Sizes known;
  std::vector<std::string> symbols;
};
Parts parts_of(const TypedCall& call, SizeAlgebra& algebra) {
  Parts parts;
  std::set<std::string> symbols;
  const auto add = [&](const SymInt& size, bool part) {
    const Size made = algebra.size(size);
    if (!made.symbolic()) return;
    for (std::string& symbol : algebra.symbols(made)) symbols.insert(std::move(symbol));
    if (part) parts.known.push_back(made);
  };
  for (const Type* type : call.operands) {
    for (const SymInt& size : type->sizes) add(size, true);
    for (const SymInt& stride : type->strides) add(stride, false);
    add(type->storage_offset, false);
    if (type->kind == TypeKind::sym_int) add(type->scalar, true);
  }
  parts.symbols.assign(symbols.begin(), symbols.end());
  return parts;
}

// The operand at these values of the symbols; nothing where a size is none.
std::optional<Type> at_probe(const Type& type, SizeAlgebra& algebra, const SymbolValues& values) {
  Type concrete = type;
  bool fits = true;
  const auto settle = [&](SymInt& size, std::int64_t least) {
    const auto value = algebra.evaluate(algebra.size(size), values);
    fits = fits && value && *value >= least;
    size = SymInt(value.value_or(0));
  };
  for (SymInt& size : concrete.sizes) settle(size, 0);
  for (SymInt& stride : concrete.strides) settle(stride, 0);
  settle(concrete.storage_offset, 0);
  if (type.kind == TypeKind::sym_int || type.kind == TypeKind::sym_bool) {
    settle(concrete.scalar, INT64_MIN);
  }
  return fits ? std::optional(std::move(concrete)) : std::nullopt;
}

// The answers of a meta kernel at probes, and expressions for them.
class Probed {
 public:
  Probed(const TypedCall& call, SizeAlgebra& algebra, MetaCalls& meta)
      : call_(call),
        algebra_(algebra),
        meta_(meta),
        parts_(parts_of(call, algebra)),
        numbers_(numbers_of(call)) {}

  CallTypes answer() {
    ask(false);
    if (!enough()) ask(true);
    if (!enough()) {
      return CallTypes::none(why_.empty() ? "the sizes that symbols may have are too few to tell"
                                          : why_);
    }
    for (const CallTypes& seen : seen_) {
      if (!same_kinds(seen, seen_[0]))
        return CallTypes::none("its results depend on the sizes in kind");
    }
    SizeFit fit(algebra_, probes_, parts_.known, numbers_);
    CallTypes out = seen_[0];
    out.rule = "meta kernel at " + std::to_string(probes_.size()) + " assignments of the symbols";
    for (std::size_t r = 0; r < out.types.size(); ++r) {
      if (!fit_type(out.types[r], r, fit)) {
        return CallTypes::none("no expression was found for its sizes");
      }
    }
    return out;
  }

 private:
  bool enough() { return !seen_.empty() && enough_probes(algebra_, parts_.symbols, probes_); }

  void ask(bool composite) {
    for (SizeProbe& probe : size_probes(algebra_, parts_.symbols, numbers_, composite)) {
      std::vector<Type> concrete;
      for (const Type* type : call_.operands) {
        auto settled = at_probe(*type, algebra_, probe.values);
        if (!settled) break;
        concrete.push_back(std::move(*settled));
      }
      if (concrete.size() != call_.operands.size()) continue;
      std::vector<const Type*> pointers;
      for (const Type& type : concrete) pointers.push_back(&type);
      CallTypes types = meta_.call({call_.graph, call_.op, call_.arguments, pointers});
      if (!types.known) {
        why_ = types.why;
        if (seen_.empty() && ++refused_ >= 4 && !composite) return;
        continue;
      }
      seen_.push_back(std::move(types));
      probes_.push_back(std::move(probe));
    }
  }

  static bool same_kinds(const CallTypes& a, const CallTypes& b) {
    if (a.types.size() != b.types.size() || a.forms != b.forms) return false;
    for (std::size_t r = 0; r < a.types.size(); ++r) {
      const Type &x = a.types[r], &y = b.types[r];
      if (x.kind != y.kind || x.dtype != y.dtype || x.sizes.size() != y.sizes.size()) return false;
    }
    return true;
  }

  template <class Get>
  std::optional<Size> fitted(SizeFit& fit, Get&& get) {
    std::vector<std::int64_t> values;
    for (const CallTypes& seen : seen_) values.push_back(get(seen));
    try {
      return fit.fit(values);
    } catch (const SizeError&) {
      return std::nullopt;
    }
  }

  bool fit_type(Type& type, std::size_t r, SizeFit& fit) {
    bool found = true;
    const auto settle = [&](SymInt& size, auto&& get) {
      const auto made = fitted(fit, get);
      if (!made) return void(found = false);
      fit.add_known(*made);
      size = algebra_.sym_int(*made);
    };
    for (std::size_t d = 0; d < type.sizes.size(); ++d) {
      settle(type.sizes[d], [&](const CallTypes& t) { return t.types[r].sizes[d].value; });
    }
    // From the innermost: the next stride is a multiple of what was found.
    for (std::size_t d = type.strides.size(); d-- > 0;) {
      settle(type.strides[d], [&](const CallTypes& t) { return t.types[r].strides[d].value; });
    }
    settle(type.storage_offset,
           [&](const CallTypes& t) { return t.types[r].storage_offset.value; });
    if (type.kind == TypeKind::sym_int || type.kind == TypeKind::sym_bool) {
      settle(type.scalar, [&](const CallTypes& t) { return t.types[r].scalar.value; });
    }
    return found;
  }

  const TypedCall& call_;
  SizeAlgebra& algebra_;
  MetaCalls& meta_;
  Parts parts_;
  std::vector<std::int64_t> numbers_;
  std::vector<SizeProbe> probes_;
  std::vector<CallTypes> seen_;
  std::string why_;
  int refused_ = 0;
};

}  // namespace

CallTypes types_by_probing(const TypedCall& call, SizeAlgebra& algebra, MetaCalls& meta) {
  if (!meta.has_kernel(call.graph, call.op)) {
    return CallTypes::none("libtorch's C++ has no meta kernel for it");
  }
  try {
    return Probed(call, algebra, meta).answer();
  } catch (const SizeError& error) {
    return CallTypes::none(error.what());
  }
}

}  // namespace fettle
