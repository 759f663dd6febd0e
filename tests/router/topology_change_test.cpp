// A new topology while requests are under way: they find their new places.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

constexpr Millis kReconnect{2000};

// The topology in its next epoch, with a node on another port.
topology::Topology moved(topology::Topology topology, std::string_view node, uint16_t port) {
  ++topology.epoch;
  for (topology::Node& each : topology.nodes) {
    if (each.name == node) each.port = port;
  }
  return topology;
}

// The next epoch, in which every primary role is with the other group.
topology::Topology flipped(topology::Topology topology) {
  ++topology.epoch;
  for (topology::Group& group : topology.primary)
    group = group == topology::Group::kA ? topology::Group::kB : topology::Group::kA;
  return topology;
}

// The next epoch, with a2 in the place of a1.
topology::Topology with_a2(topology::Topology topology) {
  ++topology.epoch;
  topology::Node a2 = *topology.find("a1");
  a2.id = 9;
  a2.name = "a2";
  a2.port = 7030;
  topology.nodes.push_back(a2);
  for (topology::NodeId& owner : topology.owner[0])
    owner = 9;
  return topology;
}

TEST_CASE("an older topology is ignored, and so is the same once more") {
  RunningWorker router;
  const topology::Topology first = router.topology;
  router.adopt_next_epoch();
  router.adopt_next_epoch();
  router.loop.advance(Millis{100});
  const size_t links = router.a.links.size();
  router.adopt(first);
  router.loop.advance(Millis{100});
  CHECK(router.a.links.size() == links);
  CHECK(router.ask("SET k v") == "+OK");
  CHECK(router.a.proposed.back().epoch == 3);
}

TEST_CASE("a new epoch waits for what is in flight, then links again, then sends what came") {
  RunningWorker router;
  FakeShard& shard = router.primary("k");
  shard.stall();
  router.say({"SET k 1"});
  router.a.epoch = router.b.epoch = 1;
  router.adopt_next_epoch();
  router.say({"SET k 2"});
  CHECK(router.replies().empty());
  shard.go_on();
  router.loop.advance(Millis{200});
  CHECK(router.replies() == Lines{"+OK", "+OK"});
  REQUIRE(shard.proposed.size() == 2);
  CHECK(shard.proposed[0].epoch == 1);
  CHECK(shard.proposed[1].epoch == 2);
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a node with a new address gets what the old address did not answer, in order") {
  RunningWorker router;
  router.b.stall();
  const std::string key = router.key_in(topology::Group::kB);
  router.say({"SET " + key + " 1", "GET " + key, "SET " + key + " 2", "GET " + key});
  CHECK(router.replies().empty());

  FakeShard moved_b(router.loop, 7021, 2);
  router.adopt(moved(router.topology, "b1", 7020));
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK", "\"1\"", "+OK", "\"2\""});
  CHECK(moved_b.records == router.a.records);
  router.b.go_on();
  router.loop.settle();
  CHECK(router.b.connections() == 0);
}

TEST_CASE("what a retired connection hands over is not sent on a link of the old epoch") {
  // b1 moves; its unanswered write gets a version of the new epoch and a second copy for a1,
  // whose link is still of the old one.
  RunningWorker router;
  router.b.stall();
  const std::string key = router.key_in(topology::Group::kB);
  router.say({"SET " + key + " 1"});
  FakeShard moved_b(router.loop, 7021, 2);
  router.a.stall();
  router.adopt(moved(router.topology, "b1", 7020));
  router.loop.advance(Millis{100});
  router.a.go_on();
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(moved_b.records == router.a.records);
}

TEST_CASE("a primary that raises a version after it lost the role still reaches the other copy") {
  RunningWorker router;
  FakeShard& old_primary = router.primary("k");
  FakeShard& new_primary = router.secondary("k");
  old_primary.records["k"] = {{1, 1ULL << 62, 999}, "theirs"};
  old_primary.stall();
  router.say({"SET k mine"});
  CHECK(new_primary.asked == Lines{"VSET S k mine"});
  router.adopt(flipped(router.topology));
  old_primary.go_on();
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(router.a.records["k"].value == "mine");
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a write that only its old primary has committed is proposed to the new one") {
  RunningWorker router;
  FakeShard& old_primary = router.primary("k");
  FakeShard& new_primary = router.secondary("k");
  new_primary.leave();
  router.say({"SET k v"});
  CHECK(old_primary.records.contains("k"));
  router.adopt(flipped(router.topology));
  new_primary.come_back();
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{"+OK"});
  CHECK(router.a.records["k"].version.epoch == 2);
  CHECK(router.a.records == router.b.records);
}

TEST_CASE("a server that has restarted is not asked to do once more what it may have forgotten") {
  RunningWorker router;
  FakeShard& primary = router.primary("k");
  primary.stall();
  router.say({"INCR k"});
  primary.leave();
  const bool has_restarted = GENERATE(true, false);
  if (has_restarted) ++primary.incarnation;
  primary.come_back();
  primary.go_on();
  router.loop.advance(Millis{1000});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith(has_restarted ? "-UNKNOWN " : ":1"));

  CHECK(router.ask("SET k 7") == "+OK");  // What it was not asked before.
  CHECK(router.a.records["k"].value == router.b.records["k"].value);
}

TEST_CASE("what a server has refused before it restarted it has not done") {
  RunningWorker router;
  (void)router.client();
  FakeShard& primary = router.primary("k");
  primary.epoch = 2;
  router.say({"INCR k"});
  CHECK(router.replies().empty());
  primary.leave();
  router.loop.advance(Millis{50});
  ++primary.incarnation;
  primary.come_back();
  topology::Topology newer = router.topology;
  newer.epoch = 2;
  router.b.epoch = 2;
  router.adopt(newer);
  router.loop.advance(kReconnect);
  CHECK(router.replies() == Lines{":1"});
}

// It goes away, comes back and gets its role again while a write waits that this router has never
// asked it for. That its process was gone when the write was made shows when nobody listens there;
// otherwise the other server may have brought it the write. Silence shows nothing, after a refusal
// either: another process may have been there meanwhile.
TEST_CASE("a server that has restarted before a write was made is asked for it") {
  const bool was_refused = GENERATE(true, false);
  const bool was_silent_then = GENERATE(true, false);
  const bool is_known_gone = was_refused && !was_silent_then;
  RunningWorker router;
  (void)router.client();  // Connected before anything is cut.
  FakeShard& primary = router.primary("k");
  FakeShard& other = router.secondary("k");
  const topology::Topology before = router.topology;
  primary.leave();
  router.loop.advance(Millis{was_refused ? 20 : 5});
  router.loop.set_unreachable(was_silent_then);
  if (was_silent_then) router.loop.advance(Millis{1500});
  other.epoch = 2;
  router.adopt(flipped(before));
  router.loop.settle();
  other.stall();
  router.say({"INCR k"});
  router.loop.advance(Millis{5});
  router.loop.set_unreachable(false);
  ++primary.incarnation;
  primary.epoch = other.epoch = 3;
  primary.come_back();
  topology::Topology after = before;
  after.epoch = 3;
  router.adopt(after);
  other.drop();
  other.go_on();
  router.loop.advance(kReconnect);
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith(is_known_gone ? ":1" : "-UNKNOWN "));
  if (is_known_gone) CHECK(router.a.records["k"].value == router.b.records["k"].value);
}

TEST_CASE("keys that were being counted on a node that has left are an error, not a crash") {
  RunningWorker router;
  router.a.stall();
  router.say({"DBSIZE"});
  FakeShard a2(router.loop, 7031, 2);
  a2.live_keys = 5;
  router.adopt(with_a2(router.topology));
  CHECK(router.replies() ==
        Lines{"-CLUSTERDOWN the data servers changed while they counted; try again"});
  router.loop.advance(kReconnect);
  CHECK(router.ask("DBSIZE") == ":5");
}

TEST_CASE("keys are not counted on a node that has to recover meanwhile") {
  RunningWorker router;
  router.a.stall();
  router.say({"DBSIZE"});
  router.adopt_with("a1", topology::NodeState::kRecovering);
  CHECK(router.replies() ==
        Lines{"-CLUSTERDOWN the data servers changed while they counted; try again"});
}

}  // namespace
}  // namespace doris::router::test
