// Writes that one copy has and the other may not: nobody is shown them, until both have.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

TEST_CASE("a read of what is not settled is answered once it is, with what it found then") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1, 999}, "v"};
  router.primary("k").settles = false;
  router.say({"GET k", "EXISTS k", "MGET k nosuch"});
  router.loop.advance(Millis{20});
  CHECK(router.replies().empty());
  router.primary("k").settles = true;
  router.loop.advance(Millis{20});
  CHECK(router.replies() == Lines{"\"v\"", ":1", "[\"v\" nil]"});
}

TEST_CASE("a delete that is not settled is waited for, too") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1, 999}, {}};
  router.primary("k").settles = false;
  router.say({"GET k", "EXISTS k"});
  router.loop.advance(Millis{20});
  CHECK(router.replies().empty());
  router.primary("k").settles = true;
  router.loop.advance(Millis{20});
  CHECK(router.replies() == Lines{"nil", ":0"});
}

TEST_CASE("a read that waits reads anew at another server when its own is gone") {
  RunningWorker router;
  const std::string key = router.key_in(topology::Group::kA);
  router.a.records[key] = {{1, 1, 999}, "of one copy"};
  router.b.records[key] = {{1, 0, 999}, "of both"};
  router.a.settles = false;
  router.say({"GET " + key});
  router.a.leave();
  router.adopt_with("a1", topology::NodeState::kTempFailed);
  router.loop.advance(Millis{2000});
  CHECK(router.replies() == Lines{"\"of both\""});
}

// The other server does not know of what the read waits for: to it that is settled.
TEST_CASE("a read that waits reads anew when another server is the primary") {
  RunningWorker router;
  const std::string key = router.key_in(topology::Group::kA);
  router.a.records[key] = {{1, 1, 999}, "of one copy"};
  router.b.records[key] = {{1, 0, 999}, "of both"};
  router.a.settles = false;
  router.say({"GET " + key});
  router.loop.advance(Millis{20});
  CHECK(router.replies().empty());
  router.adopt_with("a1", topology::NodeState::kTempFailed);
  router.loop.advance(Millis{20});
  CHECK(router.replies() == Lines{"\"of both\""});
}

// It was overtaken there, and may be done anew.
TEST_CASE("a read reads anew whose server does not know any more what it waits for") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1, 999}, "overtaken"};
  router.primary("k").settles = false;
  router.say({"GET k"});
  router.loop.advance(Millis{20});
  CHECK(router.replies().empty());
  router.primary("k").records["k"] = {{1, 2, 999}, "newer"};
  router.primary("k").forgets = true;
  router.primary("k").settles = true;
  router.loop.advance(Millis{20});
  CHECK(router.replies() == Lines{"\"newer\""});
}

TEST_CASE("a read that waits for too long is told so") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1, 999}, "v"};
  router.primary("k").settles = false;
  router.say({"GET k"});
  router.loop.advance(Millis{10'000});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-CLUSTERDOWN data server"));
}

TEST_CASE("both replicas hear that a write is settled, and only when both have it") {
  RunningWorker router;
  router.secondary("k").stall();
  router.say({"SET k v"});
  CHECK(router.primary("k").settled == 0);
  router.secondary("k").go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(router.primary("k").settled == 1);
  CHECK(router.secondary("k").settled == 1);
}

TEST_CASE("what a lost connection was told is told again") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  router.secondary("k").stall();
  router.say({"SET k v"});
  shard.stall();
  router.secondary("k").go_on();
  router.loop.settle();
  shard.drop();
  shard.go_on();
  router.loop.advance(Millis{2000});
  CHECK(shard.settled >= 1);
  CHECK(shard.abandoned == 0);
}

TEST_CASE("a write that one copy refused is given up, for the servers to settle") {
  RunningWorker router;
  router.secondary("k").disk_full = true;
  router.say({"SET k v"});
  router.loop.advance(Millis{3000});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-DISKFULL"));
  CHECK(router.primary("k").settled == 0);
  CHECK(router.primary("k").abandoned == 1);
}

TEST_CASE("a raised version is settled under both of its names at the primary") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1ULL << 62, 999}, "theirs"};
  CHECK(router.ask("SET k v") == "+OK");
  CHECK(router.primary("k").settled == 2);
  CHECK(router.secondary("k").settled == 2);
}

}  // namespace
}  // namespace doris::router::test
