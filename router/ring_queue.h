// RingQueue: a FIFO in one growing ring of memory. Like std::deque at both ends, but it
// allocates only when it outgrows itself: the router's queues turn over millions of times
// a second. Not thread-safe.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"

namespace doris::router {

template <class T>
class RingQueue {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }

  T& front() {
    DORIS_CHECK(size_ > 0, "front of an empty queue");
    return slots_[head_];
  }

  T& operator[](size_t index) {
    DORIS_CHECK(index < size_, "beyond the end of a queue");
    return slots_[(head_ + index) & (slots_.size() - 1)];
  }

  void push_back(T item) {
    if (size_ == slots_.size()) grow();
    slots_[(head_ + size_) & (slots_.size() - 1)] = std::move(item);
    ++size_;
  }

  T pop_front() {
    T item = std::move(front());
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    return item;
  }

  void swap(RingQueue& other) noexcept {
    slots_.swap(other.slots_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
  }

 private:
  void grow() {
    std::vector<T> bigger(slots_.empty() ? 16 : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i)
      bigger[i] = std::move((*this)[i]);
    slots_.swap(bigger);
    head_ = 0;
  }

  std::vector<T> slots_;  // A power of two long, or empty.
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace doris::router
