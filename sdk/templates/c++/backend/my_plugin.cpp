// Runs relu on float32 tensors on the CPU, one loop for each call; libtorch runs the rest. A part
// that holds several calls keeps what lies between them to itself.
#include <cstring>
#include <fettle/fettle.hpp>

class MyPlugin : public fettle::Backend {
 public:
  static constexpr const char* name = "my_plugin";
  static constexpr const char* summary = "Runs relu on the CPU.";

  bool claims(fettle::Node call, std::string_view device) override {
    return device == "cpu" && call.op() == "aten.relu.default" && is_floats(call.operand(0)) &&
           is_floats(call.result());
  }

  std::unique_ptr<Compiled> compile(const fettle::Subgraph& part) override {
    return std::make_unique<Part>(part);
  }

 private:
  static bool is_floats(fettle::Value value) {
    return value.type().is_tensor() && value.type().dtype() == fettle::Dtype::float32;
  }

  // The graph is there while this is made, and no longer: what launch needs is kept by number.
  // Slots are the part's inputs, then the results of its calls.
  class Part : public Compiled {
   public:
    explicit Part(const fettle::Subgraph& part) {
      std::vector<fettle::Value> slots = part.inputs;
      const auto slot_of = [&](fettle::Value value) {
        std::size_t slot = 0;
        while (!(slots[slot] == value)) ++slot;
        return slot;
      };
      for (const fettle::Node call : part.nodes) {
        operands_.push_back(slot_of(call.operand(0)));
        slots.push_back(call.result());
      }
      for (const fettle::Value output : part.outputs)
        outputs_.push_back(slot_of(output) - part.inputs.size());
    }

    std::vector<fettle::Tensor> launch(const fettle::RunInputs& inputs) override {
      std::vector<fettle::Tensor> made, results;
      for (const std::size_t slot : operands_) {
        const std::size_t n = inputs.size();
        made.push_back(relu(slot < n ? inputs.tensor(slot) : made[slot - n].view()));
      }
      for (const std::size_t output : outputs_) results.push_back(std::move(made[output]));
      return results;
    }

   private:
    static fettle::Tensor relu(fettle::TensorView x) {
      fettle::Tensor result = fettle::Tensor::zeros(x.dtype(), x.shape());
      x.for_each_element([&](std::int64_t k, const std::byte* at) {
        float element;
        std::memcpy(&element, at, sizeof element);
        if (element < 0) element = 0;  // and NaN stays
        std::memcpy(result.data() + k * x.element_bytes(), &element, sizeof element);
      });
      return result;
    }

    std::vector<std::size_t> operands_, outputs_;
  };
};

FETTLE_PLUGIN("org.example.my_plugin", "0.1.0", MyPlugin)
