// Backoff: how long to wait before the next attempt: doubling from min to max, with full
// jitter on the upper half, so that a restarted server is not met by everybody at once.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace doris {

class Backoff {
 public:
  // REQUIRES: 0 < min <= max. `random` outlives this.
  Backoff(Random& random, Millis min, Millis max) : random_(random), min_(min), max_(max) {}

  // The pause before the next attempt: uniform in [d/2, d], d doubling from min to max.
  Millis next() {
    const auto whole = current_.count() == 0 ? min_ : std::min(current_ * 2, max_);
    current_ = whole;
    const auto half = static_cast<uint64_t>(whole.count() / 2);
    return whole - Millis{static_cast<int64_t>(random_.below(half + 1))};
  }

  void reset() { current_ = Millis{0}; }  // After a success.

 private:
  Random& random_;
  const Millis min_;
  const Millis max_;
  Millis current_{0};
};

}  // namespace doris
