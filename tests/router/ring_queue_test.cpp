#include "router/ring_queue.h"

#include <catch2/catch.hpp>
#include <deque>

#include "base/random.h"

namespace doris::router {
namespace {

TEST_CASE("a ring queue does what a deque does, through any pushes and pops") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    RingQueue<int> ring;
    std::deque<int> model;
    for (int i = 0; i < 5000; ++i) {
      if (model.empty() || random.below(100) < 52) {
        ring.push_back(i);
        model.push_back(i);
      } else {
        REQUIRE(ring.pop_front() == model.front());
        model.pop_front();
      }
      REQUIRE(ring.size() == model.size());
      if (!model.empty()) {
        const size_t at = random.below(model.size());
        REQUIRE(ring[at] == model[at]);
        REQUIRE(ring.front() == model.front());
      }
    }
  }
}

TEST_CASE("swapping exchanges the contents of two ring queues") {
  RingQueue<int> full;
  RingQueue<int> empty;
  for (int i = 0; i < 40; ++i)
    full.push_back(i);
  full.swap(empty);
  CHECK(full.empty());
  REQUIRE(empty.size() == 40);
  for (int i = 0; i < 40; ++i)
    CHECK(empty.pop_front() == i);
}

}  // namespace
}  // namespace doris::router
