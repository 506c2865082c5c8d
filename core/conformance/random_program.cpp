// A random program, made call by call as text. Each value is remembered with its shape, with how
// large its elements can get, and with whether a call made its storage (so that a call in place may
// write it). There are four shapes, between which views, products and reductions lead.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "conformance/programs.hpp"

namespace fettle::conformance {
namespace {

enum class Shape : std::uint8_t { matrix, row, flat, scalar };
constexpr std::array<std::string_view, 4> kTypes = {"f32[4, 4]", "f32[4]", "f32[16]", "f32[]"};

struct Known {
  std::string name;
  Shape shape;
  double bound;  // elements lie within ± this
  bool fresh;    // in storage of its own
};

class Writer {
 public:
  Writer(std::uint64_t seed, std::uint32_t calls) : random_(seed), calls_(calls) {}

  std::string program() {
    std::string head = "graph(w: f32[4, 4] = parameter 'w' value=" + matrix() +
                       ", b: f32[4] = buffer 'b' value=[0.5, -0.25, 0.125, 1.0]"
                       ", k: f32[4, 4] = tensor_constant 'k' value=0.5"
                       ", x: f32[4, 4], y: f32[4]):\n";
    known_ = {{"w", Shape::matrix, 1, false},
              {"b", Shape::row, 1, false},
              {"k", Shape::matrix, 1, false},
              {"x", Shape::matrix, 8, false},
              {"y", Shape::row, 8, false}};
    while (made_ < calls_) call();
    std::string outputs;
    for (int i = 0; i < 3; ++i) {
      const Known value = pick();
      outputs += remember(fmt::format("aten.clone.default({})", value.name), value.shape,
                          value.bound, true)
                     .name +
                 ", ";
    }
    return head + text_ + "  return (" + outputs + ")\n";
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  std::string matrix() {
    std::string rows;
    for (int i = 0; i < 4; ++i) {
      rows += fmt::format("{}[", i ? ", " : "");
      for (int k = 0; k < 4; ++k) rows += fmt::format("{}{}", k ? ", " : "", below(17) / 8.0 - 1.0);
      rows += "]";
    }
    return "[" + rows + "]";
  }

  // Mostly one of the last few, so that chains come about.
  Known pick() {
    const std::uint32_t among = below(4) == 0 ? static_cast<std::uint32_t>(known_.size()) : 4;
    return known_[known_.size() - 1 - below(std::min<std::uint32_t>(among, known_.size()))];
  }
  Known pick(Shape shape) {
    for (int tries = 0; tries < 8; ++tries) {
      if (Known value = pick(); value.shape == shape) return value;
    }
    std::vector<Known> fit;
    std::ranges::copy_if(known_, std::back_inserter(fit),
                         [&](const Known& value) { return value.shape == shape; });
    return fit.empty() ? known_[shape == Shape::row ? 1 : 0] : fit[below(fit.size())];
  }

  const Known& remember(std::string call, Shape shape, double bound, bool fresh) {
    std::string name = fmt::format("v{}", made_++);
    text_ += fmt::format("  {}: {} = {}\n", name, kTypes[static_cast<int>(shape)], call);
    if (fresh) seen_.push_back({std::move(call), shape, bound, true});
    return known_.emplace_back(Known{std::move(name), shape, bound, fresh});
  }
  // Keeps what grew within bounds.
  void grown(std::string call, Shape shape, double bound) {
    const Known value = remember(std::move(call), shape, bound, true);
    if (bound > 64) remember(fmt::format("aten.tanh.default({})", value.name), shape, 1, true);
  }

  void call() {
    constexpr std::array kWays = {
        &Writer::unary,    &Writer::unary,   &Writer::relu,    &Writer::binary,
        &Writer::binary,   &Writer::number,  &Writer::product, &Writer::reduce,
        &Writer::view,     &Writer::several, &Writer::again,   &Writer::again,
        &Writer::in_place, &Writer::branch,  &Writer::choose,  &Writer::constant};
    (this->*kWays[below(kWays.size())])();
  }

  void unary() {
    constexpr std::array kBounded = {"sigmoid", "tanh", "sin", "cos"};
    constexpr std::array kSame = {"neg", "abs", "clone"};
    const Known x = pick();
    const bool bounded = below(2) == 0;
    const char* op = bounded ? kBounded[below(4)] : kSame[below(3)];
    remember(fmt::format("aten.{}.default({})", op, x.name), x.shape, bounded ? 1 : x.bound, true);
  }
  void relu() {
    const Known x = pick();
    remember(fmt::format("aten.relu.default({})", x.name), x.shape, x.bound, true);
  }
  void binary() {
    constexpr std::array kOps = {"add.Tensor", "sub.Tensor", "mul.Tensor", "maximum.default"};
    const Known a = pick();
    const Known b = below(3) == 0 && a.shape == Shape::matrix ? pick(Shape::row) : pick(a.shape);
    if (b.shape != a.shape && a.shape != Shape::matrix) return;
    const std::uint32_t op = below(4);
    grown(fmt::format("aten.{}({}, {})", kOps[op], a.name, b.name), a.shape,
          op == 2 ? a.bound * b.bound : a.bound + b.bound);
  }
  void number() {
    constexpr std::array kCalls = {"add.Tensor({}, 0.0)", "mul.Tensor({}, 1.0)",
                                   "add.Tensor({}, 1.0)", "mul.Tensor({}, 0.5)",
                                   "div.Tensor({}, 2.0)"};
    const Known x = pick();
    grown("aten." + fmt::format(fmt::runtime(kCalls[below(5)]), x.name), x.shape, x.bound + 1);
  }
  void product() {
    const Known a = pick(Shape::matrix);
    if (below(3) == 0) {
      const Known v = pick(Shape::row);
      return grown(fmt::format("aten.mv.default({}, {})", a.name, v.name), Shape::row,
                   4 * a.bound * v.bound);
    }
    const Known b = pick(Shape::matrix);
    std::string right = b.name;
    if (below(2) == 0) {
      right = fmt::format("t{}", made_++);
      text_ += fmt::format("  {}: f32[4, 4][1, 4] = aten.t.default({})\n", right, b.name);
    }
    grown(fmt::format("aten.mm.default({}, {})", a.name, right), Shape::matrix,
          4 * a.bound * b.bound);
  }
  void reduce() {
    const Known x = pick(Shape::matrix);
    switch (below(4)) {
      case 0:
        return grown(fmt::format("aten.sum.dim_IntList({}, [0])", x.name), Shape::row, 4 * x.bound);
      case 1:
        return grown(fmt::format("aten.mean.dim({}, [1])", x.name), Shape::row, x.bound);
      case 2:
        return grown(fmt::format("aten.amax.default({}, [1])", x.name), Shape::row, x.bound);
      default:
        return grown(fmt::format("aten.sum.default({})", x.name), Shape::scalar, 16 * x.bound);
    }
  }
  void view() {
    const Known x = pick();
    if (x.shape == Shape::matrix && below(2) == 0) {
      remember(fmt::format("aten.select.int({}, 0, {})", x.name, below(4)), Shape::row, x.bound,
               false);
    } else if (x.shape == Shape::matrix) {
      remember(fmt::format("aten.view.default({}, [16])", x.name), Shape::flat, x.bound, false);
    } else if (x.shape == Shape::flat) {
      remember(fmt::format("aten.view.default({}, [4, 4])", x.name), Shape::matrix, x.bound, false);
    } else {
      remember(fmt::format("aten.alias.default({})", x.name), x.shape, x.bound, false);
    }
  }
  void several() {
    const Known x = pick(Shape::matrix);
    const std::uint32_t n = made_++;
    text_ +=
        fmt::format("  max{0}: (v{0}: f32[4], i{0}: i64[4]) = aten.max.dim({1}, 1)\n", n, x.name);
    known_.push_back({fmt::format("v{}", n), Shape::row, x.bound, true});
  }
  // A call like an earlier one.
  void again() {
    if (seen_.empty()) return relu();
    const Known call = seen_[below(seen_.size())];
    remember(call.name, call.shape, call.bound, true);
  }
  void in_place() {
    const Known x = pick();
    if (!x.fresh || below(2) == 0) return;
    remember(fmt::format("aten.add_.Tensor({}, 0.5)", x.name), x.shape, x.bound + 1, false);
  }
  void choose() {
    const Known x = pick();
    const std::uint32_t n = made_++;
    std::string_view type = kTypes[static_cast<int>(x.shape)];
    text_ += fmt::format("  b{}: b8{} = aten.gt.Scalar({}, 0.0)\n", n, type.substr(3), x.name);
    const Known other = pick(x.shape);
    if (other.shape != x.shape) return;
    remember(fmt::format("aten.where.self(b{}, {}, {})", n, x.name, other.name), x.shape,
             std::max(x.bound, other.bound), true);
  }
  void constant() {
    remember(fmt::format("aten.full.default([4, 4], {:.2f})", below(4) / 4.0), Shape::matrix, 1, true);
  }
  void branch() {
    const Known x = pick(Shape::matrix), y = pick(Shape::matrix);
    const std::uint32_t n = made_++;
    text_ += fmt::format("  s{0}: f32[] = aten.sum.default({1})\n", n, x.name);
    text_ += fmt::format("  p{0}: b8[] = aten.gt.Scalar(s{0}, 0.0)\n", n);
    text_ += fmt::format(
        "  cond{0}: (v{0}: f32[4, 4]) = higher_order.cond(p{0}, self.yes{0}, self.no{0}, [{1}, "
        "{2}])\n"
        "    graph yes{0}(c: f32[4, 4], d: f32[4, 4]):\n"
        "      tanh: f32[4, 4] = aten.tanh.default(c)\n"
        "      tanh_1: f32[4, 4] = aten.tanh.default(c)\n"
        "      add: f32[4, 4] = aten.add.Tensor(tanh, tanh_1)\n"
        "      return (add,)\n"
        "    graph no{0}(c: f32[4, 4], d: f32[4, 4]):\n"
        "      relu: f32[4, 4] = aten.relu.default(d)\n"
        "      relu_1: f32[4, 4] = aten.relu.default(relu)\n"
        "      unused: f32[4, 4] = aten.sin.default(c)\n"
        "      add: f32[4, 4] = aten.add.Tensor(relu_1, c)\n"
        "      return (add,)\n",
        n, x.name, y.name);
    known_.push_back({fmt::format("v{}", n), Shape::matrix, x.bound + y.bound + 2, true});
  }

  std::mt19937_64 random_;
  std::uint32_t calls_, made_ = 0;
  std::string text_;
  std::vector<Known> known_;
  std::vector<Known> seen_;  // calls that may be made again; the name is the call
};

}  // namespace

std::string random_program(std::uint64_t seed, std::uint32_t calls) {
  return Writer(seed, calls).program();
}

}  // namespace fettle::conformance
