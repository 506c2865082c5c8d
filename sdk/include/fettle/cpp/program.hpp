// Programs that can be run: what verifiers and benchmarks work on.
#pragma once

#include <chrono>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fettle/cpp/graph.hpp"

namespace fettle {
inline namespace sdk {

// Inputs or outputs of a program: owns its tensors and its text.
class Data {
 public:
  Data() = default;
  explicit Data(std::size_t n) : data_(n) {}
  Data(Data&& other) noexcept
      : data_(std::exchange(other.data_, {})), text_(std::exchange(other.text_, {})) {}
  Data& operator=(Data&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(text_, other.text_);
    return *this;
  }
  ~Data() {
    for (fettle_datum& datum : data_) release(datum);
  }

  std::size_t size() const { return data_.size(); }
  const fettle_datum& operator[](std::size_t k) const { return data_[k]; }
  fettle_datum* raw() { return data_.data(); }
  const fettle_datum* raw() const { return data_.data(); }
  bool is_tensor(std::size_t k) const { return data_[k].kind == FETTLE_DATUM_TENSOR; }
  TensorView tensor(std::size_t k) const { return TensorView(&data_[k].tensor->dl_tensor); }
  void set(std::size_t k, Tensor tensor) {
    release(data_[k]);
    data_[k] = {};
    data_[k].kind = FETTLE_DATUM_TENSOR;
    data_[k].tensor = tensor.release();
  }
  void set(std::size_t k, std::int64_t number) {
    release(data_[k]);
    data_[k] = {};
    data_[k].kind = FETTLE_DATUM_INT;
    data_[k].i = number;
  }
  // For a program that may write its inputs. Tensors must be on the CPU.
  Data copy() const {
    Data copy(size());
    for (std::size_t k = 0; k < size(); ++k) {
      if (is_tensor(k))
        copy.set(k, Tensor::copy_of(tensor(k)));
      else
        copy.data_[k] = data_[k];
    }
    copy.keep_text();
    return copy;
  }
  // Text that was borrowed for the length of a call becomes this object's own, and may outlive it.
  void keep_text() {
    for (fettle_datum& datum : data_) {
      if (datum.kind != FETTLE_DATUM_STRING) continue;
      text_.emplace_front(text(datum.s));
      datum.s = str(text_.front());
    }
  }

 private:
  static void release(fettle_datum& datum) {
    if (datum.kind == FETTLE_DATUM_TENSOR && datum.tensor != nullptr &&
        datum.tensor->deleter != nullptr)
      datum.tensor->deleter(datum.tensor);
    datum.tensor = nullptr;
  }
  std::vector<fettle_datum> data_;
  std::forward_list<std::string> text_;  // stays in place when this object moves
};

// Something that a run leaves behind for the caller of the Python program (fettle.h).
struct Effect {
  std::uint32_t kind = FETTLE_EFFECT_BUFFER;
  std::string target;
  fettle_value value = FETTLE_NONE;  // its placeholder

  bool is_gradient() const {
    return kind == FETTLE_EFFECT_PARAMETER_GRADIENT || kind == FETTLE_EFFECT_USER_INPUT_GRADIENT;
  }
  // What the next call of the Python program finds changed.
  bool is_state() const { return !is_gradient() && kind != FETTLE_EFFECT_USER_INPUT; }
  bool same_as(const Effect& other) const { return kind == other.kind && target == other.target; }
  // "buffer 'bn1.running_mean'"
  std::string text() const {
    constexpr const char* kKinds[] = {"buffer",
                                      "parameter",
                                      "constant",
                                      "user input",
                                      "gradient of parameter",
                                      "gradient of user input"};
    return (kind < std::size(kKinds) ? kKinds[kind] : "state") + (" '" + target) + "'";
  }
};

struct EagerEffects {
  std::vector<Effect> effects;
  Data values;
};

struct RunOptions {
  std::optional<std::uint64_t> seed;  // of torch's generator, set before the run
  bool float64 = false;
  bool measure_memory = false;
  bool cpu_outputs = true;  // so that they can be read
  std::uint32_t uninitialized = 0;  // what memory that nobody initialized holds: fettle_run_options
  const Data* start = nullptr;      // effects to start from; null: from what is stored
};
struct RunResult {
  Data outputs;
  Data effects;  // the values of Program::effects() after the run
  std::int64_t peak_bytes = -1;
#if FETTLE_TARGET_MINOR >= 1
  std::int64_t workspace_bytes = -1;  // the most that one call had for itself; -1: not measured
#endif
  double seconds = 0;
};

// A program with its inputs in place, for timing.
class Bound {
 public:
  Bound(fettle_ctx* context, fettle_bound* raw) : context_(context), raw_(raw) {}
  Bound(Bound&& other) noexcept
      : context_(other.context_), raw_(std::exchange(other.raw_, nullptr)) {}
  Bound& operator=(Bound&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Bound() {
    if (raw_ != nullptr) detail::program_table().release(raw_);
  }
  void launch() { detail::check(detail::program_table().launch(context_, raw_), "launch"); }
  void synchronize() {
    detail::check(detail::program_table().synchronize(context_, raw_), "synchronize");
  }
  // Wall clock of one run, the device idle before and after.
  double seconds() {
    synchronize();
    const auto begin = std::chrono::steady_clock::now();
    launch();
    synchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  fettle_ctx* context_;
  fettle_bound* raw_;
};

class Program {
 public:
  Program(fettle_ctx* context, const fettle_program* raw)
      : context_(context), raw_(raw), graph_(context, detail::program_table().graph(raw)) {}

  const fettle_program* raw() const { return raw_; }
  const Context& context() const { return context_; }
  const Graph& graph() const { return graph_; }
  std::uint64_t id() const { return detail::program_table().id(raw_); }  // never reused
  std::string_view name() const { return text(detail::program_table().name(raw_)); }
  std::string_view device() const { return text(detail::program_table().device(raw_)); }
  std::size_t input_count() const { return detail::program_table().input_count(raw_); }
  std::size_t output_count() const { return detail::program_table().output_count(raw_); }
  std::size_t sample_count() const { return detail::program_table().sample_count(raw_); }
  fettle_slot input(std::size_t k) const {
    fettle_slot slot{};
    slot.size = sizeof slot;
    detail::check(detail::program_table().input(context_.raw(), raw_, k, &slot), "input");
    return slot;
  }
  fettle_slot output(std::size_t k) const {
    fettle_slot slot{};
    slot.size = sizeof slot;
    detail::check(detail::program_table().output(context_.raw(), raw_, k, &slot), "output");
    return slot;
  }
  Type type(fettle_type_id id) const {
    fettle_type type{};
    type.size = sizeof type;
    detail::check(detail::graph_table().type(context_.raw(), graph_.raw(), id, &type), "type");
    return Type(type);
  }

  Data sample_inputs(std::size_t sample) const {
    Data data(input_count());
    detail::check(detail::program_table().sample_inputs(context_.raw(), raw_, sample, data.raw()),
                  "sample_inputs");
    data.keep_text();
    return data;
  }
  // What the eager model answered when the program was captured; nothing if that was not stored.
  std::optional<Data> eager_outputs(std::size_t sample) const {
    Data data(output_count());
    const fettle_status status =
        detail::program_table().eager_outputs(context_.raw(), raw_, sample, data.raw());
    if (status == FETTLE_E_ABSENT) return std::nullopt;
    detail::check(status, "eager_outputs");
    data.keep_text();
    return data;
  }

  // What a run leaves behind; asks the host for each, so ask once.
  std::vector<Effect> effects() const {
    std::vector<Effect> found;
    for (std::uint64_t k = 0; k < effect_count(); ++k) {
      fettle_effect raw{};
      raw.size = sizeof raw;
      detail::check(detail::program_table().effect(context_.raw(), raw_, k, &raw), "effect");
      found.push_back({raw.kind, std::string(text(raw.target)), raw.value});
    }
    return found;
  }
  // All that the eager model had changed after a sample; nothing if that was not stored.
  std::optional<EagerEffects> eager_effects(std::size_t sample) const {
    const std::uint64_t n = detail::program_table().eager_effect_count(raw_, sample);
    if (n == UINT64_MAX) return std::nullopt;
    EagerEffects found{{}, Data(n)};
    for (std::uint64_t k = 0; k < n; ++k) {
      fettle_effect raw{};
      raw.size = sizeof raw;
      detail::check(detail::program_table().eager_effect(context_.raw(), raw_, sample, k, &raw,
                                                         found.values.raw() + k),
                    "eager_effect");
      found.effects.push_back({raw.kind, std::string(text(raw.target)), raw.value});
    }
    found.values.keep_text();
    return found;
  }

  RunResult run(const Data& inputs, const RunOptions& options = {}) const {
    fettle_run_options raw_options{};
    raw_options.size = sizeof raw_options;
    raw_options.flags = (options.seed ? FETTLE_RUN_SEEDED : 0u) |
                        (options.float64 ? FETTLE_RUN_FLOAT64 : 0u) |
                        (options.measure_memory ? FETTLE_RUN_MEASURE_MEMORY : 0u) |
                        (options.cpu_outputs ? FETTLE_RUN_CPU_OUTPUTS : 0u);
    raw_options.seed = options.seed.value_or(0);
    fettle_run_stats stats{};
    stats.size = sizeof stats;
#if FETTLE_TARGET_MINOR >= 1
    stats.workspace_bytes = -1;  // a host of 1.0 leaves it so
#endif
    raw_options.uninitialized = options.uninitialized;
    raw_options.start = options.start != nullptr ? options.start->raw() : nullptr;
    RunResult result{Data(output_count()), Data(effect_count())};
    raw_options.effects = result.effects.raw();
    detail::check(detail::program_table().run(context_.raw(), raw_, &raw_options, inputs.raw(),
                                              result.outputs.raw(), &stats),
                  "run");
    result.outputs.keep_text();
    result.peak_bytes = stats.peak_bytes;
#if FETTLE_TARGET_MINOR >= 1
    result.workspace_bytes = stats.workspace_bytes;
#endif
    result.seconds = stats.seconds;
    return result;
  }

  Bound bind(const Data& inputs) const {
    fettle_bound* out = nullptr;
    detail::check(detail::program_table().bind(context_.raw(), raw_, inputs.raw(), &out), "bind");
    return {context_.raw(), out};
  }

 private:
  std::uint64_t effect_count() const {
    return detail::program_table().effect_count(raw_);
  }

  Context context_;
  const fettle_program* raw_;
  Graph graph_;
};

}  // namespace sdk
}  // namespace fettle
