// A data server has failed, or recovers: where requests go meanwhile.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

using topology::NodeState;

constexpr Millis kReconnect{2000};

// A router of a1 and b1, and a key whose primary replica a1 has while both are up.
struct Scene {
  Scene() : key(router.key_in(topology::Group::kA)) {}

  // "VSET P <key> v" with the key's name filled in.
  [[nodiscard]] std::string line(const std::string& before, const std::string& after = "") const {
    return before + " " + key + (after.empty() ? "" : " " + after);
  }

  RunningWorker router;
  const std::string key;
};

TEST_CASE("while a node has failed, the other replica serves, and its log is beside the copy") {
  Scene scene;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  CHECK(scene.router.ask("SET " + scene.key + " v") == "+OK");
  CHECK(scene.router.ask("GET " + scene.key) == "\"v\"");
  CHECK(scene.router.b.take_asked() ==
        Lines{scene.line("VSET L1", "v"), scene.line("VSET P", "v"), scene.line("VGET")});
  CHECK(scene.router.b.log["1 " + scene.key] == scene.router.b.records[scene.key]);
  CHECK(scene.router.a.asked.empty());
  CHECK(scene.router.a.connections() == 0);
}

TEST_CASE("what a damaged or full primary has refused goes to the other replica, in order") {
  Scene scene;
  scene.router.a.disk_full = true;
  scene.router.say({"SET " + scene.key + " 1", "GET " + scene.key, "INCR " + scene.key});
  scene.router.loop.advance(Millis{100});
  CHECK(scene.router.replies().empty());
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.loop.advance(Millis{100});
  CHECK(scene.router.replies() == Lines{"+OK", "\"1\"", ":2"});
}

TEST_CASE("what waited at one server does not reach another on a connection of the old epoch") {
  Scene scene;
  scene.router.a.leave();
  scene.router.say({"SET " + scene.key + " v"});
  CHECK(scene.router.replies().empty());
  scene.router.adopt_with("a1", NodeState::kRecovering);
  scene.router.a.come_back();
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"+OK"});
}

TEST_CASE("the stand-in keeps the log of a failed node") {
  Scene scene;
  FakeShard stand_in(scene.router.loop, 8001, 2);
  topology::Topology next = scene.router.topology;
  ++next.epoch;
  next.nodes.push_back({.id = 3,
                        .name = "s1",
                        .group = topology::Group::kStandby,
                        .state = NodeState::kStandby,
                        .machine = "machine-3",
                        .host = "127.0.0.1",
                        .port = 8000});
  next.nodes[0].state = NodeState::kTempFailed;
  next.nodes[0].since = next.epoch;
  next.nodes[0].stand_in = 3;
  scene.router.a.leave();
  scene.router.adopt(next);
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.ask("SET " + scene.key + " v") == "+OK");
  CHECK(scene.router.ask("DEL " + scene.key) == ":1");
  CHECK(stand_in.take_asked() == Lines{scene.line("VSET L1", "v"), scene.line("VDEL L1")});
  CHECK(stand_in.log["1 " + scene.key] == scene.router.b.records[scene.key]);
}

TEST_CASE("a write is acknowledged only when the log has it, too") {
  Scene scene;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.b.answers = false;
  scene.router.say({"SET " + scene.key + " v"});
  CHECK(scene.router.replies().empty());
}

TEST_CASE("writes are refused when nobody keeps the log and degraded writes are off") {
  Scene scene;
  scene.router.topology.degraded_writes = false;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  CHECK(scene.router.ask("SET " + scene.key + " v") ==
        "-NOREPLICAS a1 has failed, no other server keeps its updates, and degraded-writes is no");
  CHECK(scene.router.ask("GET " + scene.key) == "nil");
  CHECK(scene.router.b.take_asked() == Lines{scene.line("VGET")});
}

TEST_CASE("a recovering node takes second copies and serves no reads") {
  Scene scene;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.adopt_with("a1", NodeState::kRecovering);
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.ask("SET " + scene.key + " v") == "+OK");
  CHECK(scene.router.ask("GET " + scene.key) == "\"v\"");
  CHECK(scene.router.a.take_asked() == Lines{scene.line("VSET S", "v")});
  CHECK(scene.router.b.take_asked() == Lines{scene.line("VSET P", "v"), scene.line("VGET")});
  scene.router.adopt_with("a1", NodeState::kUp);
  CHECK(scene.router.ask("GET " + scene.key) == "\"v\"");
  CHECK(scene.router.a.take_asked() == Lines{scene.line("VGET")});
}

TEST_CASE("what was in flight to a primary that fails is done by the other replica") {
  Scene scene;
  scene.router.a.stall();
  scene.router.say({"SET " + scene.key + " 1", "GET " + scene.key, "SET " + scene.key + " 2"});
  CHECK(scene.router.replies().empty());
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.loop.advance(kReconnect);
  // The other replica has the first write already, as a second copy; the second waits for the read.
  CHECK(scene.router.replies() == Lines{"+OK", "\"1\"", "+OK"});
  CHECK(scene.router.b.records[scene.key].value == "2");
  CHECK(scene.router.b.records[scene.key].version.epoch == 2);
  CHECK(scene.router.b.log["1 " + scene.key] == scene.router.b.records[scene.key]);
}

TEST_CASE("a write whose second copy fails keeps its version, and is in the log") {
  Scene scene;
  scene.router.b.stall();
  scene.router.say({"SET " + scene.key + " v"});
  CHECK(scene.router.a.records[scene.key].value == "v");
  scene.router.adopt_with("b1", NodeState::kTempFailed);
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"+OK"});
  CHECK(scene.router.a.records[scene.key].version.epoch == 1);
  CHECK(scene.router.a.log["2 " + scene.key] == scene.router.a.records[scene.key]);
}

TEST_CASE("a write that the new primary has already keeps its place in the order there") {
  Scene scene;
  scene.router.b.answers = false;  // The second copy's answer is lost.
  scene.router.say({"SET " + scene.key + " v"});
  const resp::Version version = scene.router.a.records[scene.key].version;
  // Another router has written meanwhile, after it.
  resp::Version later = version;
  ++later.hlc;
  later.writer = 999;
  scene.router.b.records[scene.key] = {later, "theirs"};
  scene.router.b.answers = true;
  scene.router.b.drop();
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"+OK"});
  CHECK(scene.router.b.records[scene.key] == FakeShard::Record{later, "theirs"});
  CHECK(scene.router.b.log["1 " + scene.key].version == version);
}

TEST_CASE("while both replicas are gone requests wait, and are done when one is back") {
  Scene scene;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.adopt_with("b1", NodeState::kTempFailed);
  scene.router.say({"SET " + scene.key + " v", "GET " + scene.key});
  CHECK(scene.router.replies().empty());
  scene.router.adopt_with("b1", NodeState::kUp);
  scene.router.loop.advance(kReconnect);
  CHECK(scene.router.replies() == Lines{"+OK", "\"v\""});
}

TEST_CASE("what waits for both replicas too long is told so") {
  Scene scene;
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  scene.router.adopt_with("b1", NodeState::kTempFailed);
  scene.router.say({"GET " + scene.key});
  scene.router.loop.advance(Millis{10'000});
  const Lines replies = scene.router.replies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::StartsWith("-CLUSTERDOWN both data servers of vnode"));
  CHECK(scene.router.ask("PING") == "+PONG");
}

TEST_CASE("what waits for both replicas is bounded, and gone when its time is over") {
  RunningWorker router(Overrides{{"backend-queue-limit", "64kb"}});
  router.adopt_with("a1", NodeState::kTempFailed);
  router.adopt_with("b1", NodeState::kTempFailed);
  FakeClient& leaver = router.connect();
  for (int i = 0; i < 4; ++i)
    leaver.say("SET k " + std::string(20'000, 'x'));
  router.loop.settle();
  CHECK(leaver.replies().empty());
  router.disconnect(leaver);
  const std::string refused = router.ask("GET k");
  CHECK_THAT(refused, Catch::StartsWith("-OVERLOADED requests that wait for keys") &&
                          Catch::EndsWith("bytes); try again later"));
  CHECK(router.ask("SET k v") == refused);
  router.loop.advance(Millis{5500});
  CHECK(router.stats.backend_queued.get() == 0);
  CHECK(router.stats.backend_bytes.get() == 0);
  CHECK(router.ask("GET k") == "(none)");
}

TEST_CASE("keys are counted in the group that is whole") {
  Scene scene;
  scene.router.a.live_keys = 3;
  scene.router.b.live_keys = 4;
  CHECK(scene.router.ask("DBSIZE") == ":3");
  scene.router.adopt_with("a1", NodeState::kTempFailed);
  CHECK(scene.router.ask("DBSIZE") == ":4");
  scene.router.adopt_with("b1", NodeState::kTempFailed);
  CHECK_THAT(scene.router.ask("DBSIZE"), Catch::StartsWith("-CLUSTERDOWN data servers of both"));
}

TEST_CASE("a server that cannot be reached is reported after three attempts") {
  Scene scene;
  scene.router.loop.settle();
  scene.router.a.leave();
  scene.router.loop.advance(Millis{1});
  CHECK(scene.router.control.reports.empty());
  scene.router.loop.advance(kReconnect);
  REQUIRE_FALSE(scene.router.control.reports.empty());
  CHECK_THAT(scene.router.control.reports[0], Catch::StartsWith("a1: "));
}

TEST_CASE("a server that does not answer is reported long before its requests are given up") {
  Scene scene;
  scene.router.a.stall();
  scene.router.say({"GET " + scene.key});
  scene.router.loop.advance(Millis{1000});
  REQUIRE_FALSE(scene.router.control.reports.empty());
  CHECK_THAT(scene.router.control.reports[0], Catch::Contains("a1: no answer for"));
  CHECK(scene.router.replies().empty());
}

TEST_CASE("backend-attempts says after how many failures to connect a server is reported") {
  RunningWorker router(Overrides{{"backend-attempts", "1"}});
  router.a.leave();
  router.loop.advance(Millis{1});
  REQUIRE_FALSE(router.control.reports.empty());
  CHECK_THAT(router.control.reports[0], Catch::StartsWith("a1: "));
}

TEST_CASE("backend-suspect-after says how much silence is reported") {
  RunningWorker router(Overrides{{"backend-suspect-after", "2s"}});
  router.primary("k").stall();
  router.say({"GET k"});
  router.loop.advance(Millis{1900});
  CHECK(router.control.reports.empty());
  router.loop.advance(Millis{200});
  CHECK(router.control.reports.size() == 1);
}

}  // namespace
}  // namespace doris::router::test
