#include "server/shard_watch.h"

#include <catch2/catch.hpp>

namespace doris::server {
namespace {

TEST_CASE("of shards that go on none is silent") {
  ShardWatch watch(2);
  CHECK(watch.silence() == Millis{0});
  for (int i = 1; i < 10; ++i) {
    watch.look(0, i);
    watch.look(1, 1000 * i);
    CHECK(watch.silence() == Millis{0});
  }
}

TEST_CASE("the shard that did something the longest ago is the silent one, until it goes on") {
  ShardWatch watch(3);
  for (int i = 1; i <= 6; ++i) {
    watch.look(0, i);
    watch.look(1, 7);
    watch.look(2, i < 5 ? i : 5);
  }
  CHECK(watch.silence() == 5 * ShardWatch::kLook);
  watch.look(1, 8);
  CHECK(watch.silence() == Millis{0});
}

TEST_CASE("a shard that writes a large value has the time that a slow disk takes") {
  constexpr int64_t kBytes = 10 * ShardWatch::kBytesPerLook;
  ShardWatch watch(1);
  watch.look(0, 1, kBytes);
  for (int i = 0; i < 12; ++i) {
    watch.look(0, 1, kBytes);
    CHECK(watch.silence() == Millis{0});
  }
  watch.look(0, 1, kBytes);
  CHECK(watch.silence() == 3 * ShardWatch::kLook);
}

}  // namespace
}  // namespace doris::server
