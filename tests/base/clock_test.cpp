#include "base/clock.h"

#include <catch2/catch.hpp>
#include <ctime>

namespace doris {

TEST_CASE("The system's clock counts milliseconds since the Unix epoch") {
  const SystemClock clock;
  const int64_t before_s = std::time(nullptr);
  const int64_t now_ms = clock.wall_ms();
  const int64_t after_s = std::time(nullptr);
  // time() may lag the precise clock by a tick, hence the second on either side.
  REQUIRE(now_ms >= (before_s - 1) * 1000);
  REQUIRE(now_ms <= (after_s + 2) * 1000);
}

}  // namespace doris
