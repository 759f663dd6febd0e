#include "server/shard_watch.h"

#include <catch2/catch.hpp>

namespace doris::server {
namespace {

TEST_CASE("of shards that report in time none is silent") {
  ShardWatch watch(2);
  CHECK(watch.silence() == Millis{0});
  for (int i = 0; i < 10; ++i) {
    watch.look();
    CHECK(watch.silence() == Millis{0});
    watch.heard(0);
    watch.heard(1);
  }
}

TEST_CASE("the shard that was heard of the longest ago is the silent one, until it reports") {
  ShardWatch watch(3);
  for (int i = 0; i < 5; ++i) {
    watch.look();
    watch.heard(0);
    if (i < 4) watch.heard(2);
  }
  CHECK(watch.silence() == 5 * ShardWatch::kLook);
  watch.heard(1);
  CHECK(watch.silence() == Millis{0});
}

}  // namespace
}  // namespace doris::server
