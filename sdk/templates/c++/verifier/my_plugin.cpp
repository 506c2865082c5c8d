// Runs both programs on every stored sample and compares their outputs element by element. What
// promises to be exact must be so; else a difference of at most `tolerance` passes. NaN equals NaN.
// Cannot judge without samples. Looks at outputs alone: not at buffers, nor at gradients.
#include <algorithm>
#include <cmath>
#include <fettle/fettle.hpp>

namespace {

double number(const fettle_datum& datum) {
  return datum.kind == FETTLE_DATUM_FLOAT ? datum.f : static_cast<double>(datum.i);
}

class MyPlugin : public fettle::Verifier {
 public:
  static constexpr const char* name = "my_plugin";
  static constexpr const char* summary = "Compares outputs on the stored samples.";
  static void declare(fettle::Options<MyPlugin>& options) {
    options.add("tolerance", &MyPlugin::tolerance_, "largest absolute error of a tolerant pass")
        .range(0.0, 1e6);
  }

  fettle::Verdict verify(const fettle::VerifyRequest& request) override {
    fettle::Verdict verdict;
    verdict.allowed = request.promise == fettle::Promise::exact ? 0 : tolerance_;
    verdict.reference = "original program";
    const std::size_t samples = request.reference.sample_count();
    if (samples == 0) {
      verdict.detail = "no sample is stored";
      return verdict;  // unable to judge
    }
    verdict.judgement = fettle::Verdict::Judgement::pass;
    for (std::size_t k = 0; k < samples; ++k) {
      const fettle::Data inputs = request.reference.sample_inputs(k);
      const fettle::RunResult expected = request.reference.run(inputs);
      const fettle::RunResult actual = request.candidate.run(inputs);
      ++verdict.comparisons;
      for (std::size_t output = 0; output < expected.outputs.size(); ++output)
        compare(expected.outputs, actual.outputs, output, k, verdict);
    }
    return verdict;
  }

 private:
  void compare(const fettle::Data& expected, const fettle::Data& actual, std::size_t output,
               std::size_t sample, fettle::Verdict& verdict) const {
    const auto note = [&](std::int64_t element, double a, double b) {
      if (a == b || (std::isnan(a) && std::isnan(b))) return;
      const double error = std::fabs(a - b);
      if (!(error <= verdict.allowed)) verdict.judgement = fettle::Verdict::Judgement::fail;
      if (error <= verdict.max_abs) return;
      verdict.max_abs = error;
      verdict.output = output, verdict.element = static_cast<std::uint64_t>(element);
      verdict.inputs = "sample " + std::to_string(sample);
    };
    if (!expected.is_tensor(output) || !actual.is_tensor(output))
      return note(0, number(expected[output]), number(actual[output]));
    std::vector<double> wanted;
    const fettle::TensorView a = expected.tensor(output), b = actual.tensor(output);
    a.for_each_element([&](std::int64_t, const std::byte* at) {
      wanted.push_back(fettle::decode(a.dtype(), at));
    });
    if (a.dtype() != b.dtype() || !std::ranges::equal(a.shape(), b.shape())) {
      verdict.judgement = fettle::Verdict::Judgement::fail;
      verdict.detail = "output " + std::to_string(output) + " has another dtype or shape";
      return;
    }
    b.for_each_element([&](std::int64_t k, const std::byte* at) {
      note(k, wanted[static_cast<std::size_t>(k)], fettle::decode(b.dtype(), at));
    });
  }

  double tolerance_ = 1e-5;
};

}  // namespace

FETTLE_PLUGIN("org.example.my_plugin", "0.1.0", MyPlugin)
