// SimTimer: a timer of a SimLoop. Those that are due fire in the order of their times, and of
// their starts.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "tests/sim/sim_loop.h"

namespace doris::sim {

class SimTimer final : public net::Timer {
 public:
  SimTimer(SimLoop& loop, std::function<void()> on_fire)
      : loop_(loop), on_fire_(std::make_shared<std::function<void()>>(std::move(on_fire))) {
    loop_.timers_.push_back(this);
  }
  ~SimTimer() override { std::erase(loop_.timers_, this); }

  void start(Millis delay, Millis repeat) override {
    due_ = loop_.now() + delay;
    repeat_ = repeat;
    running_ = true;
    order_ = loop_.next_order_++;
    loop_.wake_at(due_);
  }
  void stop() override { running_ = false; }

  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] TimePoint due() const { return due_; }
  [[nodiscard]] uint64_t order() const { return order_; }
  [[nodiscard]] std::pair<TimePoint, uint64_t> key() const { return {due_, order_}; }

  void fire() {
    running_ = false;
    if (repeat_ > Millis{0}) start(repeat_, repeat_);
    const auto on_fire = on_fire_;  // It may destroy this.
    (*on_fire)();
  }

 private:
  SimLoop& loop_;
  const std::shared_ptr<std::function<void()>> on_fire_;
  TimePoint due_{};
  Millis repeat_{0};
  uint64_t order_ = 0;
  bool running_ = false;
};

}  // namespace doris::sim
