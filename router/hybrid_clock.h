// HybridClock: stamps writes with versions that follow wall time and never repeat.
//
// A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): the wall
// clock's milliseconds in the upper 48 bits, a counter in the lower 16. It only moves
// forward, past every clock it has been shown, so a router whose wall clock is slow
// catches up with the first answer it gets.
//
// One per worker thread, each with a writer id of its own.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/topology/topology.h"
#include "resp/version.h"

namespace doris::router {

class HybridClock {
 public:
  // `clock` outlives this.
  HybridClock(const Clock& clock, uint32_t writer) : clock_(clock), writer_(writer) {}

  [[nodiscard]] resp::Version stamp(topology::Epoch epoch) {
    const auto wall = static_cast<uint64_t>(std::max<int64_t>(clock_.wall_ms(), 0)) << 16;
    last_ = std::max(last_ + 1, wall);
    return {static_cast<uint32_t>(epoch), last_, writer_};
  }

  // Makes every later stamp higher than `hlc`.
  void merge(uint64_t hlc) { last_ = std::max(last_, hlc); }

  [[nodiscard]] uint32_t writer() const { return writer_; }

 private:
  const Clock& clock_;
  const uint32_t writer_;
  uint64_t last_ = 0;
};

}  // namespace doris::router
