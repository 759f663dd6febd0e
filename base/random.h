// Random: a seeded generator, so that one seed replays a run. Not for secrets.
//
// SplitMix64 (Steele, Lea, Flood 2014): small, fast, good enough for jitter and tests.
// Not thread-safe: one per thread.
#pragma once

#include <cstdint>

#include "base/check.h"

namespace doris {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0. The modulo bias is below 2^-32 for the
  // bounds used here.
  uint64_t below(uint64_t bound) {
    DORIS_CHECK(bound > 0, "no number is below 0");
    return next() % bound;
  }

  // A seed from the operating system's entropy.
  static uint64_t entropy();

 private:
  uint64_t state_;
};

}  // namespace doris
