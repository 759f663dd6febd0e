// request-timeout and backend-queue-limit: what the client is told, and what becomes of the rest.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

constexpr Millis kTimeout{5000};
constexpr Millis kTick{50};
const Overrides kSmallQueue = {{"backend-queue-limit", "64kb"}, {"proto-max-bulk-len", "64kb"}};

std::string shard_name(const RunningWorker& router, const FakeShard& shard) {
  return &shard == &router.a ? "a1 (127.0.0.1:7001)" : "b1 (127.0.0.1:7011)";
}

TEST_CASE("a read that finds no answer in time names the silent server") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.stall();
  router.say({"GET k", "PING"});
  router.loop.advance(kTimeout - kTick);
  CHECK(router.replies().empty());
  router.loop.advance(2 * kTick);
  CHECK(router.replies() == Lines{"-CLUSTERDOWN data server " + shard_name(router, shard) +
                                      " did not answer within 5000 ms: no answer",
                                  "+PONG"});
  CHECK(router.stats.errors.get() == 1);
}

// As SIGSTOP and SIGCONT do. The answers wait in the kernel, or the servers have closed the
// connections of a router that was silent for so long.
TEST_CASE("a router that was frozen for request-timeout asks again before it gives up") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.records["k"] = {{1, 1, 1}, "v"};
  shard.stall();
  router.say({"GET k"});
  SECTION("the answer is there") {}
  SECTION("the connection is gone") {
    shard.drop();
  }
  shard.go_on();
  router.loop.oversleep(kTimeout + Millis{20});
  router.loop.advance(Millis{100});
  CHECK(router.replies() == Lines{"\"v\""});
}

TEST_CASE("a router that was frozen proposes nothing anew, and gives up in the end") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.stall();
  router.say({"SET k v"});
  SECTION("the connection is gone") {
    shard.drop();
    router.loop.oversleep(kTimeout);
    router.loop.advance(Millis{100});
  }
  SECTION("it stays silent") {
    router.loop.oversleep(kTimeout);
    CHECK(router.replies().empty());
    router.loop.advance(kTimeout);
  }
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-TIMEOUT data server") &&
                             Catch::EndsWith("it may or may not take effect"));
  CHECK(std::count(shard.asked.begin(), shard.asked.end(), "VSET P k v") == 0);
}

TEST_CASE("DBSIZE that finds no answer in time names the silent server") {
  RunningWorker router;
  router.a.stall();
  router.say({"DBSIZE"});
  router.loop.advance(kTimeout + kTick);
  CHECK(router.replies() == Lines{"-CLUSTERDOWN data server a1 (127.0.0.1:7001) did not answer "
                                  "within 5000 ms: no answer"});
}

TEST_CASE("a read from a server that cannot be reached says why") {
  RunningWorker router;
  router.primary("k").leave();
  router.loop.settle();
  router.say({"GET k"});
  router.loop.advance(kTimeout + kTick);
  CHECK(router.replies() ==
        Lines{"-CLUSTERDOWN data server " + shard_name(router, router.primary("k")) +
              " did not answer within 5000 ms: connection refused"});
}

TEST_CASE("a write that finds no answer in time says that it may or may not take effect") {
  RunningWorker router;
  FakeShard& shard = GENERATE(true, false) ? router.primary("k") : router.secondary("k");
  shard.stall();
  router.say({"SET k v"});
  router.loop.advance(kTimeout + kTick);
  CHECK(router.replies() == Lines{"-TIMEOUT data server " + shard_name(router, shard) +
                                  " did not confirm the write within 5000 ms (no answer); it may "
                                  "or may not take effect"});
}

TEST_CASE("of many keys the error names the server that one of them still waits for") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.b.stall();
  router.say({"MGET " + a + " " + b, "MSET " + a + " 1 " + b + " 2"});
  router.loop.advance(kTimeout + kTick);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].starts_with("-CLUSTERDOWN data server b1 "));
  CHECK(replies[1].starts_with("-TIMEOUT data server b1 "));
}

TEST_CASE("an answer that comes after the deadline is thrown away, and those behind it count") {
  // The server comes back late, so the deadline of a request that has waited for it passes
  // before the patience with its connection ends.
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.records["k"] = {{1, 1, 1}, "v"};
  shard.leave();
  router.say({"GET k"});
  router.loop.advance(Millis{2000});
  shard.stalls_after_link = true;
  shard.come_back();
  router.loop.advance(kTimeout - Millis{1900});
  REQUIRE(router.replies().size() == 1);
  router.say({"EXISTS k"});
  CHECK(router.replies().empty());
  shard.go_on();
  router.loop.settle();
  CHECK(shard.asked == Lines{"VGET k", "VHAS k"});
  CHECK(router.replies() == Lines{":1"});
  CHECK(shard.links.size() == 2);
}

TEST_CASE("a raised version that comes after the deadline still reaches the second copy") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.records["k"] = {{1, 1ULL << 62, 999}, "theirs"};
  shard.leave();
  router.say({"SET k mine"});
  router.loop.advance(Millis{2000});
  shard.stalls_after_link = true;
  shard.come_back();
  router.loop.advance(kTimeout - Millis{1900});
  REQUIRE(router.replies().size() == 1);
  shard.go_on();
  router.loop.settle();
  CHECK(router.a.records["k"].value == "mine");
  CHECK(router.a.records == router.b.records);
  CHECK(router.replies().empty());
}

TEST_CASE("a write whose primary committed it reaches the second copy though the client gave up") {
  RunningWorker router;
  FakeShard& secondary = router.secondary("k");
  secondary.leave();
  router.say({"SET k v"});
  CHECK(router.primary("k").records.contains("k"));
  router.loop.advance(kTimeout + kTick);
  REQUIRE(router.replies().size() == 1);
  secondary.come_back();
  router.loop.advance(Millis{2000});
  CHECK(router.a.records == router.b.records);
  CHECK(router.a.records["k"].value == "v");
}

TEST_CASE("what the client gave up and no server has committed is not sent any more") {
  RunningWorker router;
  router.a.leave();
  router.b.leave();
  router.say({"SET k v", "GET k", "EXISTS k"});
  router.loop.advance(kTimeout + Millis{2000});
  CHECK(router.replies().size() == 3);
  CHECK(router.stats.backend_queued.get() == 0);
  CHECK(router.stats.backend_bytes.get() == 0);
  router.a.come_back();
  router.b.come_back();
  router.loop.advance(Millis{2000});
  CHECK(router.a.asked.empty());
  CHECK(router.b.asked.empty());
}

TEST_CASE("a full queue refuses a whole request before anything of it is sent") {
  RunningWorker router(kSmallQueue);
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.b.stall();
  router.say({"SET " + b + " " + std::string(60'000, 'x'), "SET " + b + " 1"});
  for (int i = 0; i < 60; ++i)
    router.say({"GET " + b});
  router.replies();
  router.a.take_asked();
  const size_t held = router.client().wire().in().bytes.size();
  CHECK(held == 0);

  FakeClient& other = router.connect();
  other.say("MSET " + a + " 1 " + b + " 2");
  router.loop.settle();
  const Lines refusal = other.replies();
  REQUIRE(refusal.size() == 1);
  CHECK(
      refusal[0].starts_with("-OVERLOADED the queue to data server b1 (127.0.0.1:7011) is full ("));
  CHECK(refusal[0].ends_with(" bytes); try again later"));
  CHECK(router.a.asked.empty());

  // A read needs one server only.
  other.say("GET " + a);
  router.loop.settle();
  CHECK(other.replies() == Lines{"nil"});

  router.b.go_on();
  router.loop.settle();
  other.say("MSET " + a + " 1 " + b + " 2");
  router.loop.settle();
  CHECK(other.replies() == Lines{"+OK"});
}

TEST_CASE("what has waited for a server beyond its deadline makes room") {
  RunningWorker router(kSmallQueue);
  FakeShard& shard = router.primary("k");
  shard.ready = false;
  shard.drop();
  for (int i = 0; i < 4; ++i)
    router.say({"SET k " + std::string(20'000, 'x')});
  FakeClient& other = router.connect();
  other.say("GET k");
  router.loop.settle();
  CHECK_THAT(other.replies().at(0), Catch::StartsWith("-OVERLOADED the queue to data server"));
  router.loop.advance(kTimeout + 5 * kTick);
  CHECK(router.replies().size() == 4);
  CHECK(router.stats.backend_bytes.get() == 0);
  CHECK(router.ask("GET k") == "(none)");
}

TEST_CASE("what waits for others of its key is bounded") {
  RunningWorker router(kSmallQueue);
  router.primary("k").stall();
  router.say({"GET k"});
  for (int i = 0; i < 4; ++i)
    router.say({"SET k " + std::string(20'000, 'x')});
  router.loop.advance(Millis{1000});
  CHECK(router.stats.backend_bytes.get() > 80'000);
  router.say({"SET k v"});
  FakeClient& other = router.connect();
  other.say("SET k w");
  router.loop.settle();
  router.primary("k").go_on();
  router.loop.advance(Millis{1000});
  CHECK(other.replies() == Lines{"+OK"});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 6);
  CHECK(replies[4] == "+OK");
  CHECK_THAT(replies[5], Catch::StartsWith("-OVERLOADED requests that wait for others"));
  CHECK(router.stats.backend_bytes.get() == 0);
}

TEST_CASE("small requests count for what they cost") {
  RunningWorker router(kSmallQueue);
  router.primary("k").stall();
  router.say(Lines(200, "GET k"));
  FakeClient& other = router.connect();
  other.say("GET k");
  router.loop.settle();
  CHECK_THAT(other.replies().at(0), Catch::StartsWith("-OVERLOADED the queue to data server"));
}

TEST_CASE("second copies that a full disk has refused are bounded, too") {
  RunningWorker router(kSmallQueue);
  router.secondary("k").disk_full = true;
  FakeClient& client = router.connect();
  for (int i = 0; i < 4; ++i) {
    client.say("SET k " + std::string(20'000, 'x'));
    router.loop.settle();
  }
  CHECK(client.replies().empty());
  client.say("SET k v");
  FakeClient& other = router.connect();
  other.say("SET k v");
  router.loop.settle();
  CHECK_THAT(other.replies().at(0),
             Catch::StartsWith("-DISKFULL") && Catch::EndsWith("may or may not take effect"));
  router.loop.advance(Millis{2000});
  CHECK(client.replies().size() == 5);
}

// What APPEND brings back is as large as all that is there.
TEST_CASE("values that updates have made count in the queue to the second copy") {
  RunningWorker router(kSmallQueue);
  FakeShard& secondary = router.secondary("k");
  router.primary("k").records["k"] = {{1, 1, 1}, std::string(66'000, 'x')};
  secondary.stall();
  router.say({"APPEND k y"});
  CHECK(router.replies().empty());
  router.loop.advance(Millis{1000});
  CHECK(router.stats.backend_bytes.get() > 66'000);
  FakeClient& other = router.connect();
  other.say("SET k v");
  router.loop.settle();
  const Lines refusal = other.replies();
  REQUIRE(refusal.size() == 1);
  CHECK_THAT(refusal[0], Catch::StartsWith("-OVERLOADED the queue to data server " +
                                           shard_name(router, secondary)));
}

TEST_CASE("a pipeline of small APPENDs to a large value costs the router no more than the limit") {
  RunningWorker router(kSmallQueue);
  FakeShard& primary = router.primary("k");
  FakeShard& secondary = router.secondary("k");
  primary.records["k"] = {{1, 1, 1}, std::string(40'000, 'x')};
  bool held_back = false;
  SECTION("the second copy is slow") {
    secondary.stall();
  }
  SECTION("what they rest on is not final") {
    primary.bases_final = false;
    held_back = true;
  }
  router.say(Lines(20, "APPEND k y"));
  CHECK(router.replies().empty());
  CHECK(primary.records["k"].value->size() == 40'020);

  // More of them is refused before it is sent; what does not grow goes on.
  FakeClient& other = router.connect();
  if (held_back) {
    other.say("APPEND k y");
    router.loop.settle();
    const Lines refusal = other.replies();
    REQUIRE(refusal.size() == 1);
    CHECK_THAT(refusal[0], Catch::StartsWith("-OVERLOADED values that updates have made") &&
                               Catch::EndsWith("(80003 bytes); try again later"));
    other.say("INCR n");
    router.loop.settle();
    CHECK(other.replies() == Lines{":1"});
  }

  secondary.go_on();
  primary.bases_final = true;
  router.loop.advance(Millis{20});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 20);
  CHECK(replies[0] == ":40001");
  CHECK(replies[1] == ":40002");
  for (size_t i = 2; i < replies.size(); ++i) {
    CHECK_THAT(replies[i], Catch::StartsWith("-OVERLOADED values that updates have made") &&
                               Catch::EndsWith("try again later; it may or may not take effect"));
  }
  CHECK(std::count_if(secondary.asked.begin(), secondary.asked.end(),
                      [](const auto& line) { return line.starts_with("VSET S k "); }) == 2);

  // The servers have settled the rest between themselves, and there is room again.
  secondary.records["k"] = primary.records["k"];
  CHECK(router.ask("APPEND k y") == ":40021");
  CHECK(router.a.records["k"] == router.b.records["k"]);
}

TEST_CASE("an effect for which there was no room stays away in a later epoch, too") {
  RunningWorker router(kSmallQueue);
  FakeShard& primary = router.primary("k");
  primary.records["k"] = {{1, 1, 1}, std::string(70'000, 'x')};
  primary.bases_final = false;
  router.say({"APPEND k y", "APPEND k z"});
  router.a.epoch = router.b.epoch = 2;
  router.adopt_next_epoch();
  primary.bases_final = true;
  router.loop.advance(Millis{100});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0] == ":70001");
  CHECK_THAT(replies[1], Catch::StartsWith("-OVERLOADED"));
  CHECK(router.secondary("k").records["k"].value == std::string(70'000, 'x') + "y");
  CHECK(router.stats.backend_bytes.get() == 0);
}

TEST_CASE("the largest value fits into a queue that is as large as it") {
  RunningWorker router(kSmallQueue);
  const std::string value(64 * 1024, 'x');
  router.client().send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$65536\r\n" + value + "\r\n");
  router.loop.settle();
  CHECK(router.replies() == Lines{"+OK"});
}

}  // namespace
}  // namespace doris::router::test
