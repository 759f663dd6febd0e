// Clock: wall time, the seam that lets a simulation and a test own it.
//
// Monotonic time comes from net::Loop::now(). No component reads time itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace doris {

using Millis = std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;  // Monotonic.

class Clock {
 public:
  virtual ~Clock() = default;

  // Milliseconds since the Unix epoch. May jump either way. Any thread.
  [[nodiscard]] virtual int64_t wall_ms() const = 0;
};

// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override;
};

}  // namespace doris
