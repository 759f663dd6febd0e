#include "base/random.h"

#include <catch2/catch.hpp>
#include <vector>

namespace doris {

TEST_CASE("A seed replays the published sequence of SplitMix64") {
  // The first numbers for the seed 1234567 of the generator's reference implementation.
  Random random(1234567);
  REQUIRE(random.next() == 6457827717110365317ULL);
  REQUIRE(random.next() == 3203168211198807973ULL);
  REQUIRE(random.next() == 9817491932198370423ULL);
}

TEST_CASE("Numbers below a bound reach each value about equally often") {
  Random random(7);
  std::vector<int> count(10);
  for (int i = 0; i < 10000; ++i)
    ++count.at(random.below(10));
  for (const int times : count)
    REQUIRE((times > 800 && times < 1200));
}

TEST_CASE("Two seeds of the system's entropy differ") {
  REQUIRE(Random::entropy() != Random::entropy());
}

}  // namespace doris
