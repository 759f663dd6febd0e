#include "admin/node_health.h"

#include <catch2/catch.hpp>

namespace doris::admin {
namespace {

constexpr TimePoint kStart{std::chrono::hours{1}};

TEST_CASE("a node that has not been heard of is neither up nor down") {
  const NodeHealth health(3);
  CHECK(health.health() == Health::kUnknown);
  CHECK_FALSE(health.serves());
}

TEST_CASE("one answer makes a node up") {
  NodeHealth health(3);
  CHECK(health.answered({.epoch = 7, .ready = true}, kStart));
  CHECK(health.health() == Health::kUp);
  CHECK(health.last().epoch == 7);
  CHECK(health.serves());
  CHECK_FALSE(health.answered({.epoch = 8, .ready = true}, kStart));
}

TEST_CASE("only so many misses in a row make a node down") {
  NodeHealth health(3);
  (void)health.answered({.epoch = 7, .ready = true}, kStart);
  CHECK_FALSE(health.missed("refused", true, kStart + Millis{1}));
  CHECK_FALSE(health.missed("refused", true, kStart + Millis{2}));
  CHECK(health.health() == Health::kUp);
  (void)health.answered({.epoch = 7, .ready = true}, kStart + Millis{3});
  CHECK_FALSE(health.missed("refused", true, kStart + Millis{4}));
  CHECK_FALSE(health.missed("refused", true, kStart + Millis{5}));
  CHECK(health.missed("timeout", false, kStart + Millis{6}));
  CHECK(health.health() == Health::kDown);
  CHECK_FALSE(health.serves());
  CHECK(health.trouble() == "timeout");
  CHECK(health.since() == kStart + Millis{3});
}

TEST_CASE("an answer brings a node back and forgets its trouble") {
  NodeHealth health(1);
  CHECK(health.missed("refused", true, kStart));
  CHECK(health.health() == Health::kDown);
  CHECK(health.since() == kStart);
  CHECK(health.answered({.epoch = 1, .ready = true}, kStart + Millis{9}));
  CHECK(health.health() == Health::kUp);
  CHECK(health.trouble().empty());
}

TEST_CASE("a node that answers but is not ready, or not whole, does not serve") {
  NodeHealth health(1);
  (void)health.answered({.epoch = 1, .ready = false}, kStart);
  CHECK(health.health() == Health::kUp);
  CHECK_FALSE(health.serves());
  (void)health.answered({.epoch = 1, .ready = true, .shards_offline = 1}, kStart);
  CHECK_FALSE(health.serves());
}

TEST_CASE("what a node has adopted counts until it says otherwise") {
  NodeHealth health(1);
  (void)health.answered({.epoch = 4, .ready = true}, kStart);
  health.adopted(6);
  CHECK(health.last().epoch == 6);
  health.adopted(5);
  CHECK(health.last().epoch == 6);
  (void)health.answered({.epoch = 4, .ready = true}, kStart);
  CHECK(health.last().epoch == 4);
}

TEST_CASE("a node that was never heard of is waited for a while, one that was is not") {
  NodeHealth health(2, Millis{300});
  for (int ms = 0; ms < 300; ms += 20)
    CHECK_FALSE(health.missed("connection refused", true, kStart + Millis{ms}));
  CHECK(health.health() == Health::kUnknown);
  CHECK(health.missed("connection refused", true, kStart + Millis{300}));
  CHECK(health.health() == Health::kDown);
  (void)health.answered({}, kStart + Millis{400});
  (void)health.missed("connection refused", true, kStart + Millis{500});
  CHECK(health.missed("connection refused", true, kStart + Millis{520}));
}

}  // namespace
}  // namespace doris::admin
