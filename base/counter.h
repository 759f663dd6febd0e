// Counter: a number that one thread changes and any may read, without a locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace doris {

class Counter {
 public:
  // The owning thread only.
  void add(int64_t amount = 1) { set(get() + amount); }
  void set(int64_t value) { value_.store(value, std::memory_order_relaxed); }

  // Any thread.
  [[nodiscard]] int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace doris
