#include "router/hybrid_clock.h"

#include <catch2/catch.hpp>

#include "tests/support/manual_clock.h"

namespace doris::router {
namespace {

using testing::ManualClock;

TEST_CASE(
    "stamps of one writer rise, also within a millisecond and when the wall clock jumps back") {
  ManualClock wall;
  HybridClock clock(wall, 257);
  resp::Version last = clock.stamp(1);
  for (int i = 0; i < 200'000; ++i) {
    if (i % 1000 == 0) wall.advance(i % 3000 == 0 ? -5000 : 1);
    const resp::Version next = clock.stamp(1);
    REQUIRE(next > last);
    last = next;
  }
}

TEST_CASE("a stamp follows the wall clock when that is ahead") {
  ManualClock wall(1000);
  HybridClock clock(wall, 1);
  CHECK(clock.stamp(1).hlc == 1000ULL << 16);
  wall.set(2000);
  CHECK(clock.stamp(1).hlc == 2000ULL << 16);
}

TEST_CASE("a slow clock that was shown a faster one stamps above it at once") {
  ManualClock wall(1000);
  HybridClock clock(wall, 1);
  clock.merge(9'999'999ULL << 16);
  CHECK(clock.stamp(1).hlc == (9'999'999ULL << 16) + 1);
  clock.merge(5);  // An older one changes nothing.
  CHECK(clock.stamp(1).hlc == (9'999'999ULL << 16) + 2);
}

TEST_CASE("an epoch outweighs every clock") {
  ManualClock wall;
  HybridClock ahead(wall, 1);
  ahead.merge(UINT64_MAX >> 1);
  HybridClock behind(wall, 2);
  CHECK(behind.stamp(8) > ahead.stamp(7));
}

TEST_CASE("a wall clock before 1970 stamps from zero on") {
  ManualClock wall(-5);
  HybridClock clock(wall, 1);
  CHECK(clock.stamp(1).hlc == 1);
}

}  // namespace
}  // namespace doris::router
