// What a connection to a shard does when its server is lost, late, unwilling or of another epoch:
// the client sees latency.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

constexpr Millis kReconnect{2000};  // More than the longest pause between two attempts.

TEST_CASE("a connection introduces itself with cluster, epoch and writer before anything else") {
  RunningWorker router;
  CHECK(router.a.links == Lines{router.topology.cluster + " 1 257"});
  CHECK(router.a.asked.empty());
  CHECK(router.a.connections() == 1);
}

TEST_CASE("the clock of a data server that is ahead moves the router's") {
  RunningWorker router({}, false);
  const auto ahead = static_cast<uint64_t>(router.clock.wall_ms() + 60'000) << 16;
  router.a.clock_seen = ahead;
  router.adopt(router.topology);
  router.ask("SET k v");
  CHECK(router.a.proposed.back().hlc > ahead);
}

TEST_CASE("a connection lost before the server applied: sent again with the same version") {
  RunningWorker router;
  FakeShard& shard = GENERATE(true, false) ? router.a : router.b;
  shard.stall();
  CHECK(router.ask(Lines{"SET k 1", "SET k 2"}).empty());
  shard.drop();
  shard.go_on();
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK", "+OK"});
  CHECK(router.a.proposed == router.b.proposed);
  CHECK(router.a.records == router.b.records);
  CHECK(router.a.records["k"].value == "2");
}

TEST_CASE(
    "a connection lost after the server applied: sent again with the same version, once more") {
  RunningWorker router;
  FakeShard& shard = GENERATE(true, false) ? router.a : router.b;
  shard.answers = false;
  CHECK(router.ask("SET k 1") == "(none)");
  REQUIRE(shard.records.contains("k"));
  const FakeShard::Record applied = shard.records["k"];
  shard.drop();
  shard.answers = true;
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK"});
  REQUIRE(shard.proposed.size() == 2);
  CHECK(shard.proposed[0] == shard.proposed[1]);
  CHECK(shard.records["k"] == applied);
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("what waits for a lost server is sent in its old order, what was sent first before it") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.stall();
  router.say({"SET k 1", "GET k", "SET k 2"});
  shard.leave();
  router.say({"GET k", "SET k 3", "GET k"});
  shard.go_on();
  shard.come_back();
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK", "\"1\"", "+OK", "\"2\"", "+OK", "\"3\""});
  CHECK(shard.asked ==
        Lines{"VSET P k 1", "VGET k", "VSET P k 2", "VGET k", "VSET P k 3", "VGET k"});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a server that is not ready yet is asked to LINK until it is") {
  RunningWorker router({}, false);
  router.a.ready = false;
  router.adopt(router.topology);
  CHECK(router.ask("SET k v") == "(none)");
  router.loop.advance(Millis{500});
  CHECK(router.a.links.size() > 2);
  CHECK(router.a.asked.empty());
  router.a.ready = true;
  router.loop.advance(Millis{100});
  CHECK(router.replies() == Lines{"+OK"});
}

TEST_CASE("what a server refuses since it is not ready is sent again, in its order") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.ready = false;
  CHECK(router.ask(Lines{"SET k 1", "SET k 2", "GET k"}).empty());
  shard.ready = true;
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK", "+OK", "\"2\""});
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a server that has forgotten the link is linked again") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.nonsense = "-NOLINK send DORIS.LINK first\r\n";
  CHECK(router.ask("SET k v") == "(none)");
  shard.nonsense.clear();
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(shard.links.size() == 2);
}

TEST_CASE("-STALEEPOCH: the topology is wanted, and the write sent again with a version of it") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  FakeShard& secondary = router.secondary("k");
  primary.epoch = 2;
  CHECK(router.ask("SET k v") == "(none)");
  CHECK(router.control.wanted == std::vector<topology::Epoch>{2});
  CHECK(secondary.asked == Lines{"VSET S k v"});  // With a version of the old epoch.

  router.adopt_next_epoch();
  router.loop.advance(Millis{100});
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(primary.links.back() == router.topology.cluster + " 2 257");
  CHECK(primary.proposed.back().epoch == 2);
  CHECK(secondary.proposed.back() == primary.proposed.back());
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("-STALEEPOCH to LINK itself: the topology is wanted until it has come") {
  RunningWorker router({}, false);
  router.a.epoch = 3;
  router.adopt(router.topology);
  router.loop.advance(Millis{50});
  REQUIRE(router.control.wanted.size() > 1);
  CHECK(router.control.wanted.back() == 3);
  router.topology.epoch = 3;
  router.adopt(router.topology);
  router.loop.advance(Millis{50});
  CHECK(router.ask("SET k v") == "+OK");
}

TEST_CASE("-BEHINDEPOCH: the server is told the topology, then LINK, then the requests") {
  RunningWorker router;
  router.adopt_next_epoch();
  router.loop.advance(Millis{100});
  CHECK(router.a.adoptions == 1);
  CHECK(router.a.epoch == 2);
  CHECK(router.a.links.back() == router.topology.cluster + " 2 257");
  CHECK(router.ask("SET k v") == "+OK");
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a server that refuses a topology is offered it again, but not in a circle") {
  RunningWorker router;
  router.a.adopts = false;
  router.adopt_next_epoch();
  router.loop.advance(Millis{100});
  CHECK(router.a.adoptions > 1);
  CHECK(router.a.adoptions <= 21);
  router.a.adopts = true;
  router.loop.advance(Millis{100});
  CHECK(router.ask("SET k v") == "+OK");
}

TEST_CASE("a server of another cluster gets no requests, and the client hears why") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.leave();
  const auto other = router.loop.listen(
      {"127.0.0.1", &shard == &router.a ? uint16_t{7001} : uint16_t{7011}}, [&](auto accepted) {
        auto stream = router.loop.adopt(std::move(accepted));
        (*stream)->output().append("-WRONGCLUSTER of somebody else\r\n");
        net::Stream::close_when_sent(std::move(*stream));
      });
  router.loop.advance(kReconnect);
  router.say({"GET k"});
  router.loop.advance(Millis{5100});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].starts_with("-CLUSTERDOWN data server "));
  CHECK(replies[0].ends_with("refused DORIS.LINK: WRONGCLUSTER of somebody else"));
}

TEST_CASE("a server that answers what was not asked, or no RESP, loses the connection") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.nonsense = GENERATE("$-1\r\n$-1\r\n", "what?\r\n");
  router.say({"GET k"});
  shard.nonsense.clear();
  router.loop.advance(kReconnect);
  CHECK(router.ask("GET other") == "nil");
  CHECK(shard.links.size() == 2);
}

TEST_CASE("a server that takes the connection and says nothing is given up, and tried again") {
  RunningWorker router({}, false);
  router.a.stall();
  router.adopt(router.topology);
  router.loop.advance(Millis{4900});
  CHECK(router.loop.connects() == 2);  // One to each server.
  router.loop.advance(Millis{300});
  CHECK(router.loop.connects() == 3);
  router.a.go_on();
  router.loop.advance(kReconnect);
  CHECK(router.ask("SET k v") == "+OK");
}

TEST_CASE("attempts to connect come less and less often") {
  RunningWorker router;
  router.a.leave();
  router.loop.advance(Millis{1000});
  const int first = router.loop.connects();
  router.loop.advance(Millis{10'000});
  const int later = router.loop.connects() - first;
  CHECK(later >= 10);
  CHECK(later <= 21);
}

TEST_CASE("a host that does not answer at all costs one attempt at a time") {
  RunningWorker router;
  router.loop.set_unreachable(true);
  const int before = router.loop.connects();
  router.a.leave();
  router.loop.advance(Millis{10'000});
  CHECK(router.loop.connects() - before <= 10);
  router.loop.set_unreachable(false);
  router.a.come_back();
  router.loop.advance(Millis{3000});
  CHECK(router.ask("SET k v") == "+OK");
}

}  // namespace
}  // namespace doris::router::test
