// Progress: how far a task of known size has come, and when it will end if it goes on like that.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace doris {

struct Progress {
  uint64_t total = 0;  // Of whatever the task counts.
  uint64_t left = 0;   // 0 .. total
  Millis elapsed{0};   // Since it began.

  [[nodiscard]] uint64_t done() const { return total - left; }

  // How long it will still take; nothing while that cannot be told.
  [[nodiscard]] std::optional<Millis> time_left() const {
    if (left == 0) return Millis{0};
    if (done() == 0 || elapsed.count() <= 0) return std::nullopt;
    const double each = static_cast<double>(elapsed.count()) / static_cast<double>(done());
    return Millis{static_cast<int64_t>(each * static_cast<double>(left))};
  }

  bool operator==(const Progress&) const = default;
};

}  // namespace doris
