#include "orders.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

namespace {

enum class From { start, end };
enum class Ties { program_order, latest };

// List scheduling, in either direction. A unit opens with the first of its tasks that is scheduled
// and closes with the last.
class Greedy {
 public:
  Greedy(const Tasks& tasks, From from, Ties ties)
      : tasks_(tasks),
        next_(from == From::start ? tasks.after : tasks.before),
        ties_(ties),
        from_(from),
        waits_(tasks.size()),
        open_(tasks.bytes.size(), false),
        left_(tasks.bytes.size()),
        remaining_(tasks.bytes.size()),
        stamp_(tasks.size(), 0),
        state_(tasks.size(), State::waiting) {
    const Lists& before = from == From::start ? tasks.before : tasks.after;
    for (std::uint32_t t = 0; t < tasks.size(); ++t)
      waits_[t] = static_cast<std::uint32_t>(before.of(t).size());
    for (std::uint32_t u = 0; u < tasks.bytes.size(); ++u) {
      left_[u] = static_cast<std::uint32_t>(tasks.touching.of(u).size());
      for (const std::uint32_t task : tasks.touching.of(u)) remaining_[u] += task;
      // What is returned never closes; seen from the end it is open before anything runs.
      if (tasks.returned[u] && from == From::end) open_[u] = true;
    }
  }

  Order order() {
    Order order;
    for (std::uint32_t t = 0; t < tasks_.size(); ++t)
      if (waits_[t] == 0) make_ready(t);
    while (!ready_.empty()) {
      const Entry entry = ready_.top();
      ready_.pop();
      if (entry.stamp != stamp_[entry.task] || state_[entry.task] != State::ready) continue;
      order.push_back(entry.task);
      run(entry.task);
    }
    if (from_ == From::end) std::reverse(order.begin(), order.end());
    return order;
  }

 private:
  enum class State : std::uint8_t { waiting, ready, done };
  struct Entry {
    std::int64_t growth;  // of what lives, by running the task
    std::int64_t tie;
    std::uint32_t task, stamp;
    bool operator<(const Entry& other) const {  // the greatest comes first
      return std::pair(growth, tie) > std::pair(other.growth, other.tie);
    }
  };

  bool closes(std::uint32_t unit) const {
    return left_[unit] == 1 && !(tasks_.returned[unit] && from_ == From::start);
  }
  std::int64_t growth_of(std::uint32_t task) const {
    std::int64_t growth = 0;
    for (const std::uint32_t unit : tasks_.units.of(task)) {
      if (!open_[unit]) growth += tasks_.bytes[unit];
      if (closes(unit)) growth -= tasks_.bytes[unit];
    }
    return growth;
  }

  void make_ready(std::uint32_t task) {
    state_[task] = State::ready;
    ready_at_.resize(tasks_.size());
    ready_at_[task] = ++clock_;
    put(task);
  }
  void put(std::uint32_t task) {
    const std::int64_t place = from_ == From::start ? task : -static_cast<std::int64_t>(task);
    const std::int64_t tie = ties_ == Ties::program_order ? place : -ready_at_[task];
    ready_.push({growth_of(task), tie, task, ++stamp_[task]});
  }
  // What is ready is weighed again; its older entry is passed over.
  void weigh_again(std::uint32_t task) {
    if (state_[task] == State::ready) put(task);
  }

  void run(std::uint32_t task) {
    state_[task] = State::done;
    for (const std::uint32_t unit : tasks_.units.of(task)) {
      const bool opened = !open_[unit];
      open_[unit] = true;
      --left_[unit];
      remaining_[unit] -= task;
      if (tasks_.bytes[unit] == 0) continue;
      if (opened)
        for (const std::uint32_t other : tasks_.touching.of(unit)) weigh_again(other);
      else if (left_[unit] == 1)  // the sum of what is left is the one that is left
        weigh_again(static_cast<std::uint32_t>(remaining_[unit]));
    }
    for (const std::uint32_t other : next_.of(task))
      if (--waits_[other] == 0) make_ready(other);
  }

  const Tasks& tasks_;
  const Lists& next_;
  Ties ties_;
  From from_;
  std::vector<std::uint32_t> waits_;
  std::vector<bool> open_;
  std::vector<std::uint32_t> left_;       // by unit: tasks that have not run
  std::vector<std::uint64_t> remaining_;  // and their sum
  std::vector<std::uint32_t> stamp_;
  std::vector<State> state_;
  std::vector<std::int64_t> ready_at_;
  std::int64_t clock_ = 0;
  std::priority_queue<Entry> ready_;
};

}  // namespace

std::int64_t peak_of(const Tasks& tasks, const Order& order) {
  std::vector<std::uint32_t> left(tasks.bytes.size());
  std::vector<bool> open(tasks.bytes.size(), false);
  for (std::uint32_t u = 0; u < left.size(); ++u)
    left[u] = static_cast<std::uint32_t>(tasks.touching.of(u).size());
  std::int64_t live = 0, peak = 0;
  for (const std::uint32_t task : order) {
    for (const std::uint32_t unit : tasks.units.of(task)) {
      if (!open[unit]) live += tasks.bytes[unit];
      open[unit] = true;
    }
    peak = std::max(peak, live + tasks.inside[task]);
    for (const std::uint32_t unit : tasks.units.of(task))
      if (--left[unit] == 0 && !tasks.returned[unit]) live -= tasks.bytes[unit];
  }
  return peak;
}

Order program_order(const Tasks& tasks) {
  Order order(tasks.size());
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

std::vector<Order> better_orders(const Tasks& tasks) {
  const std::int64_t now = peak_of(tasks, program_order(tasks));
  std::vector<std::pair<std::int64_t, Order>> found;
  for (const From from : {From::start, From::end}) {
    for (const Ties ties : {Ties::program_order, Ties::latest}) {
      Order order = Greedy(tasks, from, ties).order();
      const std::int64_t peak = peak_of(tasks, order);
      if (peak < now) found.emplace_back(peak, std::move(order));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Order> orders;
  for (auto& [peak, order] : found) orders.push_back(std::move(order));
  return orders;
}
