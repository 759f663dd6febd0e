#include "base/backoff.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace doris {

TEST_CASE("Each pause is in the upper half of a bound that doubles from min to max") {
  const uint64_t seed = GENERATE(take(50, random(uint64_t{0}, ~uint64_t{0})));
  INFO("seed " << seed);
  Random random(seed);
  Backoff backoff(random, Millis{10}, Millis{1000});
  Millis bound{10};
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Millis pause = backoff.next();
    REQUIRE(pause <= bound);
    REQUIRE(pause >= bound / 2);
    bound = std::min(bound * 2, Millis{1000});
  }
}

TEST_CASE("After a success the pauses start from min again") {
  Random random(7);
  Backoff backoff(random, Millis{10}, Millis{1000});
  for (int attempt = 0; attempt < 10; ++attempt)
    (void)backoff.next();
  backoff.reset();
  REQUIRE(backoff.next() <= Millis{10});
}

TEST_CASE("The pauses of many who wait are spread over the whole upper half") {
  Random random(7);
  std::set<Millis> pauses;
  for (int waiter = 0; waiter < 2000; ++waiter) {
    pauses.insert(Backoff(random, Millis{20}, Millis{20}).next());
  }
  REQUIRE(*pauses.begin() == Millis{10});
  REQUIRE(*pauses.rbegin() == Millis{20});
  REQUIRE(pauses.size() == 11);
}

TEST_CASE("A Backoff of one millisecond never becomes zero") {
  Random random(7);
  Backoff backoff(random, Millis{1}, Millis{1});
  for (int attempt = 0; attempt < 100; ++attempt)
    REQUIRE(backoff.next() == Millis{1});
}

}  // namespace doris
