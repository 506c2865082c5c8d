// The reference backend: readable loops with sums in double, for what other backends and libtorch are
// held against, and the slow baseline of a bench. It runs calls of float32 and float64 on the CPU; the
// operators' files say how, and which calls they claim. Nothing is fused: a part is a list of calls.
#include <algorithm>
#include <cstring>
#include <fettle/fettle.hpp>
#include <unordered_map>

#include "call.hpp"

namespace {

using OperatorTable = std::unordered_map<std::string_view, const Operator*>;

OperatorTable make_table() {
  OperatorTable table;
  for (const auto operators :
       {elementwise_operators(), reduction_operators(), normalization_operators(),
        product_operators(), convolution_operators(), pooling_operators(), movement_operators()}) {
    for (const Operator& op : operators) table.emplace(op.name, &op);
  }
  return table;
}
const Operator* find_operator(std::string_view name) {
  static const OperatorTable table = make_table();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

struct Step {
  const Operator* op;
  std::vector<Argument> arguments;
  int first_result;
  std::size_t n_results;
  std::vector<int> last_of;  // slots that nobody reads afterwards
};

// Values of the part by slot, inputs first.
class Slots {
 public:
  int of(fettle_value value) {
    return slots_.try_emplace(value, static_cast<int>(slots_.size())).first->second;
  }
  std::size_t size() const { return slots_.size(); }

 private:
  std::unordered_map<fettle_value, int> slots_;
};

Item value_item(fettle::Value value, Slots& slots) {
  return {slots.of(value.id()), value.type().is_tensor(), 0, 0};
}
Item number_item(const fettle_arg& raw) {
  const bool real = raw.payload == FETTLE_PAYLOAD_FLOAT;
  return {-1, false, real ? static_cast<std::int64_t>(raw.f) : raw.i,
          real ? raw.f : static_cast<double>(raw.i)};
}

Argument read(const fettle::Graph& graph, const fettle::Argument& argument, Slots& slots) {
  const fettle_arg& raw = argument.raw();
  Argument out;
  out.given = true;
  switch (raw.payload) {
    case FETTLE_PAYLOAD_NONE:
      out.given = false;
      break;
    case FETTLE_PAYLOAD_VALUE:
      out.items.push_back(value_item(graph.value(raw.value), slots));
      break;
    case FETTLE_PAYLOAD_STRING:
      out.text = fettle::text(raw.s);
      break;
    case FETTLE_PAYLOAD_INTS:
      for (std::uint64_t k = 0; k < raw.n; ++k) out.items.push_back({-1, false, raw.ints[k], 0});
      break;
    case FETTLE_PAYLOAD_LIST:
      for (std::uint64_t k = 0; k < raw.n; ++k) {
        const fettle_arg& element = raw.elements[k];
        out.items.push_back(element.payload == FETTLE_PAYLOAD_VALUE
                                ? value_item(graph.value(element.value), slots)
                                : number_item(element));
      }
      break;
    default:
      out.items.push_back(number_item(raw));
  }
  return out;
}

fettle::Tensor owned_copy(const Array& array) {
  fettle::Tensor out = fettle::Tensor::zeros(array.dtype, array.sizes);
  const Array dense = contiguous(array);
  if (dense.elements() > 0) {
    std::memcpy(out.data(), dense.data, static_cast<std::size_t>(dense.elements() * dense.width()));
  }
  return out;
}

class Part : public fettle::Backend::Compiled {
 public:
  explicit Part(const fettle::Subgraph& part) {
    Slots slots;
    for (const fettle::Value input : part.inputs) slots.of(input.id());
    for (const fettle::Node node : part.nodes) add(part.graph, node, slots);
    for (const fettle::Value output : part.outputs) outputs_.push_back(slots.of(output.id()));
    n_slots_ = slots.size();
    find_last_uses();
  }

  std::vector<fettle::Tensor> launch(const fettle::RunInputs& inputs) override {
    std::vector<Slot> slots(n_slots_);
    for (std::size_t k = 0; k < inputs.size(); ++k) slots[k] = slot_of(inputs, k);
    for (const Step& step : steps_) {
      Results results = step.op->run(Call(step.arguments, slots));
      for (std::size_t k = 0; k < step.n_results; ++k) {
        slots[static_cast<std::size_t>(step.first_result) + k].array = std::move(results.at(k));
      }
      for (const int slot : step.last_of) slots[static_cast<std::size_t>(slot)] = {};
    }
    std::vector<fettle::Tensor> outputs;
    for (const int slot : outputs_) outputs.push_back(owned_copy(slots[static_cast<std::size_t>(slot)].array));
    return outputs;
  }

 private:
  static Slot slot_of(const fettle::RunInputs& inputs, std::size_t k) {
    Slot slot;
    if (inputs.is_tensor(k)) {
      slot.array = Array::borrowed(inputs.tensor(k));
    } else {
      const fettle_datum& datum = inputs[k];
      slot.i = datum.kind == FETTLE_DATUM_FLOAT ? static_cast<std::int64_t>(datum.f) : datum.i;
      slot.f = datum.kind == FETTLE_DATUM_FLOAT ? datum.f : static_cast<double>(datum.i);
    }
    return slot;
  }

  void add(const fettle::Graph& graph, fettle::Node node, Slots& slots) {
    Step step{find_operator(node.op()), {}, 0, node.result_count(), {}};
    for (std::uint32_t k = 0; k < node.argument_count(); ++k) {
      step.arguments.push_back(read(graph, node.argument(k), slots));
    }
    for (std::uint32_t k = 0; k < step.n_results; ++k) {
      const int slot = slots.of(node.result(k).id());
      if (k == 0) step.first_result = slot;
    }
    steps_.push_back(std::move(step));
  }

  void find_last_uses() {
    std::vector<bool> needed(n_slots_, false);
    for (const int slot : outputs_) needed[static_cast<std::size_t>(slot)] = true;
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      const auto last = [&](int slot) {
        if (needed[static_cast<std::size_t>(slot)]) return;
        needed[static_cast<std::size_t>(slot)] = true;
        step->last_of.push_back(slot);
      };
      for (std::size_t k = 0; k < step->n_results; ++k) last(step->first_result + static_cast<int>(k));
      for (const Argument& argument : step->arguments) {
        for (const Item& item : argument.items) {
          if (item.slot >= 0) last(item.slot);
        }
      }
    }
  }

  std::vector<Step> steps_;
  std::vector<int> outputs_;
  std::size_t n_slots_ = 0;
};

class Reference : public fettle::Backend {
 public:
  static constexpr const char* name = "reference";
  static constexpr const char* summary =
      "Runs float calls in plain loops with sums in double: the oracle and the slow baseline.";

  bool claims(fettle::Node call, std::string_view device) override {
    const Operator* op = device == "cpu" ? find_operator(call.op()) : nullptr;
    return op != nullptr && op->claims(call);
  }
  std::unique_ptr<Compiled> compile(const fettle::Subgraph& part) override {
    return std::make_unique<Part>(part);
  }
};

}  // namespace

FETTLE_PLUGIN("fettle.reference", "1.0.0", Reference)
