// A clock that a test moves by hand.
#pragma once

#include "base/clock.h"

namespace doris::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}
  [[nodiscard]] int64_t wall_ms() const override { return wall_ms_; }
  void set(int64_t wall_ms) { wall_ms_ = wall_ms; }
  void advance(int64_t ms) { wall_ms_ += ms; }

 private:
  int64_t wall_ms_;
};

}  // namespace doris::testing
